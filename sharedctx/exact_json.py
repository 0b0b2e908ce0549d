"""JSON without loss: numbers as they are written, every key in its place, duplicates included.

``NaN``, ``Infinity`` and ``-Infinity``, which many programs write, count as numbers.

Values are str, True, False, None, ``list`` for arrays, ``tuple`` of ``(key, value)`` pairs for
objects, and ``bytes`` for numbers: the literal, so that ``1.10``, ``1E5`` and integers of any size
stay what they are, and no number equals a string. Two values are the same data if they are ``==``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, Final, TypeAlias

__all__ = (
    "MAX_DEPTH",
    "Scannable",
    "Value",
    "children",
    "dump",
    "dump_string",
    "is_number",
    "parse",
    "parse_spans",
    "scan",
    "skip_space",
)

Value: TypeAlias = Any  # str | bool | None | bytes | list[Value] | tuple[tuple[str, Value], ...]

MAX_DEPTH: Final = 200
"""Deeper JSON is refused, far below where recursion would fail."""

_SPACE = re.compile(r"[ \t\n\r]*")
_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_COMMA = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|NaN|-?Infinity")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTAINERS = frozenset((list, tuple))
_CONSTANTS = {True: "true", False: "false", None: "null"}


_decoder = json.JSONDecoder(
    object_pairs_hook=tuple, parse_float=str.encode, parse_int=str.encode, parse_constant=str.encode
)

_scan_once: Callable[[str, int], tuple[Value, int]] = _decoder.scan_once  # type: ignore[attr-defined]


class Scannable(str):
    """A text to `scan` where much of it may fail: an error does not count the lines before it.

    In a plain string each error does, which takes quadratic time in all.
    """

    __slots__ = ()

    def count(self, *_: object) -> int:
        """Return 0: errors have no line."""
        return 0

    def rfind(self, *_: object) -> int:
        """Return -1: errors have no column."""
        return -1


def skip_space(text: str, start: int) -> int:
    """Return where the first character of `text` at or after `start` is that is not white space."""
    match = _SPACE.match(text, start)
    return match.end() if match else start


def scan(text: str, start: int) -> tuple[Value, int]:
    """Return the value that begins at ``text[start]``, and where it ends.

    Raises:
        ValueError: no JSON value begins there, or it is nested too deep.
    """
    try:
        return _scan_once(text, start)
    except StopIteration:
        raise ValueError(f"no JSON value at character {start}") from None
    except RecursionError:
        raise ValueError("nested too deep") from None


def children(text: str, start: int) -> Iterator[tuple[str | None, Value, int, int]]:
    """Yield ``(key, value, start, end)`` for what is in the array or object that begins at `start`.

    `key` is None in arrays, and `end` is where the next one begins or the closing bracket stands.
    The array or object must be valid and not empty.
    """
    of_object = text[start] == "{"
    place = skip_space(text, start + 1)
    key = None
    while True:
        if of_object:
            key, place = _scan_once(text, place)
            place = _past(_COLON, text, place)
        inner = place
        value, place = _scan_once(text, place)
        comma = _COMMA.match(text, place)
        if comma is None:
            yield key, value, inner, skip_space(text, place)
            return
        place = comma.end()
        yield key, value, inner, place


def _past(pattern: re.Pattern[str], text: str, place: int) -> int:
    match = pattern.match(text, place)
    assert match, "the text was parsed before"
    return match.end()


def parse(text: str) -> list[Value]:
    """Return the values of `text`: one for JSON, several when they stand on lines of their own.

    Raises:
        ValueError: `text` is neither, or it is nested deeper than `MAX_DEPTH`.
    """
    return [value for value, _, _ in parse_spans(text)]


def parse_spans(text: str) -> list[tuple[Value, int, int]]:
    """Return ``(value, start, end)`` for the values of `text`, as `parse` finds them.

    Raises:
        ValueError: as `parse`.
    """
    values = []
    place = skip_space(text, text.startswith("\ufeff"))
    while place < len(text):
        value, end = scan(text, place)
        values.append((value, place, end))
        place = skip_space(text, end)
        if place < len(text) and "\n" not in text[end:place]:
            raise ValueError(f"more after the JSON value at character {end}")
    _check_depth([value for value, _, _ in values])
    return values


def _check_depth(values: list[Value]) -> None:
    """Raise ValueError if `values` nest deeper than `MAX_DEPTH`. Level by level: no recursion."""
    level = [value for value in values if type(value) in _CONTAINERS]
    for _ in range(MAX_DEPTH):
        if not level:
            return
        below = [
            c for value in level if type(value) is list for c in value if type(c) in _CONTAINERS
        ]
        below += [
            pair[1]
            for value in level
            if type(value) is tuple
            for pair in value
            if type(pair[1]) in _CONTAINERS
        ]
        level = below
    if level:
        raise ValueError("nested too deep")


def is_number(text: str) -> bool:
    """Whether `text` is a number."""
    return _NUMBER.fullmatch(text) is not None


def dump_string(text: str) -> str:
    """Return `text` as a JSON string that is valid Unicode whatever `text` holds."""
    if text.isascii() or not _SURROGATE.search(text):
        return encode_basestring(text)
    return encode_basestring_ascii(text)


def dump(value: Value) -> str:
    """Return `value`, nested no deeper than `MAX_DEPTH`, as JSON without white space."""
    text = _dump(value, encode_basestring)
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return _dump(value, dump_string)


def _dump(value: Value, string: Callable[[str], str]) -> str:
    kind = type(value)
    if kind is str:
        return string(value)
    if kind is bytes:
        return value.decode()  # type: ignore[no-any-return]  # the literal of a number
    if kind is list:
        return f"[{','.join([_dump(item, string) for item in value])}]"
    if kind is tuple:
        members = [
            f"{string(key)}:{string(item) if type(item) is str else _dump(item, string)}"
            for key, item in value
        ]
        return f"{{{','.join(members)}}}"
    return _CONSTANTS[value]
