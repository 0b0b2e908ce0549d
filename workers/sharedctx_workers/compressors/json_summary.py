"""What many JSON values have in common: members, how often, ranges, and frequent values.

A summary of rows reads ``id: 0 to 299; status: ok x297, error x3; geo: {city: Oslo x200, Rome
x100}; tags: [0 to 3 of: a x5, b x2]``. Whatever nests in the rows is in it, merged: each member is
told once, however often it appears. It is a function of the data alone, and all it says is exact.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import TypeAlias

from sharedctx.exact_json import Value, dump_string
from sharedctx_workers.compressors.json_ends import Ends
from sharedctx_workers.compressors.json_ranks import speaking_of_errors
from sharedctx_workers.compressors.json_values import (
    sorts_of,
    tell_numbers,
    tell_range,
    tell_strings,
    tell_times,
)

__all__ = ("Summary", "is_map", "outline", "pack", "summarize")

_NAME = re.compile(r"[\w$@/.-]+")
_MAX_LINE = 240
_MAX_DEPTH = 14
_MAX_WORD, _MAX_DIGITS = 16, 4
# Objects with more different members than this, each in few of them, are used as dictionaries.
_MAX_MEMBERS = 4
_MANY_MEMBERS = 48
# An outline lists the keys of dictionaries with at most so many: if that is little, and anyway.
_MANY_KEYS, _SOME_KEYS, _FEW_KEYS = 200, 100, 40
# The first and the last of rows that are longer than this are told, because they may be cut.
_LONG_ROW = 200
_Members: TypeAlias = list[tuple[str, int, "_Node"]]  # name, in how many objects, what it is


@dataclass(frozen=True, slots=True)
class Summary:
    """What values have in common.

    Attributes:
        outline: The names of all members, as `outline` returns them.
        lines: What is to be said about them.
        wrong: Strings in them that speak of errors, as far as `lines` do not have them.
        names: Keys of the dictionaries in them.
        speaks_of_errors: Whether any string in them does.
        ends: The first and the last items of the arrays in them.
    """

    outline: list[str]
    lines: list[str]
    wrong: list[str]
    names: list[str]
    speaks_of_errors: bool
    ends: list[str]


@dataclass(frozen=True, slots=True)
class _Node:
    """What the values at one place are."""

    texts: list[str] = field(default_factory=list)
    items: tuple[str, _Node] | None = None  # how many of what
    members: _Members = field(default_factory=list)
    keys: tuple[str, ...] = ()  # of dictionaries, whose values are `items`

    def names(self, most: int) -> str:
        """Return how many items there are, the names of members, and at `most` so many keys."""
        text = ""
        if self.keys and self.items:
            few = len(self.keys) <= most and _are_words(self.keys)
            shown = ", ".join(map(_name, self.keys)) if few else f"{len(self.keys)} keys"
            inner = self.items[1].names(most)
            return f"{{{shown}}} each {inner}" if inner else f"{{{shown}}}"
        if self.items:
            amount, node = self.items
            text = f"[{amount.removesuffix('s').removesuffix(' item')}]{node.names(most)}"
        if self.members:
            inner = ", ".join(f"{_name(name)}{node.names(most)}" for name, _, node in self.members)
            text += f"{{{inner}}}"
        return text

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
    """Describes values; collects the keys of dictionaries and what is wrong on the way.

    Args:
        trees: Names of members that nest in members of the same name. They are told once, with
            what they hold at every depth.
    """

    def __init__(self, trees: AbstractSet[str] = frozenset()) -> None:
        self._trees = trees
        self.nested: set[str] = set()  # what `trees` should have been
        self.names: dict[str, None] = {}
        self.wrong: dict[str, None] = {}
        self.ends = Ends()
        self.speaks_of_errors = False

    def node(self, values: Sequence[Value], path: tuple[str, ...] = ()) -> _Node:
        """Return what `values` are; `path` are the names of the members that they are in."""
        by_kind: dict[type, list[Value]] = {}
        for kind in set(map(type, values)):
            by_kind[kind] = [value for value in values if type(value) is kind]
        if len(by_kind) == 1:
            by_kind = {next(iter(by_kind)): list(values)}
        texts = []
        if bytes in by_kind:
            texts.append(tell_numbers(by_kind[bytes], len(values)))
        if str in by_kind:
            counts = Counter(by_kind[str])
            texts.append(tell_strings(counts, len(values)))
            wrong = list(speaking_of_errors(counts))
            self.speaks_of_errors = self.speaks_of_errors or bool(wrong)
            if len(counts) > 2:
                self.wrong.update(dict.fromkeys(sorts_of(wrong)))
        for kind in (bool, type(None)):
            counts = Counter(by_kind.get(kind, ()))
            texts += [
                tell_times({True: "true", False: "false", None: "null"}[value], count, len(values))
                for value, count in counts.most_common()
            ]
        node = _Node(texts)
        if list not in by_kind and tuple not in by_kind:
            return node
        if len(path) < _MAX_DEPTH:
            return self._containers(node, by_kind, len(values), path)
        self.nested.update(name for name in path if path.count(name) > 1)
        return _Node([*texts, "nested further"])

    def _containers(
        self, node: _Node, by_kind: dict[type, list[Value]], total: int, path: tuple[str, ...]
    ) -> _Node:
        """Return `node` with what is in arrays and objects."""
        lists, objects = by_kind.get(list, []), by_kind.get(tuple, [])
        items = None
        if lists:
            self.ends.add(path, lists)
            amount = tell_range(list(map(len, lists)), "item")
            if len(lists) < total:
                amount = f"{len(lists)} times {amount}"
            items = (amount, self.node(list(chain.from_iterable(lists)), (*path, "[]")))
        texts = list(node.texts)
        full = [item for item in objects if item]
        if len(full) < len(objects):
            texts.append(tell_times("{}", len(objects) - len(full), total))
        columns = _columns(full)
        if len(columns) > _MAX_MEMBERS and _are_maps(full, columns):
            self.names.update(dict.fromkeys(columns))
            keys = tell_range(list(map(len, full)), "key")
            inner = self.node(list(chain.from_iterable(columns.values())), (*path, "{}"))
            told = f"{keys}, {len(columns)} different"
            return _Node([*texts, told], ("each", inner), keys=tuple(columns))
        members = [
            (name, len(values) if len(values) != total else 0, self._member(name, values, path))
            for name, values in columns.items()
        ]
        return _Node(texts, items, members)

    def _member(self, name: str, values: Sequence[Value], path: tuple[str, ...]) -> _Node:
        if name not in self._trees:
            return self.node(values, (*path, name))
        if name in path:
            return _Node(["as above"])
        node = self.node(list(_at_every_depth(values, name)), (*path, name))
        return replace(node, texts=["at every depth", *node.texts])


def _at_every_depth(values: Sequence[Value], name: str) -> Iterator[Value]:
    """Yield `values` and those of members called `name` in them, at any depth."""
    yield from values
    level = list(values)
    while level:
        below: list[Value] = []
        for value in level:
            if type(value) is list:
                below += value
            elif type(value) is tuple:
                below += [inner for _, inner in value]
                yield from (inner for key, inner in value if key == name)
        level = [value for value in below if type(value) in (list, tuple)]


def _are_words(keys: Sequence[str]) -> bool:
    """Whether keys are names rather than hashes or other machine-made identifiers."""
    text = "".join(keys)
    is_short = len(text) <= _MAX_WORD * len(keys)
    return is_short or _MAX_DIGITS * sum(map(text.count, "0123456789")) <= len(text)


def _are_maps(objects: Sequence[Value], columns: dict[str, list[Value]]) -> bool:
    """Whether objects are used as dictionaries: each has few of the keys, the values are alike."""
    if 3 * sum(map(len, objects)) < len(columns) * len(objects):
        kinds = {type(value) for values in columns.values() for value in values}
        return len(kinds) == 1 or len(columns) > _MANY_MEMBERS
    return all(map(is_map, objects))


def summarize(values: Sequence[Value], size: int, keys: Sequence[str] = ()) -> Summary:
    """Return a summary of `values`.

    Args:
        values: Values, as `sharedctx.exact_json` has them; similar ones, as in an array.
        size: How many characters they take.
        keys: Their keys, if they are the values of an object that is used as a dictionary.
    """
    summarizer, node = _describe(values)
    names = dict.fromkeys(keys) | summarizer.names
    entries = list(node.entries())
    if node.members and len(entries) == 1:
        entries = [entries[0].removeprefix("{").removesuffix("}")]
    told = "; ".join(entries)
    if not keys and size > _LONG_ROW * len(values):
        summarizer.ends.add(("rows",), [list(values)], first=True)
    wrong = [dump_string(text) for text in summarizer.wrong if text not in told]
    return Summary(
        outline=_outline(node, size),
        lines=pack(entries, "; "),
        wrong=wrong,
        names=list(map(_name, names)),
        speaks_of_errors=summarizer.speaks_of_errors,
        ends=pack(summarizer.ends.entries(), ", "),
    )


def outline(value: Value, size: int) -> tuple[list[str], list[str]]:
    """Return the names of all members in `value`, those of similar objects once, in lines.

    After them come the first and the last items of the arrays in it.

    Args:
        value: An object.
        size: How many characters it takes.
    """
    summarizer, node = _describe([value])
    return _outline(node, size), pack(summarizer.ends.entries(), ", ")


def _describe(values: Sequence[Value]) -> tuple[_Summarizer, _Node]:
    summarizer = _Summarizer()
    node = summarizer.node(values)
    if summarizer.nested:
        summarizer = _Summarizer(frozenset(summarizer.nested))
        node = summarizer.node(values)
    return summarizer, node


def _outline(node: _Node, size: int) -> list[str]:
    """Return an outline of values of `size` characters: the fullest that is in proportion."""
    for most, share in ((_MANY_KEYS, 4.0), (_SOME_KEYS, 3.0), (_FEW_KEYS, 1.25), (0, 1.25)):
        if node.members:
            names = [f"{_name(name)}{inner.names(most)}" for name, _, inner in node.members]
        else:
            names = [node.names(most)]
        if share * sum(map(len, names)) <= size:
            return pack(filter(None, names), ", ")
    return []


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


def pack(entries: Iterable[str], separator: str) -> list[str]:
    """Return `entries` in lines."""
    lines: list[str] = []
    for entry in entries:
        if lines and len(lines[-1]) + len(entry) <= _MAX_LINE:
            lines[-1] += separator + entry
        else:
            lines.append(entry)
    return lines
