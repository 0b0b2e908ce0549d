"""What numbers and strings of one place are, in a few words: range, categories, frequent values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import islice

from sharedctx.exact_json import Value, dump_string

__all__ = ("sorts_of", "tell_numbers", "tell_range", "tell_strings", "tell_times")

# Dates and times, in one zone: their order is that of their characters.
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:[\d:.]+)?(?P<zone>Z|\+00:?00)?")
_NUMBER = re.compile(r"-?\d{1,300}(?:\.\d+)?")
_MAX_VALUE = 80
# So many different values are told one by one, if some repeat; so few characters of them anyway.
_FEW, _SHORT = 12, 160
# Values that repeat so often in the mean are categories, told in at most so many characters.
_CATEGORY, _MAX_CATEGORIES = 4, 2400
_TOP = 6
_MIN_PREFIX = 10
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
_MAX_SORTS, _MAX_WRONG = 10, 200
_DIGITS = re.compile(r"\d+")


def tell_numbers(literals: list[Value], total: int) -> str:
    """Return what number literals are, some or all of `total` values: range or frequencies."""
    counts = Counter([literal.decode() for literal in literals])
    if len(counts) <= _TOP and 3 * len(counts) <= len(literals):
        return _frequent(counts.items(), total)
    odd = [f"{value} x{counts.pop(value)}" for value in _NO_NUMBERS if value in counts]
    return ", ".join([_extent(counts), *odd] if counts else odd)


def _extent(numbers: Iterable[str]) -> str:
    """Return the least and the greatest of `numbers`, as they are written."""
    by_value: dict[float, list[str]] = {}
    for number in numbers:
        by_value.setdefault(float(number), []).append(number)
    least, greatest = (
        min(by_value[min(by_value)], key=_exact),
        max(by_value[max(by_value)], key=_exact),
    )
    return _cut(least) if least == greatest else f"{_cut(least)} to {_cut(greatest)}"


def _exact(number: str) -> Decimal:
    """Return the value of a number beyond the precision of floats."""
    try:
        return Decimal(number)
    except InvalidOperation:  # an exponent of 18 digits and more
        return Decimal(0)


def sorts_of(texts: Sequence[str]) -> Iterator[str]:
    """Yield the first of each sort of texts, a few sorts; numbers make no sort of their own."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(_DIGITS.sub("0", text[:_MAX_WRONG]), text)
    for text in islice(found.values(), _MAX_SORTS):
        yield _cut(text, _MAX_WRONG)


def tell_strings(counts: Counter[str], total: int) -> str:
    """Return what strings are, some or all of `total` values: all that differ if they are few."""
    strings = counts.total()
    is_repeated = 3 * len(counts) <= 2 * strings
    size = sum(map(len, counts)) + 4 * len(counts)
    is_short = size <= _SHORT and (is_repeated or len(counts) <= _TOP)
    if len(counts) <= 2 or (is_repeated and len(counts) <= _FEW) or is_short:
        return _frequent([(_short(value), count) for value, count in counts.items()], total)
    if span := _time_span(counts):
        return span
    if _CATEGORY * len(counts) <= strings:
        return _categories(counts)
    if all(map(_NUMBER.fullmatch, islice(counts, 20))) and all(map(_NUMBER.fullmatch, counts)):
        return f"{len(counts)} different, {_extent(counts)}"
    prefix = _common_prefix(min(counts), max(counts))
    if len(prefix) >= _MIN_PREFIX:
        return f"{len(counts)} different, all beginning {_short(prefix)}"
    common = [(_short(v), n) for v, n in counts.most_common(3) if 10 * n >= strings > 20]
    return ", ".join([f"{len(counts)} different", *(f"{value} x{n}" for value, n in common)])


def _time_span(texts: Iterable[str]) -> str:
    """Return the first and the last of dates and times; nothing if `texts` are others."""
    zones = set()
    for text in texts:
        date = _DATE.fullmatch(text)
        if not date:
            return ""
        zones.add(date["zone"])
    ordered = sorted(texts, key=lambda text: text.removesuffix("Z"))
    return f"{ordered[0]} to {ordered[-1]}" if len(zones) == 1 else ""


def _categories(counts: Counter[str]) -> str:
    """Return the most frequent values and the rare ones, as many as there is room for."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown: list[str] = []
    room = _MAX_CATEGORIES
    for value, count in (*ranked[:_TOP], *reversed(ranked[_TOP:])):
        text = f"{_short(value)} x{count}"
        if (room := room - len(text)) < 0:
            break
        shown.append(text)
    if len(shown) < len(ranked):
        shown.insert(0, f"{len(ranked)} different")
    return ", ".join(shown)


def _common_prefix(least: str, greatest: str) -> str:
    """Return what all strings begin with of which the least and the greatest are given."""
    pairs = enumerate(zip(least, greatest, strict=False))
    end = next((i for i, (a, b) in pairs if a != b), min(len(least), len(greatest)))
    return least[:end]


def _frequent(counts: Iterable[tuple[str, int]], total: int) -> str:
    ranked = sorted(counts, key=lambda item: (-item[1], item[0]))
    return ", ".join(tell_times(value, count, total) for value, count in ranked)


def tell_times(text: str, count: int, total: int) -> str:
    """Return how often a value of `total` occurs."""
    return f"all {text}" if 1 < count == total else f"{text} x{count}" if total > 1 else text


def tell_range(sizes: Sequence[int], unit: str) -> str:
    """Return the least and the greatest of `sizes`, in units."""
    least, greatest = min(sizes), max(sizes)
    amount = f"{least}" if least == greatest else f"{least} to {greatest}"
    return f"{amount} {unit}{'s' * (greatest != 1)}"


def _cut(text: str, most: int = _MAX_VALUE) -> str:
    return text if len(text) <= most else f"{text[: most - 8]}…({len(text)} chars)"


def _short(value: str) -> str:
    """Return a string on one line: quoted where it could be misread, cut when long."""
    cut = _cut(value)
    plain = cut.isprintable() and cut == cut.strip() and not set(cut) & set(',;"{}[]')
    plain = plain and ": " not in cut
    return cut if cut and plain and not cut[:1].isdigit() else dump_string(cut)
