"""What many JSON values have in common: members, how often, ranges, and frequent values.

A summary of rows reads ``id: 0 to 299; status: ok x297, error x3; geo: {city: Oslo x200, Rome
x100}; tags: [0 to 3 of: a x5, b x2]``. Whatever nests in the rows is in it, merged: each member is
told once, however often it appears. It is a function of the data alone, and all it says is exact.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from os.path import commonprefix
from typing import TypeAlias

from sharedctx.exact_json import Value, dump_string

__all__ = ("Summary", "is_map", "summarize")

_NAME = re.compile(r"[\w$@/.-]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.,]+(?:Z|[-+]\d\d:?\d\d)?)?")
_MAX_LINE = 240
_MAX_DEPTH = 12
_MAX_VALUE = 48
# A member with at most this many different values, each repeated, has categories.
_CATEGORIES = 24
_TOP = 6
_MIN_PREFIX = 10
# Objects with more different members than this, each in few of them, are used as dictionaries.
_MAX_MEMBERS = 8
_MANY_MEMBERS = 48
# Members that hold members of the same name, as in a tree, are followed this far.
_MAX_REPEATS = 2
_Members: TypeAlias = list[tuple[str, int, "_Node"]]  # name, in how many objects, what it is


@dataclass(frozen=True, slots=True)
class Summary:
    """What values have in common.

    Attributes:
        lines: What is to be said about them.
        names: Keys of the dictionaries in them, in lines of their own.
    """

    lines: list[str]
    names: list[str]


@dataclass(frozen=True, slots=True)
class _Node:
    """What the values at one place are."""

    texts: list[str] = field(default_factory=list)
    items: tuple[str, _Node] | None = None  # how many of what
    members: _Members = field(default_factory=list)

    def brief(self) -> str:
        """Return all of it as one text."""
        texts = list(self.texts)
        if self.items:
            amount, node = self.items
            inner = node.brief()
            texts.append(f"[{amount}: {inner}]" if inner else f"[{amount}]")
        if self.members:
            texts.append(f"{{{'; '.join(_entry(*member) for member in self.members)}}}")
        return ", ".join(texts)

    def entries(self, path: str = "", times: int = 0) -> Iterator[str]:
        """Yield it as short texts, each with the path of what it is about."""
        text = self.brief()
        shown = f"{path} in {times}" if times else path
        if len(text) <= _MAX_LINE or not (self.members or self.items):
            yield f"{shown}: {text}" if path else text
            return
        own = list(self.texts)
        if self.items:
            own.append(f"[{self.items[0]}]")
        if own or times:
            yield f"{shown}: {', '.join(own)}" if own else shown
        if self.items:
            yield from self.items[1].entries(f"{path}[]")
        for name, some, node in self.members:
            yield from node.entries(f"{path}.{_name(name)}" if path else _name(name), some)


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) else dump_string(name)


def _entry(name: str, times: int, node: _Node) -> str:
    text = node.brief()
    shown = f"{_name(name)} in {times}" if times else _name(name)
    return f"{shown}: {text}" if text else shown


class _Summarizer:
    """Describes values; collects the keys of dictionaries on the way."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def node(self, values: Sequence[Value], path: tuple[str, ...] = ()) -> _Node:
        """Return what `values` are; `path` are the names of the members that they are in."""
        by_kind: dict[type, list[Value]] = {}
        for kind in set(map(type, values)):
            by_kind[kind] = [value for value in values if type(value) is kind]
        if len(by_kind) == 1:
            by_kind = {next(iter(by_kind)): list(values)}
        texts = []
        if bytes in by_kind:
            texts.append(_numbers(by_kind[bytes]))
        if str in by_kind:
            texts.append(_strings(by_kind[str]))
        for kind in (bool, type(None)):
            counts = Counter(by_kind.get(kind, ()))
            texts += [
                _times({True: "true", False: "false", None: "null"}[value], count, len(values))
                for value, count in counts.most_common()
            ]
        node = _Node(texts)
        if len(path) < _MAX_DEPTH and path.count(path[-1] if path else "") <= _MAX_REPEATS:
            return self._containers(node, by_kind, len(values), path)
        if list in by_kind or tuple in by_kind:
            texts.append("nested further")
        return node

    def _containers(
        self, node: _Node, by_kind: dict[type, list[Value]], total: int, path: tuple[str, ...]
    ) -> _Node:
        """Return `node` with what is in arrays and objects."""
        lists, objects = by_kind.get(list, []), by_kind.get(tuple, [])
        items = None
        if lists:
            amount = _range(list(map(len, lists)), "item")
            if len(lists) < total:
                amount = f"{len(lists)} times {amount}"
            items = (amount, self.node(list(chain.from_iterable(lists)), (*path, "[]")))
        texts = list(node.texts)
        full = [item for item in objects if item]
        if len(full) < len(objects):
            texts.append(_times("{}", len(objects) - len(full), total))
        columns = _columns(full)
        if len(columns) > _MAX_MEMBERS and _are_maps(full, columns):
            self.names.update(dict.fromkeys(columns))
            keys = _range(list(map(len, full)), "key")
            inner = self.node(list(chain.from_iterable(columns.values())), (*path, "{}"))
            return _Node([*texts, f"{keys}, {len(columns)} different"], ("each", inner))
        members = [
            (name, len(values) % total, self.node(values, (*path, name)))
            for name, values in columns.items()
        ]
        return _Node(texts, items, members)


