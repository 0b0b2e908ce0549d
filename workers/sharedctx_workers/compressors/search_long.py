"""Long listings: all paths first, folded by directory, then the lines as they stand.

``find -ls``, ``tar -tv``, ``du``, ``unzip -l`` and ``git ls-tree`` write sizes, dates, permissions
or digests before each path. What there is matters to every reader, how large or old it is to few;
so an index of the paths goes before the lines, of which few are needed then. `sharedctx.unfold`
reads that back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sharedctx.salience import spread
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.search_names import name_rows, names_of
from sharedctx_workers.compressors.search_parts import Part
from sharedctx_workers.compressors.table_cells import number_of

__all__ = ("long_parts",)

_MIN_LINES = 5
_MAX_FIELDS = 12
_MAX_LINE = 400
_MAX_OTHERS = 6  # lines of a header, a footer, or one that was cut off
_LARGE, _ENTRY = 1.5, 2.0
# What tells of a file: numbers, sizes, dates, times, digests and permissions.
_MODE = re.compile(r"[-bcdlps][-rwxsStT]{5,9}[.+@]?")
_MEASURE = re.compile(rf"[\d.,:+/-]{{1,40}}[KMGTB%]{{0,2}}|[0-9a-f]{{7,64}}|{_MODE.pattern}")
# Other columns, such as owners and months, have few values, which lines of prose do not.
_MAX_VALUES = 24
# Fewer different values than this are codes, of which none is large.
_FEW_VALUES = 4


class _Line(NamedTuple):
    """A line of a listing; `path` is empty for others."""

    start: int
    end: int
    fields: tuple[str, ...]
    path: str


def long_parts(text: str, lines: Sequence[tuple[int, int]]) -> list[Part] | None:
    """Return the parts of a long listing; None when `lines` of `text` are not of one."""
    listed = _read(text, lines)
    if listed is None:
        return None
    index = name_rows(names_of([line.path for line in listed if line.path]), "paths", len(text))
    sizes = list(map(_size, listed))
    largest = sorted({size for size in sizes if size is not None}, reverse=True)
    order = {size: place / len(largest) for place, size in enumerate(largest)}
    extremes = _extremes(listed)
    full = []
    for line, size, even in zip(listed, sizes, spread(len(listed)), strict=True):
        rank = _ENTRY + even if size is None else _LARGE + order[size]
        if not line.path or line in extremes or line in (listed[0], listed[-1]):
            rank = REQUIRED
        full.append(Part(line.start, line.end, rank, "entry" if line.path else "line"))
    return [*index, *full]


def _read(text: str, lines: Sequence[tuple[int, int]]) -> list[_Line] | None:
    """Return `lines` apart; None when they are not all but a few measures and a path."""
    heads = [text[start : min(end, start + _MAX_LINE)].strip() for start, end in lines]
    columns = _columns_before_path(heads)
    if not columns or _names_columns(heads[0], columns):
        return None
    listed = []
    others = 0
    for (start, end), head in zip(lines, heads, strict=True):
        fields = tuple(head.split(maxsplit=columns))
        is_rule = not any(map(str.isalnum, head))
        is_entry = len(fields) > columns and not is_rule and bool(_MEASURE.fullmatch(fields[0]))
        path = fields[-1].partition(" -> ")[0] if is_entry else ""
        listed.append(_Line(start, end, fields[:-1], path))
        others += not path
        if others > _MAX_OTHERS:
            return None
    entries = [line for line in listed if line.path]
    is_most = len(listed) - len(entries) <= min(_MAX_OTHERS, len(entries) // 3)
    if not is_most or len({line.path for line in entries}) < 0.9 * len(entries):
        return None
    deep = sum("/" in line.path for line in entries)
    has_modes = any(_MODE.fullmatch(field) for field in entries[0].fields)
    if not has_modes and 2 * deep < len(entries):
        return None
    values = zip(*(line.fields for line in entries), strict=True)
    return listed if all(map(_measures, values)) else None


def _names_columns(head: str, columns: int) -> bool:
    """Whether a line names all columns, as that of a table does."""
    names = head.split()
    return len(names) > columns and not any(map(str.isdecimal, head))


def _columns_before_path(heads: Sequence[str]) -> int:
    """Return how many fields stand before each path; 0 when that is not clear.

    A path may hold blanks, so the fewest fields count that more than a few lines have.
    """
    counts = Counter(len(head.split()) for head in heads if head)
    usual = [count for count, times in counts.items() if times > len(heads) // 20 + 1]
    columns = min(usual, default=0) - 1
    return columns if len(heads) >= _MIN_LINES and 1 <= columns <= _MAX_FIELDS else 0


def _measures(column: Sequence[str]) -> bool:
    """Whether a column tells of files: measures, or words of which there are few."""
    if len(set(column)) <= _MAX_VALUES:
        return True
    return 10 * sum(bool(_MEASURE.fullmatch(field)) for field in column) >= 9 * len(column)


def _extremes(lines: Sequence[_Line]) -> set[_Line]:
    """Return the lines with the least and the greatest number of each column of measures."""
    entries = [line for line in lines if line.path]
    extremes: set[_Line] = set()
    for column in zip(*(line.fields for line in entries), strict=True):
        numbers = [number_of(field) for field in column]
        ranked = [(number, -i) for i, number in enumerate(numbers) if number is not None]
        if len(ranked) == len(column) and len(set(column)) > _FEW_VALUES:
            extremes |= {entries[-min(ranked)[1]], entries[-max(ranked)[1]]}
    return extremes


def _size(line: _Line) -> int | None:
    """Return the number of a line that has nothing else before its path."""
    alone = line.path and len(line.fields) == 1 and line.fields[0].isdecimal()
    return int(line.fields[0]) if alone else None
