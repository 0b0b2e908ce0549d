"""What a reader of records must be told: extremes, rare values, first and last."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tests.benchmarks.compression.probes.probe import INFORMATION, Probe, generator, has, near

__all__ = ("record_probes",)

Record = Mapping[str, str]

_LEAST_RECORDS = 5
_LONGEST_CATEGORY = 80
_LONGEST_KEY = 120
_RARE = 2


def record_probes(records: Sequence[Record], *, window: int) -> Iterator[Probe]:
    """Yield the probes of `records`, whose values are written as in the original.

    Args:
        records: Names of columns to values.
        window: How far apart the values of one record may stand, in characters.
    """
    if not records:
        return
    columns: dict[str, list[str]] = {}
    for record in records:
        for name, value in record.items():
            columns.setdefault(name, []).append(value)
    key = _key_column(columns, len(records))
    for place in dict.fromkeys((0, len(records) - 1)):
        if identity := records[place].get(key, ""):
            yield has("first and last row", identity)
    if len(records) >= _LEAST_RECORDS:
        for values in columns.values():
            yield from _extremes(values)
            yield from _rare(values)
    yield from _random_cells(records, key, columns, window)


def _key_column(columns: Mapping[str, Sequence[str]], size: int) -> str:
    """Return the first column that tells records apart, or the one that does so best."""
    for name, values in columns.items():
        short = all(0 < len(value) <= _LONGEST_KEY for value in values)
        if short and len(values) == size == len(set(values)):
            return name
    return max(columns, key=lambda name: len(set(columns[name])))


def _number(value: str) -> float | None:
    try:
        number = float(value.rstrip("%").replace(",", ""))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _extremes(values: Sequence[str]) -> Iterator[Probe]:
    """Yield the least and the greatest number; single digits would be found anywhere."""
    numbers = [(number, value) for value in values if (number := _number(value)) is not None]
    if len(numbers) < max(_LEAST_RECORDS, 0.8 * len(values)):
        return
    for _, value in dict.fromkeys((min(numbers), max(numbers))):
        if sum(character.isdigit() for character in value) > 1:
            yield has("minimum and maximum", value)


def _rare(values: Sequence[str]) -> Iterator[Probe]:
    """Yield the values that occur once or twice where others occur often."""
    counts = Counter(values)
    if len(values) < 10 or len(values) < 4 * len(counts):
        return
    for value, count in counts.items():
        wordy = 1 < len(value) < 2 * sum(map(str.isalpha, value))
        if count <= _RARE and wordy and len(value) <= _LONGEST_CATEGORY:
            yield has("rare category", value)


def _random_cells(
    records: Sequence[Record], key: str, columns: Mapping[str, Sequence[str]], window: int
) -> Iterator[Probe]:
    """Yield pairs of the key of a random record and one of its values."""
    numbers = generator(f"{len(records)}{records[0]}{records[-1]}")
    varied = [name for name, values in columns.items() if name != key and len(set(values)) > 1]
    for _ in range(INFORMATION if varied else 0):
        record = numbers.choice(records)
        identity, value = record.get(key, ""), record.get(numbers.choice(varied), "")
        if identity and value and max(len(identity), len(value)) <= _LONGEST_KEY:
            yield near("random cell", identity, value, window=window, must=False)
