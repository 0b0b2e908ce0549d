"""How soon a reader needs each row of a table: ends, extremes, what is odd, then a sample.

A row is odd when it speaks of trouble, has a value that is rare in a column of few values, has a
number far from the others of its column, or does not have the columns of the table. Of each way to
be odd the first few rows come first, so that one frequent oddity does not hide the others.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from sharedctx.salience import looks_wrong
from sharedctx_workers.compressors.json_ranks import item_ranks
from sharedctx_workers.compressors.table_cells import is_void, number_of
from sharedctx_workers.compressors.table_parse import Table

__all__ = ("MAX_RANKED_COLUMNS", "rank_rows")

MAX_RANKED_COLUMNS = 60
"""Columns after these are not looked at for what is odd."""

# A sample is taken in stretches of about this many characters: one note is shorter than many.
_STRETCH = 320
_MAX_STRETCH = 16
_ODD_SHARE = 10
# Most lists are sorted by what matters, such as the date or a size: so many rows at their beginning
# come before the sample of the others.
_FIRST, _FIRST_SHARE, _MAX_FIRST = 0.499, 20, 24
_RARE_SHARE = 0.02
_OUTLIER_SIGMAS = 4.0
_MIN_NUMBERS = 5

_Column: TypeAlias = tuple[list[str], dict[int, float]]  # cells, and those that are numbers by row


def rank_rows(text: str, table: Table) -> list[float]:
    """Return the rank of each row, between 0 and 1."""
    rows = table.rows
    size = max(1, rows[-1].end - table.head)
    stretch = max(1, min(_MAX_STRETCH, _STRETCH * len(rows) // size))
    ranks = item_ranks(len(rows), stretch)
    columns = [(column, _numbers(column)) for column in _columns(table)]
    for reason in _reasons(text, table, columns):
        for place, i in enumerate(reason):
            ranks[i] = min(ranks[i], 0.2 + 0.3 * (place / (place + 3)))
    _limit(ranks, len(rows))
    for i in range(min(_MAX_FIRST, len(rows) // _FIRST_SHARE)):
        ranks[i] = min(ranks[i], _FIRST)
    whole = [i for i, row in enumerate(rows) if row.cells]
    for i in (*whole[:1], *whole[-1:], *_extremes(columns)):
        ranks[i] = min(ranks[i], 0.15)
    return ranks


def _limit(ranks: list[float], size: int) -> None:
    """Put rows that are odd but not among the oddest back into the sample."""
    even = item_ranks(size)
    odd = sorted((i for i in range(size) if 0.2 <= ranks[i] < 0.5), key=lambda i: (ranks[i], i))
    for i in odd[max(8, size // _ODD_SHARE) :]:
        ranks[i] = max(0.5, even[i])


def _columns(table: Table) -> Iterator[list[str]]:
    """Yield the cells of each column; the cells of rows of another shape are empty."""
    width = max((len(row.cells) for row in table.rows), default=0)
    for place in range(min(width, MAX_RANKED_COLUMNS)):
        yield [row.cells[place].strip() if row.cells else "" for row in table.rows]


def _extremes(columns: Sequence[_Column]) -> Iterator[int]:
    """Yield the rows with the least and the greatest number of each column of numbers."""
    for _, numbers in columns:
        if numbers:
            yield min(numbers, key=lambda i: (numbers[i], i))
            yield max(numbers, key=lambda i: (numbers[i], -i))


def _reasons(text: str, table: Table, columns: Sequence[_Column]) -> Iterator[list[int]]:
    """Yield, for each way to be odd, the rows that are, the oddest first."""
    rows = table.rows
    # Of several lines together that are no rows, such as a comment, the first says what about.
    yield [
        i
        for i, row in enumerate(rows)
        if not row.cells
        and (not i or rows[i - 1].cells)
        and any(map(str.isalnum, text[row.start : row.end]))
    ]
    wrong = [i for i, row in enumerate(rows) if looks_wrong(text[row.start : row.end])]
    if 4 * len(wrong) <= len(rows):
        yield wrong
    for column, numbers in columns:
        yield _rare(column)
        yield _outliers(numbers)


def _rare(column: Sequence[str]) -> list[int]:
    """Return the rows whose value is rare in a column of few values, one of each value first."""
    counts = Counter(column)
    if len(counts) > max(3, len(column) // 10):
        return []
    most = max(1, int(_RARE_SHARE * len(column)))
    seen: Counter[str] = Counter()
    found = []
    for i, value in enumerate(column):
        if counts[value] <= most:
            found.append((seen[value], counts[value], i))
            seen[value] += 1
    return [i for _, _, i in sorted(found)]


def _numbers(column: Sequence[str]) -> dict[int, float]:
    """Return the numbers of a column by row; nothing if it is not a column of numbers."""
    numbers: dict[int, float] = {}
    others = 0
    for i, cell in enumerate(column):
        number = number_of(cell)
        if number is not None:
            numbers[i] = number
        elif not is_void(cell):
            others += 1
            if others > 5 and others > len(numbers):
                return {}
    return numbers if len(numbers) >= max(_MIN_NUMBERS, 9 * others) else {}


def _outliers(numbers: dict[int, float]) -> list[int]:
    """Return the rows whose number is far from the mean, the farthest first."""
    if len(numbers) < 2 * _MIN_NUMBERS:
        return []
    mean = math.fsum(numbers.values()) / len(numbers)
    deviation = math.sqrt(math.fsum((n - mean) ** 2 for n in numbers.values()) / len(numbers))
    far = [i for i, n in numbers.items() if abs(n - mean) > _OUTLIER_SIGMAS * deviation > 0]
    return sorted(far, key=lambda i: (-abs(numbers[i] - mean), i))
