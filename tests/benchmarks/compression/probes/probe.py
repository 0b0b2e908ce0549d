"""Probes: single facts of an original that a rendition still tells, or not."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.benchmarks.compression.probes.view import View, plain, view_of

__all__ = (
    "INFORMATION",
    "LONGEST",
    "MOST_PER_GROUP",
    "Probe",
    "evenly",
    "generator",
    "has",
    "in_order",
    "near",
)

MOST_PER_GROUP = 400
LONGEST = 160
"""Number of characters of a value that are asked for."""
INFORMATION = 20
"""Number of random facts that are asked for information."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Probe:
    """One fact.

    Attributes:
        group: What kind of fact, such as ``heading``.
        must: Whether a good rendition has to tell it; else it is asked for information.
        fact: What is asked, for people.
        check: Whether a reader of the rendition can tell.
    """

    group: str
    must: bool
    fact: str
    check: Callable[[View], bool]

    def found(self, rendition: str) -> bool:
        """Return whether a reader of `rendition` can tell the fact."""
        return self.check(view_of(rendition))

    def describe(self) -> str:
        """Return the fact in one short line."""
        return f"{self.group}: {' '.join(self.fact.split())[:160]}"


def has(group: str, value: str, *, must: bool = True) -> Probe:
    """Return a probe for `value`, of long ones for their beginning."""
    head = value[:LONGEST]
    if len(head) < len(value):  # a word may end where it is cut
        return Probe(group, must, head, lambda view: plain(head) in view.text)
    return Probe(group, must, value, lambda view: view.has(value))


def in_order(
    group: str, words: Sequence[str], *, window: int, must: bool = True, fact: str = ""
) -> Probe:
    """Return a probe for `words` that follow each other within `window` characters."""
    wanted = tuple(words)
    return Probe(
        group, must, fact or " … ".join(wanted), lambda view: view.in_order(wanted, window)
    )


def near(group: str, one: str, other: str, *, window: int, must: bool = True) -> Probe:
    """Return a probe for two values that belong together."""
    return Probe(group, must, f"{one} ~ {other}", lambda view: view.near(one, other, window))


def evenly(items: Iterable[_T], most: int = MOST_PER_GROUP) -> list[_T]:
    """Return at most `most` of `items`, evenly spread, the first and the last among them."""
    found = list(items)
    if len(found) <= most:
        return found
    return [found[place * (len(found) - 1) // (most - 1)] for place in range(most)]


def generator(text: str) -> random.Random:
    """Return random numbers that depend on `text` alone."""
    return random.Random(hashlib.sha256(text.encode(errors="replace")).digest())
