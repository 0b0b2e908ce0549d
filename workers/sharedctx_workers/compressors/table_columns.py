"""Columns that blanks keep apart, as in the output of ``ps``, ``df`` and ``pip list``."""

from __future__ import annotations

from collections.abc import Sequence
from operator import add
from typing import NamedTuple

__all__ = ("Columns", "columns_of")

_MAX_WIDTH = 400
_SAMPLE = 2_000
_IS_MARK = bytes(character != ord(" ") for character in range(256))
_MAX_BYTE = 255
_STRAY = 0.02  # share of the lines that may write into a gap


class Columns(NamedTuple):
    """Where columns begin.

    Attributes:
        starts: First character of each column.
        gaps: Characters that are blank in every line that fits.
    """

    starts: Sequence[int]
    gaps: Sequence[int]

    def split(self, line: str) -> list[str]:
        """Return the cells of a line."""
        ends = [*self.starts[1:], len(line)]
        return [line[start:end].strip() for start, end in zip(self.starts, ends, strict=True)]

    def only(self, places: Sequence[int]) -> Columns:
        """Return the columns at `places`, each wide enough to hold those left out after it."""
        starts = [self.starts[place] for place in places]
        return Columns(starts, [gap for gap in self.gaps if gap < starts[-1]])

    def fits(self, line: str) -> bool:
        """Whether a line has its blanks where the columns want them."""
        padded = line.rstrip().ljust(self.starts[-1])
        return not self.gaps or not "".join(map(padded.__getitem__, self.gaps)).strip()


def columns_of(lines: Sequence[str]) -> Columns | None:
    """Return the columns that nearly all `lines` share; None if there are fewer than two.

    What the first line says may be a name of a column, so that it lies in no gap.
    """
    step = max(1, len(lines) // _SAMPLE)
    sample = [line.rstrip()[:_MAX_WIDTH] for line in lines[::step]]
    if len(sample) < 3 or any("\t" in line for line in sample):
        return None
    marks = _marks(sample)
    most = int(_STRAY * len(sample))
    for place, character in enumerate(sample[0]):
        marks[place] += most * (character != " ")
    # Where lines have ended everything is blank, which says nothing about columns.
    lengths = sorted(map(len, sample))
    reach = max(1, len(sample[0]), lengths[len(lengths) // 5])
    starts: list[int] = []
    gaps: list[int] = []
    for place, mark in enumerate(marks):
        if mark <= most:
            gaps.append(place)
        elif (not place or marks[place - 1] <= most) and (not starts or place < reach):
            starts.append(place)
    inner = [gap for gap in gaps if starts and starts[0] < gap < starts[-1]]
    return Columns(starts, inner) if len(starts) > 1 else None


def _marks(lines: Sequence[str]) -> list[int]:
    """Return how many of `lines` have anything but a blank at each place.

    One large number has a byte for every place, so that a whole line is counted by one addition.
    """
    marks = [0] * max(map(len, lines))
    for start in range(0, len(lines), _MAX_BYTE):
        encoded = (line.encode("ascii", "replace") for line in lines[start : start + _MAX_BYTE])
        places = sum(int.from_bytes(line.translate(_IS_MARK), "little") for line in encoded)
        marks = list(map(add, marks, places.to_bytes(len(marks), "little")))
    return marks
