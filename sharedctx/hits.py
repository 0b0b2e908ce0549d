"""What a search returns: passages with where they are from, and cutting them to a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sharedctx import tokens
from sharedctx.plain import split_lines, split_long
from sharedctx.ranking import bm25

__all__ = ("Budget", "SearchHit")

_LEAST_TOKENS = 12
_PIECE_CHARS = 80
"""A passage that is too long for what is left is cut between lines, and within longer lines."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A passage that answers a query.

    Attributes:
        key: The entry that it is from.
        revision: Revision of that entry.
        agent: Who put it, if they said so.
        lines: First and last line of the passage in the original; `get` reads them with ``lines=``.
        text: The passage, verbatim: these lines, or a part of one line of over 800 characters.
        score: How well it answers; comparable within one search only.
        also_in: Other keys that hold the same content.
    """

    key: str
    revision: int
    agent: str | None
    lines: tuple[int, int]
    text: str = field(repr=False)
    score: float
    also_in: tuple[str, ...] = ()


class Budget:
    """The tokens that a search may still return."""

    def __init__(self, query: str, max_tokens: int, encoding: str) -> None:
        self._query = query
        self._left = max_tokens
        self._encoding = encoding

    @property
    def is_spent(self) -> bool:
        """Whether what is left is too little for a passage."""
        return self._left < _LEAST_TOKENS

    def _count(self, text: str) -> int:
        return tokens.load(self._encoding).count(text)

    def take(self, hit: SearchHit) -> SearchHit | None:
        """Return `hit`, cut to its best lines when it is too long, or None when none fits.

        It counts, and loads the vocabulary at first, so call it away from the event loop.
        """
        cost = self._count(hit.text)
        if cost > self._left:
            shorter = self._narrowed(hit)
            if shorter is None:
                return None
            hit, cost = shorter, self._count(shorter.text)
        self._left -= cost
        return hit

    def _narrowed(self, hit: SearchHit) -> SearchHit | None:
        """Return the best line of `hit` (or part of a long one), with neighbors as they fit."""
        cuts = [
            part
            for start, end in split_lines(hit.text)
            for part in split_long(hit.text, start, end, _PIECE_CHARS)
        ]
        scores = bm25([hit.text[start:end] for start, end in cuts], self._query)
        best = max(range(len(cuts)), key=lambda i: (scores[i], -i))
        window = self._widest(hit.text, cuts, best) if scores[best] > 0 else None
        if window is None:
            return None
        start, end = window
        first = hit.lines[0] + hit.text.count("\n", 0, start)
        last = first + hit.text.count("\n", start, end - 1)
        return replace(hit, lines=(first, last), text=hit.text[start:end])

    def _widest(
        self, text: str, cuts: Sequence[tuple[int, int]], best: int
    ) -> tuple[int, int] | None:
        """Return the span of consecutive `cuts` around the `best` one that just fits."""

        def fits(first: int, last: int) -> bool:
            within = first >= 0 and last < len(cuts)
            part = text[cuts[first][0] : cuts[last][1]] if within else ""
            return within and self._count(part) <= self._left

        if not fits(best, best):
            return None
        first = last = best
        while True:
            if fits(first, last + 1):
                last += 1
            elif fits(first - 1, last):
                first -= 1
            else:
                return cuts[first][0], cuts[last][1]
