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
from itertools import chain, islice
from typing import TypeAlias

from sharedctx.exact_json import Value, dump_string, is_number
from sharedctx_workers.compressors.json_ranks import speaking_of_errors

__all__ = ("Summary", "is_map", "outline", "pack", "summarize")

_NAME = re.compile(r"[\w$@/.-]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ][\d:.,]+(?:Z|[-+]\d\d:?\d\d)?)?")
_MAX_LINE = 240
_MAX_DEPTH = 10
_MAX_VALUE = 80
# So many different values are told one by one, if some repeat; so few characters of them anyway.
_FEW, _SHORT = 12, 160
# Values that repeat so often in the mean are categories, told in at most so many characters.
_CATEGORY, _MAX_CATEGORIES = 4, 2400
_TOP = 6
_MIN_PREFIX = 10
_MAX_WORD, _MAX_DIGITS = 16, 4
_NO_NUMBERS = (b"NaN", b"Infinity", b"-Infinity")
_MAX_SORTS, _MAX_WRONG = 10, 200
_DIGITS = re.compile(r"\d+")
# Objects with more different members than this, each in few of them, are used as dictionaries.
_MAX_MEMBERS = 8
_MANY_MEMBERS = 48
# An outline lists the keys of dictionaries with at most so many: if that is little, and anyway.
_MANY_KEYS, _FEW_KEYS = 200, 40
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
    """

    outline: list[str]
    lines: list[str]
    wrong: list[str]
    names: list[str]
    speaks_of_errors: bool


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
            texts.append(_numbers(by_kind[bytes]))
        if str in by_kind:
            counts = Counter(by_kind[str])
            texts.append(_strings(counts, len(by_kind[str])))
            wrong = list(speaking_of_errors(counts))
            self.speaks_of_errors = self.speaks_of_errors or bool(wrong)
            if len(counts) > 2:
                self.wrong.update(dict.fromkeys(_sorts(wrong)))
        for kind in (bool, type(None)):
            counts = Counter(by_kind.get(kind, ()))
            texts += [
                _times({True: "true", False: "false", None: "null"}[value], count, len(values))
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
    wrong = [dump_string(text) for text in summarizer.wrong if text not in told]
    return Summary(
        outline=_outline(node, size),
        lines=pack(entries, "; "),
        wrong=wrong,
        names=list(map(_name, names)),
        speaks_of_errors=summarizer.speaks_of_errors,
    )


def outline(value: Value, size: int) -> list[str]:
    """Return the names of all members in `value`, those of similar objects once, in lines.

    Args:
        value: An object.
        size: How many characters it takes.
    """
    return _outline(_describe([value])[1], size)


def _describe(values: Sequence[Value]) -> tuple[_Summarizer, _Node]:
    summarizer = _Summarizer()
    node = summarizer.node(values)
    if summarizer.nested:
        summarizer = _Summarizer(frozenset(summarizer.nested))
        node = summarizer.node(values)
    return summarizer, node


def _outline(node: _Node, size: int) -> list[str]:
    """Return an outline of values of `size` characters: the fullest that is in proportion."""
    for most, share in ((_MANY_KEYS, 5.0), (_FEW_KEYS, 1.25), (0, 1.25)):
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


def _numbers(literals: list[Value]) -> str:
    counts = Counter(literals)
    if len(counts) <= _TOP and 3 * len(counts) <= len(literals):
        return _frequent({value.decode(): count for value, count in counts.items()})
    odd = [f"{value.decode()} x{counts.pop(value)}" for value in _NO_NUMBERS if value in counts]
    if not counts:
        return ", ".join(odd)
    return ", ".join([_extent([literal.decode() for literal in counts]), *odd])


def _extent(numbers: Iterable[str]) -> str:
    """Return the least and the greatest of `numbers`, as they are written."""
    least, greatest = min(numbers, key=float), max(numbers, key=float)
    return _cut(least) if least == greatest else f"{_cut(least)} to {_cut(greatest)}"


def _sorts(texts: Sequence[str]) -> Iterator[str]:
    """Yield the first of each sort of texts, a few sorts; numbers make no sort of their own."""
    found: dict[str, str] = {}
    for text in texts:
        found.setdefault(_DIGITS.sub("0", text[:_MAX_WRONG]), text)
    for text in islice(found.values(), _MAX_SORTS):
        yield _cut(text, _MAX_WRONG)


def _strings(counts: Counter[str], total: int) -> str:
    """Return what strings are: all of them if they are categories, or few and short."""
    repeated = 3 * len(counts) <= 2 * total
    sizes = sum(map(len, counts))
    if len(counts) <= 2 or (repeated and len(counts) <= _FEW) or sizes + 4 * len(counts) <= _SHORT:
        return _frequent({_short(value): count for value, count in counts.items()})
    if all(map(_DATE.fullmatch, islice(counts, 20))) and all(map(_DATE.fullmatch, counts)):
        return f"{min(counts)} to {max(counts)}"
    if _CATEGORY * len(counts) <= total:
        return _categories(counts)
    if all(map(is_number, islice(counts, 20))) and all(map(is_number, counts)):
        return f"{len(counts)} different, {_extent(counts)}"
    prefix = _common_prefix(min(counts), max(counts))
    if len(prefix) >= _MIN_PREFIX:
        return f"{len(counts)} different, all beginning {_short(prefix)}"
    common = [(_short(v), n) for v, n in counts.most_common(3) if 10 * n >= total > 20]
    return ", ".join([f"{len(counts)} different", *(f"{value} x{n}" for value, n in common)])


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


def _cut(text: str, most: int = _MAX_VALUE) -> str:
    return text if len(text) <= most else f"{text[: most - 8]}…({len(text)} chars)"


def _short(value: str) -> str:
    """Return a string on one line: quoted where it could be misread, cut when long."""
    cut = _cut(value)
    plain = cut.isprintable() and cut == cut.strip() and not set(cut) & set(',;"{}[]')
    plain = plain and ": " not in cut
    return cut if cut and plain and not cut[:1].isdigit() else dump_string(cut)


def pack(entries: Iterable[str], separator: str) -> list[str]:
    """Return `entries` in lines."""
    lines: list[str] = []
    for entry in entries:
        if lines and len(lines[-1]) + len(entry) <= _MAX_LINE:
            lines[-1] += separator + entry
        else:
            lines.append(entry)
    return lines
