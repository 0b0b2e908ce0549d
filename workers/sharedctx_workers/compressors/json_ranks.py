"""How soon a reader needs each row, item and member: what is odd, first and last, then a sample.

Ranks are between 0 and 1 and are added to that of what holds them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice, zip_longest

from sharedctx.exact_json import Value, dump
from sharedctx.salience import looks_wrong, spread
from sharedctx_workers.compressors.json_table import Row

__all__ = (
    "ENOUGH",
    "item_ranks",
    "member_ranks",
    "row_ranks",
    "sample_ranks",
    "scalar_rows",
    "speaking_of_errors",
)

ENOUGH = 0.75
"""Rank after which there are only more rows of the sort that a reader has seen."""

# The sample that comes before all others is of about this many rows or items.
_SAMPLE = 24

# A sample is taken in stretches of about this many characters: one note is shorter than many.
_STRETCH = 320
_MAX_STRETCH = 16
# At most this share of the rows is odd.
_ODD_SHARE = 10
_RARE_SHARE = 0.02
# A column with at most one different value in so many rows has few values.
_FEW_SHARE = 5
_BLOCK = 32
_MAX_SCALARS = 40
_VOID = frozenset(("", "null", "true", "false", "{}", "[]", '""'))
_OUTLIER_SIGMAS = 3.0
_MAX_NUMBER = 1e100  # so that squares and sums stay finite


def member_ranks(size: int) -> list[float]:
    """Return ranks for the members of an object: all soon, in order."""
    return [0.02 + 0.02 * place / size for place in range(size)]


def item_ranks(size: int, stretch: int = 1) -> list[float]:
    """Return ranks for the items of an array: first, last, then spread over the rest.

    Args:
        size: How many items there are.
        stretch: How many neighbors are taken together.
    """
    even = spread(math.ceil(size / stretch))
    ranks = [0.5 + 0.5 * even[place // stretch] for place in range(size)]
    for place, rank in ((2, 0.2), (1, 0.1), (-1, 0.1), (0, 0.0)):
        if -size <= place < size:
            ranks[place] = rank
    return ranks


def sample_ranks(items: Sequence[object], stretch: int = 1) -> list[float]:
    """Return ranks for items: as `item_ranks`, but only so many of the rest are below 0.75."""
    ranks = item_ranks(len(items), stretch)
    share = len(items) / stretch / _SAMPLE
    return [
        rank if rank < 0.5 else 0.5 + 0.25 * min(1.0, 2 * (rank - 0.5) * share) + (rank - 0.5) / 2
        for rank in ranks
    ]


def row_ranks(rows: Sequence[Row], texts: Sequence[str]) -> list[float]:
    """Return ranks for the rows of a table: first, last, what is odd, then spread over the rest.

    Args:
        rows: The rows.
        texts: How they read.
    """
    size = sum(map(len, texts)) + len(texts)
    stretch = max(1, min(_MAX_STRETCH, _STRETCH * len(rows) // max(1, size)))
    ranks = sample_ranks(rows, stretch)
    oddness = _oddness(rows)
    odd = sorted(oddness, key=lambda i: (-oddness[i], i))
    for place, i in enumerate(odd[: max(5, len(rows) // _ODD_SHARE)]):
        ranks[i] = min(ranks[i], 0.2 + 0.2 * place / len(odd))
    return ranks


def scalar_rows(values: Sequence[Value]) -> Iterator[Row]:
    """Yield values as rows of what they hold that is neither an array nor an object."""
    flat = [
        {key: inner for key, inner in value if type(inner) not in (list, tuple)}
        if type(value) is tuple
        else {}
        for value in values
    ]
    names = list(dict.fromkeys(chain.from_iterable(flat)))[:_MAX_SCALARS]
    for item in flat:
        yield Row(["" if name not in item else _bare(item[name]) for name in names])


def _bare(value: Value) -> str:
    return value if type(value) is str else dump(value)


def _oddness(rows: Sequence[Row]) -> dict[int, float]:
    """Return how much rows stand out, for those that do."""
    oddness: dict[int, float] = defaultdict(float)
    for i, times in _rare(["{" if row.raw else "" for row in rows]):
        oddness[i] += 0.5 / times
    wrong = {i for i, row in enumerate(rows) if row.raw and looks_wrong(row.raw)}
    for column in zip_longest(*(row.cells for row in rows), fillvalue=""):
        rare = _rare(column) or _rare([cell if cell in _VOID else "…" for cell in column])
        for i, times in rare:
            oddness[i] += 0.5 / times
        numbers = _numbers(column)
        for i in _outliers(numbers):
            oddness[i] += 0.4
        if not numbers:
            values = set(speaking_of_errors(set(column)))
            wrong.update(i for i, value in enumerate(column) if values and value in values)
    if len(wrong) <= len(rows) // _ODD_SHARE + 1:
        for i in wrong:
            oddness[i] += 1.0
    return oddness


def speaking_of_errors(texts: Iterable[str]) -> Iterator[str]:
    """Yield those of `texts` that speak of errors; faster than one by one, as most do not."""
    rest = iter(texts)
    while block := list(islice(rest, _BLOCK)):
        if looks_wrong("\n".join(block)):
            yield from filter(looks_wrong, block)


def _rare(column: Sequence[str]) -> list[tuple[int, int]]:
    """Return the rows whose value is rare in a column of few values.

    With each comes how often its value has been seen, so that one of each can come first.
    """
    few = max(3, len(column) // _FEW_SHARE)
    if len(set(column[: 4 * few])) > few:
        return []
    counts = Counter(column)
    most = max(1, int(_RARE_SHARE * len(column)))
    rare = {value: 0 for value, count in counts.items() if count <= most}
    found = []
    for i, value in enumerate(column if rare and len(counts) <= few else ()):
        if value in rare:
            rare[value] += 1
            found.append((i, rare[value]))
    return found


def _outliers(numbers: Sequence[float]) -> Iterator[int]:
    """Yield the rows whose number is far from the mean of all; NaN stands for no number."""
    finite = [number for number in numbers if abs(number) < _MAX_NUMBER]
    if len(finite) < 8 or 2 * len(finite) < len(numbers):
        return
    mean = math.fsum(finite) / len(finite)
    deviation = math.sqrt(math.fsum([(n - mean) ** 2 for n in finite]) / len(finite))
    least, greatest = mean - _OUTLIER_SIGMAS * deviation, mean + _OUTLIER_SIGMAS * deviation
    if deviation and (min(finite) < least or max(finite) > greatest):
        yield from (i for i, n in enumerate(numbers) if n < least or n > greatest)


def _numbers(column: Sequence[str]) -> list[float]:
    """Return the numbers of a column, NaN for other cells; nothing if most are no numbers."""
    try:
        return list(map(float, column))
    except ValueError:
        pass
    numbers: list[float] = []
    for cell in column:
        try:
            numbers.append(float(cell))
        except ValueError:
            numbers.append(math.nan)
        if len(numbers) == 20 and sum(map(math.isfinite, numbers)) < 10:
            return []
    return numbers
