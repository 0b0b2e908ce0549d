"""What the repetitions of a line looked like: how many, how far, and with which values.

One line stands for all of its template, so it says what the others say instead. Numbers are given
by their range, other words by examples, and both over all lines, not over a sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sharedctx_workers.compressors.log_templates import VARIABLE

__all__ = ("describe_repeats",)

_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?")
_SAYS = re.compile(r"\w")
_CLOCK = re.compile(r"\d{1,2}:\d\d:\d\d")
_MAX_WORDS = 40
_MAX_PLACES = 3
_MAX_VALUE = 32
_MAX_AROUND = 16


def describe_repeats(bodies: Sequence[str], last_line: int, last_stamp: str, examples: int) -> str:
    """Return what to say after the first line of a template.

    Args:
        bodies: The messages of all its lines, in order, the first one included.
        last_line: Number of its last line.
        last_stamp: What stands before the message of that line.
        examples: How many values to give of a place that holds words.
    """
    clock = _CLOCK.search(last_stamp)
    where = f"L{last_line} {clock[0]}" if clock else f"L{last_line}"
    said = [f"{len(bodies) - 1} more to {where}", *_places(bodies, examples)]
    return "; ".join(said)


def _places(bodies: Sequence[str], examples: int) -> list[str]:
    """Return the values of the first few places where the lines differ."""
    rows = [body.split(None, _MAX_WORDS)[:_MAX_WORDS] for body in bodies]
    said: list[str] = []
    seen: set[frozenset[str]] = set()
    for column in zip(*rows, strict=False):
        values = dict.fromkeys(column)
        if len(values) == 1 or frozenset(values) in seen or not any(map(_SAYS.search, values)):
            continue
        seen.add(frozenset(values))
        said.append(_range(list(values)) or _examples(list(values), examples))
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


def _examples(values: Sequence[str], most: int) -> str:
    """Return some of the values that the first line does not have, and how many more."""
    shown = [
        value if len(value) <= _MAX_VALUE else f"…{value[1 - _MAX_VALUE :]}"
        for value in values[1 : 1 + most]
    ]
    others = len(values) - 1 - len(shown)
    return ", ".join(shown) + (f" +{others}" if others > 0 else "")
