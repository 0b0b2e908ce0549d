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
from sharedctx_workers.compressors.search_fold import Fold, Group, plural
from sharedctx_workers.compressors.search_lines import Found, FoundLine

__all__ = (
    "FEW",
    "FIRST",
    "LATE",
    "MAX_PIECE",
    "UNITS",
    "LineRanks",
    "Part",
    "is_affordable",
    "pieces",
    "search_parts",
)

MAX_PIECE = 240
"""Longer lines are cut, so that one long line does not cost what ten others tell."""
FEW = 100
"""Whoever lists so few files, or fewer, wants to know all of them."""
FIRST = REQUIRED - 3
"""Rank of what everything else needs."""

# Ranks below `REQUIRED` order what is required among itself, for budgets that it does not fit.
_FILE, _FIRST = REQUIRED - 2, REQUIRED - 1
_NOTE, _HIT, _SAID, _CONTEXT, _BREAK = 0.5, 1.0, 2.0, 3.0, 5.0
LATE = 8.0
"""Rank of what tells nothing that is not told before it."""

# What shows every directory is required as long as it is no more than this part of the text, or no
# longer than a reader takes in anyway.
_SHARE = 0.5
_SHORT = 40_000
UNITS = {Found.HIT: "hit", Found.CONTEXT: "context line", Found.FILE: "file"}
"""What a reader calls lines of search results; others are called lines."""


class Part(NamedTuple):
    """A part of a listing that is kept or left out as a whole.

    Attributes:
        needs: How many parts before it the heading stands that it is under.
        shown: How it reads, if not as it stands.
    """

    start: int
    end: int
    rank: float
    unit: str
    amount: int = 1
    needs: int = 0
    shown: str | None = None


def is_affordable(cost: int, size: int) -> bool:
    """Whether `cost` characters of a text of `size` may be required, whatever the target is."""
    return cost <= max(_SHORT, _SHARE * size)


def search_parts(text: str, lines: Sequence[FoundLine], fold: Fold) -> list[Part]:
    """Return the parts of search results, folded, in order and without gaps."""
    return _SearchParts(text, lines, fold).parts


class LineRanks:
    """How soon a reader needs each line of search results; they are asked for in order."""

    def __init__(self, text: str, lines: Sequence[FoundLine]) -> None:
        self._text = text
        self._hits = Counter(line.path for line in lines if line.found is Found.HIT)
        self._evens = {size: spread(size) for size in sorted(set(self._hits.values()))}
        self._files = dict(zip(self._hits, spread(len(self._hits)), strict=True))
        self._seen: Counter[str] = Counter()
        self._said: set[str] = set()

    def turn(self, path: str) -> float:
        """Return a number from 0 to 1 that spreads files over the whole."""
        return self._files.get(path, 0.0)

    def rank(self, line: FoundLine) -> float:
        """Return the rank of the next line; at most `REQUIRED` for the first hit of a file."""
        if line.found is not Found.HIT:
            return {Found.CONTEXT: _CONTEXT, Found.BREAK: _BREAK}.get(line.found, _NOTE)
        even = self._evens[self._hits[line.path]][self._seen[line.path]]
        self._seen[line.path] += 1
        if not even:
            return _FIRST + self._files[line.path]
        what = self._text[line.text : min(line.end, line.text + MAX_PIECE)].strip()
        step = _SAID if what in self._said else _HIT
        self._said.add(what)
        return step + even


class _SearchParts:
    """The parts so far, and where the headings are that the next ones stand under."""

    def __init__(self, text: str, lines: Sequence[FoundLine], fold: Fold) -> None:
        self._text, self._grouped = text, fold.grouped
        self._ranks = LineRanks(text, lines)
        self._directory = self._heading = 0
        self.parts = [Part(0, 0, FIRST, "line", 0, shown=fold.header)]
        for i, line in enumerate(lines):
            group = fold.groups.get(i)
            if group:
                self._open(line, group)
            if line.found is not Found.FILE:
                self._add(line, is_bare=bool(group and group.is_inline) or self._grouped)

    def _open(self, line: FoundLine, group: Group) -> None:
        """Add the name of a file, and before it that of its directory where that is due."""
        rank = _FILE + self._ranks.turn(line.path)
        here = line.start
        if group.opens_directory:
            self._directory = len(self.parts)
            shown = f"{group.directory}:\n"
            self.parts.append(Part(here, here, rank, "directory", 0, self._directory, shown))
        above = len(self.parts) - (self._directory if group.is_indented else 0)
        self._heading = len(self.parts)
        name = f" {group.name}" if group.is_indented else group.name
        if group.is_inline:
            end = line.end if line.found is Found.FILE else here + len(line.path) + 1
            self.parts.append(Part(here, end, rank, "file", 1, above, f"{name}:"))
        else:
            end = line.end if line.found is Found.FILE else here
            shown = f"{name}: {plural(group.hits, 'hit')}\n"
            self.parts.append(Part(here, end, rank, "file", 1, above, shown))

    def _add(self, line: FoundLine, *, is_bare: bool) -> None:
        """Add a line below the name of its file, or after it; a bare one has no name itself."""
        needs = len(self.parts) - self._heading if line.path else 0
        start = self.parts[-1].end
        shown_from = start
        if line.path and not is_bare:
            shown_from += len(line.path)
            if self._text[line.start + len(line.path) + 1 : line.text]:
                shown_from += 1  # the mark between path and number; without number it stays
        rank = self._ranks.rank(line)
        amount = int(line.found is not Found.BREAK)
        unit = UNITS.get(line.found, "line")
        part = Part(start, line.end, rank, unit, amount, needs)
        self.parts += pieces(self._text, part, shown_from)


def pieces(text: str, part: Part, shown_from: int) -> Iterator[Part]:
    """Yield `part`, which reads as it stands from `shown_from` on, in pieces if it is very long."""
    is_short = part.end - shown_from <= 1.5 * MAX_PIECE
    end = part.end if is_short else shown_from + MAX_PIECE
    shown = None if shown_from == part.start else text[shown_from:end]
    yield part._replace(end=end, shown=shown)
    for number, start in enumerate(range(end, part.end, MAX_PIECE), start=1):
        stop = min(part.end, start + MAX_PIECE)
        yield Part(start, stop, max(part.rank, REQUIRED) + LATE, "char", stop - start, number)
