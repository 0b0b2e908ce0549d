"""What the repetitions of a line looked like: how many, how far, and with which values.

One line stands for all of its template, so it says what the others say instead. Numbers are given
by their range over all lines, unless they are few; of other words, what differs is given of a few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate, compress

from sharedctx_workers.compressors.log_templates import VARIABLE

__all__ = ("clock_of", "how_often", "shared_start", "values_of")

_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?")
_SAYS = re.compile(r"\w")
_CLOCK = re.compile(r"\d{1,2}:\d\d:\d\d")
_HASH = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8,}")
# The part of a common beginning that may be the beginning of a name only.
_END_OF_NAME = re.compile(r"(?:[\w.-]|(?<=\d):){0,60}$")
_MAX_WORDS = 40
_MAX_PLACES = 3
_EXAMPLES, _FEW = 2, 8
_MAX_VALUE = 32
_MAX_AROUND = 16
_MARKS = "\"'`‘’“”,;:()[]{}<>"


def clock_of(stamp: str) -> str:
    """Return the time of day in what stands before a message, empty if there is none."""
    clock = _CLOCK.search(stamp)
    return clock[0] if clock else ""


def how_often(times: int, size: int, again: tuple[int, int], clocks: tuple[str, str]) -> str:
    """Return how often a line, or a block of lines, is there again.

    Args:
        times: How many times more.
        size: Lines of the block that have a template of their own; 1 for a single line.
        again: Numbers of the first line that repeats it and of the last one.
        clocks: The time of day of the line and of the last one.
    """
    where = f"L{again[1]}" if times > 1 or size == 1 else f"L{again[0]}-{again[1]}"
    more = f"{times} more {'to' if times > 1 else 'at'} {where}"
    if len({"", *clocks}) > 2:
        more = f"{more} {clocks[1]}"
    return more if size == 1 else f"{size} lines from here: {more}"


def values_of(
    bodies: Sequence[str], left_out: Sequence[bool], *, is_error: bool, room: int = 0
) -> list[str]:
    """Return the values of the first few places where lines differ.

    Args:
        bodies: The messages of all lines of a template, in order.
        left_out: Whether each of them is left out; if none is, they tell their values themselves.
        is_error: Whether they tell of errors; then a few values are all given.
        room: How many characters the names in a list, one a line, may take.
    """
    if not any(left_out):
        return []
    rows = [body.split(None, _MAX_WORDS)[:_MAX_WORDS] for body in bodies]
    said: list[str] = []
    seen: set[frozenset[str]] = set()
    for column in zip(*rows, strict=False):
        values = list(dict.fromkeys(column))
        if len(values) == 1 or not any(map(_SAYS.search, values)):
            continue
        numbers = frozenset("".join(VARIABLE.findall(value)) or value for value in values)
        if numbers in seen:
            continue
        seen.add(numbers)
        others = dict.fromkeys(compress(column, left_out))
        others.pop(column[0], None)
        is_few = is_error and len(values) <= _FEW
        told = "" if is_few else _range(values)
        most = _FEW if is_few else _EXAMPLES
        if len(rows[0]) == 1:
            most = max(most, sum(end <= room for end in accumulate(len(v) + 2 for v in others)))
        told = told or _examples(values, list(others), most)
        said += [told] if told and told not in said else []
        if len(said) == _MAX_PLACES:
            break
    return said


def _range(values: Sequence[str]) -> str:
    """Return the range of words that differ in one number only; empty when they do not."""
    first = values[0]
    parts = [
        (match, first[: match.start()], first[match.end() :]) for match in VARIABLE.finditer(first)
    ]
    for match, before, after in parts:
        if not _NUMBER.fullmatch(match[0]):
            continue
        numbers = list(_between(values, before, after))
        if len(numbers) == len(values):
            least, most = min(numbers, key=float), max(numbers, key=float)
            return f"{before[-_MAX_AROUND:]}{least}…{most}{after[:_MAX_AROUND]}"
    return ""


def _between(values: Sequence[str], before: str, after: str) -> Iterator[str]:
    """Yield the number between `before` and `after` of each of `values`, up to one without."""
    for value in values:
        number = value[len(before) : len(value) - len(after)]
        if not (value.startswith(before) and value.endswith(after) and _NUMBER.fullmatch(number)):
            return
        yield number


def _examples(values: Sequence[str], others: Sequence[str], most: int) -> str:
    """Return what is different in some of `others`, and how many more there are.

    Addresses and hashes tell a reader nothing.
    """
    if not others or (_HASH.search(values[0]) and len({_HASH.sub("", v) for v in values}) == 1):
        return ""
    before = len(_END_OF_NAME.sub("", shared_start(values)))
    after = len(_END_OF_NAME.sub("", shared_start([value[::-1] for value in values])))
    shown = [_cut(value[before : len(value) - after] or value) for value in others[:most]]
    more = len(others) - len(shown)
    return ", ".join(shown) + (f" +{more}" if more > 0 else "")


def shared_start(texts: Sequence[str]) -> str:
    """Return what all of `texts`, at least one, begin with."""
    least, most = min(texts), max(texts)
    same = next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), None)
    return least if same is None else least[:same]


def _cut(value: str) -> str:
    value = value.strip(_MARKS) or value
    return value if len(value) <= _MAX_VALUE else f"…{value[1 - _MAX_VALUE :]}"
