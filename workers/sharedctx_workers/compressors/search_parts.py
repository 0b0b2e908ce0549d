"""The parts of search results, and how soon a reader needs each.

Every file comes first, then its first hit, then more hits of every file, and then what stands
around them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sharedctx.salience import spread
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.search_lines import Found, FoundLine

__all__ = ("MAX_PIECE", "Part", "pieces", "search_parts")

MAX_PIECE = 240
"""Longer lines are cut, so that one long line does not cost what ten others tell."""

# Ranks below `REQUIRED` order what is required among itself, for budgets that it does not fit.
_FILE, _FIRST = REQUIRED - 2, REQUIRED - 1
_NOTE, _HIT, _SAID, _CONTEXT, _BREAK = 0.5, 1.0, 2.0, 3.0, 5.0
_LATE = 8.0
_UNITS = {Found.HIT: "hit", Found.CONTEXT: "context line", Found.FILE: "file"}


class Part(NamedTuple):
    """A part of a listing that is kept or left out as a whole.

    Attributes:
        needs: How many parts before it the heading stands that it is under.
    """

    start: int
    end: int
    rank: float
    unit: str
    amount: int = 1
    needs: int = 0


def search_parts(text: str, lines: Sequence[FoundLine]) -> list[Part]:
    """Return the parts of search results, in order and without gaps."""
    hits = Counter(line.path for line in lines if line.found is Found.HIT)
    evens = {size: spread(size) for size in sorted(set(hits.values()))}
    files = dict(zip(hits, spread(len(hits)), strict=True))
    seen: Counter[str] = Counter()
    said: set[str] = set()
    parts: list[Part] = []
    heading = -1
    for line in lines:
        needs = len(parts) - heading if heading >= 0 and line.path else 0
        if line.found is Found.FILE:
            heading = len(parts)
            parts.append(Part(line.start, line.end, _FILE + files.get(line.path, 0.0), "file"))
            continue
        if line.found is not Found.HIT:
            parts += pieces(_beside(line, needs))
            continue
        even = evens[hits[line.path]][seen[line.path]]
        seen[line.path] += 1
        if even:
            what = text[line.text : min(line.end, line.text + MAX_PIECE)].strip()
            rank = (_SAID if what in said else _HIT) + even
            said.add(what)
            parts += pieces(Part(line.start, line.end, rank, "hit", needs=needs))
        else:
            parts += _first_hit(line, files[line.path], needs)
    return parts


def _beside(line: FoundLine, needs: int) -> Part:
    """Return the part that a line is which is no hit."""
    rank = {Found.CONTEXT: _CONTEXT, Found.BREAK: _BREAK}.get(line.found, _NOTE)
    count = int(line.found is not Found.BREAK)
    return Part(line.start, line.end, rank, _UNITS.get(line.found, "line"), count, needs)


def _first_hit(line: FoundLine, even: float, needs: int) -> Iterator[Part]:
    """Yield the first hit of a file: its path, unless that stands above, and the rest."""
    start = line.start
    if not needs:
        start += len(line.path) + 1
        yield Part(line.start, start, _FILE + even, "file")
        needs = 1
    yield from pieces(Part(start, line.end, _FIRST + even, "hit", needs=needs))


def pieces(part: Part) -> Iterator[Part]:
    """Yield `part`, in pieces if it is very long."""
    if part.end - part.start <= 1.5 * MAX_PIECE:
        yield part
        return
    yield part._replace(end=part.start + MAX_PIECE)
    for number, start in enumerate(range(part.start + MAX_PIECE, part.end, MAX_PIECE), start=1):
        end = min(part.end, start + MAX_PIECE)
        yield Part(start, end, max(part.rank, REQUIRED) + _LATE, "char", end - start, number)
