"""The interface of a text backend: what each word of a sentence is worth.

Backends differ in how they know. What is dropped is decided elsewhere, by one rule for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ("LEVELS", "Backend", "Scores", "leveled")

LEVELS = 64
"""Scores are rounded to so many steps, so that what hosts compute differently seldom matters."""


class Scores(NamedTuple):
    """What a sentence is worth.

    Attributes:
        keep: How much each word is needed, from 0 to `LEVELS`.
        sentence: How much the whole sentence is, from 0 to `LEVELS`.
    """

    keep: list[int]
    sentence: int


class Backend(Protocol):
    """Knows what words are worth. The same for the same sentences, on every host."""

    @property
    def name(self) -> str:
        """Name and version, as in ``transforms``; another version has another name."""
        ...

    @property
    def least(self) -> int:
        """Words worth this much or more are never dropped, however small the budget is."""
        ...

    @property
    def capacity(self) -> int:
        """Words that it has time for in one document; a larger one is not abridged."""
        ...

    def score(self, sentences: Sequence[Sequence[str]]) -> list[Scores]:
        """Return what each sentence and each of its words is worth.

        Args:
            sentences: The words of each, with their punctuation, in the order of the text.
        """
        ...


def leveled(value: float) -> int:
    """Return a score from 0 to 1 as one of the `LEVELS`."""
    return min(LEVELS, max(0, round(value * LEVELS)))
