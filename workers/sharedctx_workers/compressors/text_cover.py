"""In which order to read a text so that as much of it as possible is known at every moment.

The next part is always the one that adds most for its size: facts that no part before it stated,
and what it is worth by itself. A part beside one that is read already costs less, because it needs
no elision note of its own.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ("NEARLY", "Cover", "cover")

NEARLY = 0.85
"""The share of all facts after which what is left is rather named than stated."""

# Of facts, what a part is worth by itself, for what it is about and where it stands.
_OWN_WORTH = 0.3
_LEAST_WORTH = 0.01
# Tokens of a note, which a part between elided ones costs, and one between read ones saves.
_NOTE = 8.0
_LEAST_COST = 2.0


class Cover(NamedTuple):
    """An order of the parts of a text.

    Attributes:
        order: Their indices, what to read first first.
        covered: How many of these state nearly every fact there is (`NEARLY`).
        new: For each part, the facts that no part before it in the order states.
    """

    order: list[int]
    covered: int
    new: list[frozenset[str]]


def cover(facts: Sequence[frozenset[str]], worth: Sequence[float], costs: Sequence[float]) -> Cover:
    """Return the order in which to read parts; near linear in the facts.

    Args:
        facts: The facts that each part states.
        worth: What each part is worth by itself, about 0 to 2.
        costs: How long each part is, in tokens.
    """
    return _Reading(facts, worth, costs).whole()


class _Reading:
    def __init__(
        self, facts: Sequence[frozenset[str]], worth: Sequence[float], costs: Sequence[float]
    ) -> None:
        self._facts, self._costs = facts, costs
        self._worth = [_OWN_WORTH * max(own, _LEAST_WORTH) for own in worth]
        self._stated_by: dict[str, list[int]] = {}
        for i, stated in enumerate(facts):
            for fact in stated:
                self._stated_by.setdefault(fact, []).append(i)
        self._new = [len(stated) for stated in facts]
        self._read = bytearray(len(facts))
        self._told = [frozenset[str]()] * len(facts)

    def whole(self) -> Cover:
        """Return the order of all parts."""
        heap = [self._entry(i) for i in range(len(self._facts))]
        heapq.heapify(heap)
        order: list[int] = []
        covered, wanted = 0, NEARLY * len(self._stated_by)
        while heap:
            entry = heapq.heappop(heap)
            i = entry[1]
            if self._read[i]:
                continue
            now = self._entry(i)
            if now > entry:  # it has lost since: what it states is known by now
                heapq.heappush(heap, now)
                continue
            order.append(i)
            if wanted > 0:
                covered = len(order)
            wanted -= self._take(i)
            for near in (i - 1, i + 1):
                if 0 <= near < len(self._facts) and not self._read[near]:
                    heapq.heappush(heap, self._entry(near))
        return Cover(order, covered, self._told)

    def _entry(self, i: int) -> tuple[float, int]:
        neighbors = (i > 0 and self._read[i - 1]) + (i + 1 < len(self._read) and self._read[i + 1])
        cost = max(_LEAST_COST, self._costs[i] + _NOTE * (1 - neighbors))
        return -(self._new[i] + self._worth[i]) / cost, i

    def _take(self, i: int) -> int:
        """Read part `i`; return how many facts are new."""
        self._read[i] = 1
        self._told[i] = frozenset(fact for fact in self._facts[i] if fact in self._stated_by)
        for fact in self._told[i]:
            for part in self._stated_by.pop(fact):
                self._new[part] -= 1
        return len(self._told[i])
