"""The backend without a model: how common a word is in English says how much it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

from sharedctx_workers.prose.backend import LEVELS, Scores

__all__ = ("LexicalBackend",)

# What holds a sentence together grammatically and says nothing by itself goes first.
_GLUE = frozenset(
    "a an the this that these those which who whom whose is are was were be been being am do does "  # noqa: SIM905  # words read best as words
    "did has have had having of it its itself as there here thus hence also too very just quite "
    "really simply actually basically please therefore moreover furthermore such you we i he she "
    "they your our their his her us me my them and then".split()
)
_STEP = 3  # of the levels, for each level of the table
_FIRST = 6


class LexicalBackend:
    """Scores words by the share of English documents they occur in."""

    name = "lexical-1"
    least = _FIRST + 4 * _STEP
    capacity = 10_000_000

    def score(self, sentences: Sequence[Sequence[str]]) -> list[Scores]:
        """Return what each sentence and each of its words is worth."""
        levels = _levels()
        return [
            Scores([levels.get(_letters(word), LEVELS) for word in words], LEVELS // 2)
            for words in sentences
        ]


def _letters(word: str) -> str:
    return word.rstrip(",;:.!?…").lower()


@cache
def _levels() -> dict[str, int]:
    """Return the score of every common word."""
    text = resources.files("sharedctx_workers.prose").joinpath("frequencies.txt").read_text("utf-8")
    levels: dict[str, int] = {}
    for line in text.splitlines():
        level, *words = line.split()
        levels.update(dict.fromkeys(words, _FIRST + _STEP * int(level)))
    levels.update(dict.fromkeys(_GLUE, 0))
    return levels
