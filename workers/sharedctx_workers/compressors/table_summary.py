"""One line on all rows of a table: how many, and what is in each column.

It reads ``[240 rows; size: 12 to 90210; state: ok x200, bad x40; name: 240 different]``. It is
derived from the table alone, so whoever has all rows can derive it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sharedctx_workers.compressors.table_cells import is_void, number_of
from sharedctx_workers.compressors.table_parse import Table

__all__ = ("summarize",)

_MIN_ROWS = 12
_MAX_SHARE = 25  # the summary takes at most one part in so many
_MAX_VALUES = 6
_MAX_VALUE = 24
_MAX_COLUMNS = 40


def summarize(text: str, table: Table) -> str:
    """Return a line on all rows; only their number where there are few."""
    full = [row.cells for row in table.rows if row.cells]
    odd = len(table.rows) - len(full)
    parts = [f"{len(table.rows)} rows", *([f"{odd} of another shape"] if odd else [])]
    room = len(text) // _MAX_SHARE if len(table.rows) >= _MIN_ROWS else 0
    for name, column in zip(table.names[:_MAX_COLUMNS], zip(*full, strict=True), strict=False):
        part = f"{name}: {_column(column)}" if name else ""
        if part and len(part) <= room:
            parts.append(part)
            room -= len(part)
    return f"[{'; '.join(parts)}]\n"


def _column(column: Sequence[str]) -> str:
    """Return what is in a column: the range of its numbers, or its most frequent values."""
    cells = [cell.strip() for cell in column]
    numbers = [(number, cell) for cell in cells if (number := number_of(cell)) is not None]
    void = sum(map(is_void, cells))
    counts = Counter(cells)
    if numbers and 10 * len(numbers) >= 9 * (len(cells) - void) and len(counts) > 3:
        return f"{_least(numbers)} to {_greatest(numbers)}"
    if len(counts) == 1:
        return f"all {_short(cells[0])}"
    if 2 * len(counts) > len(cells):
        return f"{len(counts)} different"
    return ", ".join(_frequent(counts))


def _least(numbers: Sequence[tuple[float, str]]) -> str:
    return min(numbers, key=lambda item: item[0])[1]


def _greatest(numbers: Sequence[tuple[float, str]]) -> str:
    return max(numbers, key=lambda item: item[0])[1]


def _frequent(counts: Counter[str]) -> Iterator[str]:
    """Yield the most frequent values, and how many others there are."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = len(ranked) if len(ranked) <= _MAX_VALUES + 1 else _MAX_VALUES
    for value, count in ranked[:shown]:
        yield f"{_short(value)} x{count}"
    if shown < len(ranked):
        yield f"{len(ranked) - shown} others"


def _short(value: str) -> str:
    """Return a value on one line, quoted when it is empty or could be misread, cut when long."""
    value = " ".join(value.split())
    cut = value if len(value) <= _MAX_VALUE else f"{value[:_MAX_VALUE]}…"
    return f'"{cut}"' if not cut or any(mark in cut for mark in ",;]") else cut