def _are_maps(objects: Sequence[Value], columns: dict[str, list[Value]]) -> bool:
    """Whether objects are used as dictionaries: each has few of the keys, the values are alike."""
    if 3 * sum(map(len, objects)) < len(columns) * len(objects):
        kinds = {type(value) for values in columns.values() for value in values}
        return len(kinds) == 1 or len(columns) > _MANY_MEMBERS
    return all(map(is_map, objects))


def summarize(values: Sequence[Value], keys: Sequence[str] = ()) -> Summary:
    """Return a summary of `values`.

    Args:
        values: Values, as `sharedctx.exact_json` has them; similar ones, as in an array.
        keys: Their keys, if they are the values of an object that is used as a dictionary.
    """
    summarizer = _Summarizer()
    summarizer.names.update(dict.fromkeys(keys))
    node = summarizer.node(values)
    entries = list(node.entries())
    if node.members and len(entries) == 1:
        entries = [entries[0].removeprefix("{").removesuffix("}")]
    return Summary(_packed(entries, "; "), _packed(map(_name, summarizer.names), ", "))


def is_map(members: Sequence[tuple[str, Value]]) -> bool:
    """Whether an object is used as a dictionary: its values are alike, its keys are data."""
    kinds = Counter(type(value) for _, value in members)
    kind, times = kinds.most_common(1)[0]
    if len(members) < 5 or 10 * times < 9 * len(members):
        return False
    if kind is not tuple:
        return len(members) >= (8 if kind is list else 32)
    names = Counter(key for _, value in members if type(value) is tuple for key, _ in value)
    most = max(names.values(), default=0)
    return 5 * most >= 3 * times


def _columns(objects: Sequence[Value]) -> dict[str, list[Value]]:
    """Return the values of each member, in order of first appearance."""
    columns: dict[str, list[Value]] = {}
    for item in objects:
        for key, value in item:
            if key in columns:
                columns[key].append(value)
            else:
                columns[key] = [value]
    return columns


def _numbers(literals: list[Value]) -> str:
    counts = Counter(literals)
    if len(counts) <= _TOP and 3 * len(counts) <= len(literals):
        return _frequent({value.decode(): count for value, count in counts.items()})
    least, greatest = min(counts, key=float), max(counts, key=float)
    if least == greatest:
        return _cut(least.decode())
    return f"{_cut(least.decode())} to {_cut(greatest.decode())}"


def _strings(strings: list[Value]) -> str:
    counts = Counter(strings)
    if len(counts) <= 2 or (len(counts) <= _CATEGORIES and 2 * len(counts) <= len(strings)):
        text = _frequent({_short(value): count for value, count in counts.items()})
        if len(text) <= _MAX_LINE or len(counts) <= _CATEGORIES // 2:
            return text
    if all(map(_DATE.fullmatch, islice(counts, 20))) and all(map(_DATE.fullmatch, counts)):
        return f"{min(counts)} to {max(counts)}"
    text = f"{len(counts)} different"
    least, greatest = min(counts), max(counts)
    prefix = commonprefix((least, greatest))
    if len(prefix) >= _MIN_PREFIX:
        return f"{text}, all beginning {_short(prefix)}"
    common = [(_short(v), n) for v, n in counts.most_common(3) if 10 * n >= len(strings) > 20]
    return ", ".join([text, *(f"{value} x{count}" for value, count in common)])


def _frequent(counts: dict[str, int]) -> str:
    if len(counts) == 1:
        ((value, count),) = counts.items()
        return f"all {value}" if count > 1 else value
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{value} x{count}" for value, count in ranked)


def _times(text: str, count: int, total: int) -> str:
    return f"all {text}" if 1 < count == total else f"{text} x{count}" if total > 1 else text


def _range(sizes: Sequence[int], unit: str) -> str:
    least, greatest = min(sizes), max(sizes)
    amount = f"{least}" if least == greatest else f"{least} to {greatest}"
    return f"{amount} {unit}{'s' * (greatest != 1)}"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 8]}…({len(text)} chars)"


def _short(value: str) -> str:
    """Return a string on one line: quoted where it could be misread, cut when long."""
    cut = _cut(value)
    plain = cut.isprintable() and cut == cut.strip() and not set(cut) & set(',;"{}[]')
    plain = plain and ": " not in cut
    return cut if cut and plain and not cut[:1].isdigit() else dump_string(cut)


def _packed(entries: Sequence[str] | Iterator[str], separator: str) -> list[str]:
    """Return `entries` in lines."""
    lines: list[str] = []
    for entry in entries:
        if lines and len(lines[-1]) + len(entry) <= _MAX_LINE:
            lines[-1] += separator + entry
        else:
            lines.append(entry)
    return lines
