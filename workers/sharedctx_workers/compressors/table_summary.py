"""One line on all rows of a table: how many, and what is in each column.

It reads ``[240 rows; size: 12 to 90210; state: ok x200, bad x40; name: 240 different]``. It is
derived from the table alone, so whoever has all rows can derive it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum

from sharedctx_workers.compressors.table_cells import is_void, number_of
from sharedctx_workers.compressors.table_parse import Table

__all__ = ("summarize",)

_MIN_ROWS = 12
_MAX_VALUES = 6
_MAX_VALUE = 24
_MAX_WORDS = 3  # told of a column of numbers
_MAX_COLUMNS = 40


class _Kind(Enum):
    """What is said about a column."""

    RANGE = "range"
    VALUES = "values"
    COUNT = "count"


# The summary takes at most one part in so many of the text. The ends of a range are worth most:
# the rows that hold them are longer.
_SHARES = {_Kind.RANGE: 10, _Kind.VALUES: 20, _Kind.COUNT: 25}


def summarize(text: str, table: Table) -> str:
    """Return a line on all rows; only their number where there are few."""
    full = [row.cells for row in table.rows if row.cells]
    odd = len(table.rows) - len(full)
    parts = [f"{len(table.rows)} rows", *([f"{odd} of another shape"] if odd else [])]
    room = len(text) if len(table.rows) >= _MIN_ROWS else 0
    names = table.names or [f"${i + 1}" for i in range(max(map(len, full), default=0))]
    named = zip(names[:_MAX_COLUMNS], zip(*full, strict=True), strict=False)
    columns = [(name, *_column(column)) for name, column in named if name]
    said: dict[int, str] = {}
    for kind, share in _SHARES.items():
        if kind is _Kind.COUNT and not table.names:
            break  # how many values there are of nobody knows what
        for place, (name, own, options) in enumerate(columns):
            left = room // share - sum(map(len, said.values())) - len(f"{name}: ")
            what = next((each for each in options if len(each) <= left), None)
            if own is kind and what not in (None, f"all {name}"):
                said[place] = f"{name}: {what}"
    return f"[{'; '.join([*parts, *(said[place] for place in sorted(said))])}]\n"


def _column(column: Sequence[str]) -> tuple[_Kind, list[str]]:
    """Return what is in a column: the range of its numbers, or its values; in full, then short."""
    cells = [cell.strip() for cell in column]
    read = [(number_of(cell), cell) for cell in cells]
    numbers = [(number, cell) for number, cell in read if number is not None]
    void = sum(map(is_void, cells))
    counts = Counter(cells)
    if numbers and 10 * len(numbers) >= 9 * (len(cells) - void) and len(counts) > 3:
        ends = f"{_least(numbers)} to {_greatest(numbers)}"
        words = Counter(cell for number, cell in read if number is None and not is_void(cell))
        return _Kind.RANGE, [", ".join([ends, *_frequent(words, _MAX_WORDS)]), ends]
    if len(counts) == 1:
        return _Kind.VALUES, [f"all {_short(cells[0])}"]
    if 2 * len(counts) > len(cells):
        return _Kind.COUNT, [f"{len(counts)} different"]
    sizes = (len(counts), min(_MAX_VALUES, len(counts)))
    return _Kind.VALUES, [", ".join(_frequent(counts, size)) for size in sizes]


def _least(numbers: Sequence[tuple[float, str]]) -> str:
    return min(numbers, key=lambda item: item[0])[1]


def _greatest(numbers: Sequence[tuple[float, str]]) -> str:
    return max(numbers, key=lambda item: item[0])[1]


def _frequent(counts: Counter[str], shown: int) -> Iterator[str]:
    """Yield the `shown` most frequent values, and how many others there are."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for value, count in ranked[:shown]:
        yield f"{_short(value)} x{count}"
    if shown < len(ranked):
        yield f"{len(ranked) - shown} others"


def _short(value: str) -> str:
    """Return a value on one line, quoted when it is empty or could be misread, cut when long."""
    value = " ".join(value.split())
    cut = value if len(value) <= _MAX_VALUE else f"{value[:_MAX_VALUE]}…"
    return f'"{cut}"' if not cut or any(mark in cut for mark in ",;]") else cut
