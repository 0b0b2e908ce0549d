"""Probes of JSON: keys, counts, and what its arrays of objects hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.benchmarks.compression.probes.columns import record_probes
from tests.benchmarks.compression.probes.probe import INFORMATION, Probe, generator, has
from tests.benchmarks.compression.probes.view import View, plain

__all__ = ("json_probes", "json_values")

_ERROR = re.compile(
    r"\b(?:errors?|fail(?:ed|ure|ures)?|exception|fatal|panic|denied|refused|"
    r"timed? ?out|unreachable|crash(?:ed)?|unauthorized|not found)\b",
    re.IGNORECASE,
)
_PROSE = re.compile(r"doc|descr|summary|title|comment|help", re.IGNORECASE)
_PATH = re.compile(r"\S*[/\\.]\S*")
_DIGITS = re.compile(r"\d+")
_BIG = 10
_MAP = 20
_LONGEST = 120
_NEAR_KEY = ":=,.|[]{}();"


class _Literal(str):
    """A number, true, false or null, as the original writes it."""

    __slots__ = ()


def json_values(text: str) -> list[Any]:
    """Return the values of JSON, JSON lines or JSON values in a row; scalars as they are written.

    Raises:
        ValueError: `text` is none of these.
    """
    decoder = json.JSONDecoder(
        parse_float=_Literal, parse_int=_Literal, parse_constant=_Literal, strict=False
    )
    values = []
    place = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    while place < len(text):
        value, place = decoder.raw_decode(text, place)
        values.append(value)
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
    return values


def json_probes(text: str) -> Iterator[Probe]:
    """Yield the probes of JSON in `text`."""
    values = json_values(text)
    root = values[0] if len(values) == 1 else values
    walk = _Walk(root)
    for key in walk.keys:
        yield _key_probe(key)
    for path, array in walk.arrays:
        dense = _dense(values) if array is values else _dense([array])
        yield _count_probe(path, len(array), dense)
    for records in walk.tables:
        yield from _table_probes(records)
    for name, strings in walk.strings.items():
        yield from _error_probes(name, strings)
    yield from _random_strings(text, walk)


class _Walk:
    """One walk over a value: its keys, long arrays, tables and strings.

    Attributes:
        keys: Distinct names of members; those of large maps are data, not names.
        arrays: Long arrays with the path to them.
        tables: Arrays of objects, and maps with the key as a member.
        strings: Strings by the name of the member that they stand in.
    """

    def __init__(self, root: Any) -> None:
        self.keys: dict[str, None] = {}
        self.arrays: list[tuple[str, Sequence[Any]]] = []
        self.tables: list[Sequence[Mapping[str, Any]]] = []
        self.strings: dict[str, list[str]] = {}
        pending: list[tuple[str, str, Any]] = [("", "", root)]
        while pending:
            path, name, value = pending.pop()
            if isinstance(value, dict):
                pending += reversed(self._members(path, name, value))
            elif isinstance(value, list):
                self._array(path, value)
                pending += reversed([(f"{path}[]", name, item) for item in value])
            elif isinstance(value, str) and not isinstance(value, _Literal):
                self.strings.setdefault(name, []).append(value)

    def _members(
        self, path: str, name: str, value: Mapping[str, Any]
    ) -> list[tuple[str, str, Any]]:
        if not _is_map(value):
            self.keys |= dict.fromkeys(value)
            return [(f"{path}.{key}", key, item) for key, item in value.items()]
        members = list(value.items())
        self.tables.append(
            [
                {"": key, **(item if isinstance(item, dict) else {"value": item})}
                for key, item in members
            ]
        )
        return [(f"{path}.*", name, item) for _, item in members]

    def _array(self, path: str, value: Sequence[Any]) -> None:
        if len(value) >= _BIG:
            self.arrays.append((path, value))
        objects = [item for item in value if isinstance(item, dict)]
        if len(objects) >= _BIG // 2 and 2 * len(objects) > len(value):
            self.tables.append(objects)


def _is_map(value: Mapping[str, Any]) -> bool:
    """Return whether the keys of an object are data: many, with values of one kind."""
    if len(value) < _MAP:
        return False
    kinds = {type(item) for item in value.values()}
    if len(kinds) > 1:
        return False
    if kinds == {dict}:
        return len({key for item in value.values() for key in item}) < len(value)
    return True


def _key_probe(key: str) -> Probe:
    """Return the probe of a name: it has to stand where names stand, not in a sentence."""
    form = plain(key)

    def check(view: View) -> bool:
        return any(_names(view.text, place, place + len(form)) for place in view.places(form))

    return Probe("key", must=True, fact=key, check=check)


def _names(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start].rstrip(), text[end : end + 2].lstrip()
    return before[-1:] in set(",{.[|(:;") or after[:1] in set(_NEAR_KEY) or not before or not after


def _dense(values: Sequence[Any]) -> str:
    """Return `values` without any white space, as in `View.dense`."""
    written = (json.dumps(value, separators=(",", ":"), ensure_ascii=False) for value in values)
    return "".join(plain(value).replace(" ", "") for value in written)


def _count_probe(path: str, count: int, dense: str) -> Probe:
    """Return the probe of the length of an array: stated, or all of it is there to be counted."""

    def check(view: View) -> bool:
        return str(count) in view.stated or f"{count:,}" in view.raw or dense in view.dense

    return Probe("count", must=True, fact=f"{path or 'array'}: {count}", check=check)


def _table_probes(records: Sequence[Mapping[str, Any]]) -> Iterator[Probe]:
    flat = [_flat(record) for record in records]
    flat = [record for record in flat if record]
    size = sum(len(json.dumps(record)) for record in records[:100]) // min(len(records), 100)
    yield from record_probes(flat, window=3 * size + 200)
    yield from _odd_literals(records)


def _flat(record: Mapping[str, Any], prefix: str = "", depth: int = 3) -> dict[str, str]:
    """Return the scalars of an object, those of objects in it by dotted names."""
    flat: dict[str, str] = {}
    for name, value in record.items():
        if isinstance(value, dict) and depth:
            flat |= _flat(value, f"{prefix}{name}.", depth - 1)
        elif isinstance(value, str) and value.strip():
            flat[prefix + name] = value
    return flat


def _odd_literals(records: Sequence[Mapping[str, Any]]) -> Iterator[Probe]:
    """Yield the rows in which null, true or false stands where it is rare."""
    if len(records) < _BIG:
        return
    rows: dict[tuple[str, Any], list[int]] = {}
    for row, record in enumerate(records):
        for name, value in record.items():
            if value is None or isinstance(value, bool):
                rows.setdefault((name, value), []).append(row)
    for (_, value), places in rows.items():
        for place in places if len(places) <= 2 else ():
            identity = next(iter(_flat(records[place]).values()), "")
            if identity and len(identity) <= _LONGEST:
                yield has(f"rare {json.dumps(value)}", identity)


def _error_probes(name: str, strings: Sequence[str]) -> Iterator[Probe]:
    """Yield the strings that tell of errors; documentation only tells about them."""
    wrong = [value for value in strings if _ERROR.search(value) and not _PATH.fullmatch(value)]
    distinct = {_DIGITS.sub("0", value): value for value in reversed(wrong)}
    rare = 4 * len(wrong) <= len(strings) or len(distinct) <= _BIG
    must = rare and not _PROSE.search(name)
    for value in reversed(distinct.values()):
        yield has("error", value, must=must)


def _random_strings(text: str, walk: _Walk) -> Iterator[Probe]:
    strings = [value for values in walk.strings.values() for value in values if value.strip()]
    numbers = generator(text)
    for value in numbers.sample(strings, min(INFORMATION, len(strings))):
        yield has("random string", value, must=False)
