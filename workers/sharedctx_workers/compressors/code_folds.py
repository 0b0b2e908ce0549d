"""Where code can be folded: bodies and long values, with what is said and done inside.

A query finds the nodes that matter, in document order; one pass over them nests what is between
brackets, or indented, and can be left out such that the rest still parses, and notes what is
defined, called, raised and imported in it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import NamedTuple

from tree_sitter import Node, Query, QueryCursor

from sharedctx_workers.compressors.code_parse import Parsed
from sharedctx_workers.compressors.languages import Language, grammar

__all__ = ("Fold", "Item", "Kind", "Mentions", "definitions", "find_folds")

_MIN_BODY = 48
_MIN_DATA = 240
_NAME = re.compile(r"[A-Za-z_$~][\w$]*[?!]?")
_CALLEE = re.compile(r"([A-Za-z_$][\w$]*[?!]?)\W*$")
_HEAD = 120
_LOADS = ("require(", "import(", "require_relative ", "require '", 'require "')  # calls
# Nobody reads what is nested deeper, and looking for line breaks takes too long there.
_MAX_NESTING = 100
_MAX_DEPTH = 1_000  # of nodes; queries take quadratic time in it
_OPENERS = {"{": "}", "[": "]", "(": ")"}
_KEYWORDS = frozenset("raise throw new await yield return self this super".split())  # noqa: SIM905  # words read best as words
# What is in the parameters of a function is part of its signature, however long.
_PARAMETERS = ("parameters", "formal_parameters", "parameter_list", "method_parameters")
_FIELDS = ("field_definition", "public_field_definition")
_VALUES = frozenset(("variable_declarator", "assignment_expression", "pair", *_FIELDS))
_SPECIFIERS = frozenset(
    ("struct_specifier", "union_specifier", "enum_specifier", "class_specifier")
)


class Mentions:
    """What a text calls, raises and imports, and where; names are read only when asked for."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._calls: list[tuple[int, int]] = []
        self._throws: list[tuple[int, int]] = []
        self._imports: list[tuple[int, int]] = []

    def add(self, kind: str, start: int, end: int) -> bool:
        """Take note of a node of type `kind` if that says one of these; return whether it does."""
        language = self._language
        if kind in language.calls:
            is_import = self._text.startswith(_LOADS, start)
            (self._imports if is_import else self._calls).append((start, end))
        elif kind in language.imports:
            self._imports.append((start, end))
        elif kind in language.throws:
            self._throws.append((start, end))
        else:
            return False
        return True

    def has_import(self, start: int, end: int) -> bool:
        """Whether something is imported in ``text[start:end]``."""
        return any(True for _ in _within(self._imports, start, end))

    def imports(self, start: int, end: int) -> Iterator[str]:
        """Yield what is imported in ``text[start:end]``, as it is written."""
        for begin, stop in _within(self._imports, start, end):
            yield " ".join(self._text[begin : min(stop, begin + _HEAD)].split()).rstrip(";")

    def throws(self, start: int, end: int) -> Iterator[str]:
        """Yield what is raised in ``text[start:end]``."""
        for begin, stop in _within(self._throws, start, end):
            head = self._text[begin : min(stop, begin + _HEAD)]
            yield from [word for word in _NAME.findall(head) if word not in _KEYWORDS][:1]

    def calls(self, start: int, end: int) -> Iterator[str]:
        """Yield the names of what is called in ``text[start:end]``."""
        for begin, stop in _within(self._calls, start, end):
            head = self._text[begin : min(stop, begin + _HEAD)].removeprefix("new ")
            if self._language.name == "bash":
                found = _NAME.match(head)
                name = found[0] if found else ""
            else:
                found = _CALLEE.search(head.partition("(")[0].partition("{")[0])
                name = found[1] if found else ""
            if name and name not in _KEYWORDS:
                yield name


def _within(places: list[tuple[int, int]], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield those of the sorted `places` that begin in the range."""
    for at in range(bisect_left(places, (start, 0)), len(places)):
        if places[at][0] >= end:
            return
        yield places[at]


class Kind(Enum):
    """What a fold is the inside of."""

    FILE = "file"
    TYPE = "type"
    FUNCTION = "function"
    ANONYMOUS = "anonymous"
    BLOCK = "block"
    DATA = "data"


@dataclass(slots=True)
class Item:
    """A statement or member: ``text[start:end]``.

    Attributes:
        type: Type of its node.
        folds: What can be folded in it, outermost only, in order.
        defines: Names it defines outside of its folds.
    """

    type: str
    start: int
    end: int
    folds: list[Fold] = field(default_factory=list)
    defines: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Fold:
    """What can be left out: ``text[start:end]``, whole lines where it has lines of its own.

    Attributes:
        kind: What it is the inside of.
        tight: The same without its first line break and with the indentation of what closes it:
            all that is between its brackets.
        node: What its statements are the children of; None when `items` is given.
        language: The language it is in.
        mentions: What is said in the whole text.
        leading: Comments that belong to it although they are not in `node`.
        folds: What can be folded in it, outermost only, in order.
        defines: Where names are defined in it outside of those, in order.
        has_definitions: Whether something is defined in it, at any depth.
        has_groups: Whether there is a group in it.
    """

    kind: Kind
    start: int
    end: int
    tight: tuple[int, int]
    node: Node | None
    language: Language
    mentions: Mentions
    leading: list[Item] = field(default_factory=list)
    folds: list[Fold] = field(default_factory=list)
    defines: list[tuple[int, str]] = field(default_factory=list)
    has_definitions: bool = False
    has_groups: bool = False
    _items: list[Item] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a reader wants to see into it before seeing all of it."""
        return self.has_groups or self.is_structure

    @property
    def is_structure(self) -> bool:
        """Whether a reader must see into it to know what there is."""
        if self.kind in (Kind.FILE, Kind.TYPE) or self.has_definitions:
            return True
        return self.kind is Kind.BLOCK and self.mentions.has_import(self.start, self.end)

    @property
    def items(self) -> list[Item]:
        """The statements in it, in order."""
        if self._items is None:
            self._items = self._find_items()
        return self._items

    @items.setter
    def items(self, items: list[Item]) -> None:
        self._items = items

    def _find_items(self) -> list[Item]:
        items = list(self.leading)
        pending = list(reversed(self.node.children)) if self.node else []
        while pending:
            node = pending.pop()
            if node.type in self.language.transparent:
                pending += reversed(node.children)
                continue
            start, end = node.start_byte, node.end_byte
            if self.start <= start < end <= self.end:
                items.append(Item(node.type, start, end))
        starts = [item.start for item in items]
        for fold in self.folds:
            if (at := bisect_right(starts, fold.tight[0]) - 1) >= 0:
                items[at].folds.append(fold)
        for place, name in self.defines:
            if (at := bisect_right(starts, place) - 1) >= 0:
                items[at].defines.append(name)
        return items


def definitions(root: Fold) -> Iterator[str]:
    """Yield the names that are defined in `root`, except inside functions that have a name."""
    folds = [root]
    while folds:
        fold = folds.pop()
        yield from (name for _, name in fold.defines)
        folds += [inner for inner in fold.folds if inner.kind is not Kind.FUNCTION]


def find_folds(parsed: Parsed, language: Language) -> Fold:
    """Return the whole of `parsed` as a fold."""
    return _Nesting(parsed, language).root


@cache
def _query(language: Language) -> Query:
    """Return the query for the nodes of `language` that matter here."""
    kinds = frozenset().union(
        *(language.functions, language.types, language.anonymous, language.bodies),
        *(language.data, language.imports, language.calls, language.throws, _PARAMETERS),
    )
    known = sorted(kind for kind in kinds if grammar(language).id_for_node_kind(kind, True))  # noqa: FBT003  # positional only
    return Query(grammar(language), f"[{' '.join(f'({kind})' for kind in known)}] @node")


def _place(node: Node) -> tuple[int, int, int]:
    """Return what puts nodes in document order, and what is around others before them."""
    return node.start_byte, -node.end_byte, -node.descendant_count


def _is_marked_type(body: Node) -> bool:
    """Whether `body` is that of ``class MACRO Name``, which reads like a function of C."""
    around = body.parent
    name = around.child_by_field_name("declarator") if around is not None else None
    return name is not None and name.type == "identifier"


class _Open(NamedTuple):
    """A node whose end is yet to come: what is it, does it define, and what folds it opens."""

    end: int
    type: str
    defines: bool
    sealed: bool
    fold: Fold


class _Nesting:
    """The pass over the nodes that matter. `_open` holds those around the present one."""

    def __init__(self, parsed: Parsed, language: Language) -> None:
        self._source = parsed.masked
        self._text = parsed.text
        self._language = language
        self._by_indent = not language.style.after
        self._mentions = Mentions(parsed.text, language)
        self._definers = language.functions | language.types
        size, top = len(self._source), parsed.tree.root_node
        self.root = Fold(Kind.FILE, 0, size, (0, size), top, language, self._mentions)
        self._open = [_Open(size + 1, "", defines=False, sealed=False, fold=self.root)]
        cursor = QueryCursor(_query(language))
        cursor.set_max_start_depth(_MAX_DEPTH)
        nodes = cursor.captures(top).get("node", [])
        for node in sorted(nodes, key=_place):
            self._enter(node)
        while len(self._open) > 1:
            self._leave()

    def _enter(self, node: Node) -> None:
        start, end, kind = node.start_byte, node.end_byte, node.type
        if self._mentions.add(kind, start, end):
            return
        while self._open[-1].end <= start:
            self._leave()
        outer = self._open[-1]
        defines, sealed, fold = False, outer.sealed, outer.fold
        if kind in self._definers:
            if name := self._name(node):
                fold.defines.append((start, name))
                fold.has_definitions = defines = True
        elif kind in _PARAMETERS:
            sealed = True
        elif not sealed and (inner := self._fold(node, outer)):
            fold.folds.append(inner)
            fold = inner
        self._open.append(_Open(end, kind, defines, sealed, fold))

    def _leave(self) -> None:
        """Close the innermost node, and its fold if it has one of its own."""
        fold, outer = self._open.pop().fold, self._open[-1].fold
        if fold is not outer:
            outer.has_definitions |= fold.has_definitions

    def _fold(self, node: Node, outer: _Open) -> Fold | None:
        """Return the fold that `node` is, if it can be left out."""
        language = self._language
        if node.type not in language.bodies and node.type not in language.data:
            return None
        if len(self._open) > _MAX_NESTING:
            return None
        inside = self._inside(node)
        around = outer.fold
        if inside is None or inside[0] < around.start or inside[1] > around.end:
            return None
        kind = self._kind(node, outer)
        if kind is Kind.DATA and (
            inside[1] - inside[0] < _MIN_DATA or outer.type in language.types
        ):
            return None
        tight = inside if self._by_indent else (node.start_byte + 1, node.end_byte - 1)
        fold = Fold(kind, *inside, tight, node, language, self._mentions)
        if self._by_indent:
            fold.leading = self._comments_before(node, around)
            fold.start = min([fold.start, *(self._line(item.start) for item in fold.leading)])
            fold.tight = (fold.start, fold.end)
        return fold

    def _comments_before(self, node: Node, outer: Fold) -> list[Item]:
        """Return the comments on lines of their own between a header and what it holds."""
        found: list[Item] = []
        before = node.prev_sibling
        while before is not None and before.type in self._language.comments:
            line = self._line(before.start_byte)
            if line < outer.start or self._source[line : before.start_byte].strip():
                break
            found.append(Item(before.type, before.start_byte, before.end_byte))
            before = before.prev_sibling
        return found[::-1]

    def _line(self, place: int) -> int:
        return self._source.rfind("\n", 0, place) + 1

    def _kind(self, node: Node, outer: _Open) -> Kind:
        if node.type in self._language.data:
            return Kind.DATA
        if outer.type in self._language.anonymous:
            named = len(self._open) > 1 and self._open[-2].defines
            return Kind.FUNCTION if named else Kind.ANONYMOUS
        is_type = outer.type in self._language.types or node.type == "declaration_list"
        if is_type or _is_marked_type(node):
            return Kind.TYPE
        return Kind.FUNCTION if outer.defines else Kind.BLOCK

    def _inside(self, node: Node) -> tuple[int, int] | None:
        """Return what can be left out of `node`: whole lines, or what is between its brackets."""
        source, start, end = self._source, node.start_byte, node.end_byte
        if end - start < _MIN_BODY:
            return None
        if source[start] in _OPENERS and source[end - 1] == _OPENERS[source[start]]:
            return self._lines(start + 1, end - 1)
        if source.startswith("do", start) and source.endswith("done", start, end):
            return self._lines(start + 2, end - 4)
        if not self._by_indent:
            return None
        line = self._line(start)
        stop = source.find("\n", end)
        stop = len(source) if stop < 0 else stop + 1
        return None if source[line:start].strip() else (line, stop)

    def _lines(self, start: int, end: int) -> tuple[int, int] | None:
        """Return ``(start, end)`` without the rest of the first and the begin of the last line."""
        source = self._source
        stop = source.find("\n", start, end) + 1
        begin = source.rfind("\n", start, end) + 1
        first = source[start:stop].strip()
        if self._by_indent and first.startswith("#"):
            first = ""
        if stop and not first and not source[begin:end].strip():
            return (stop, begin) if stop < begin else None
        return None if self._by_indent else (start, end)

    def _name(self, node: Node) -> str:
        """Return the name that `node` defines, or nothing."""
        if node.type in _VALUES:
            value = node.child_by_field_name("value") or node.child_by_field_name("right")
            if value is None or value.type not in self._language.anonymous:
                return ""
        if node.type in _SPECIFIERS and node.child_by_field_name("body") is None:
            return ""
        for name in ("name", "declarator", "left", "key", "property", "type"):
            child = node.child_by_field_name(name)
            if child is not None:
                return self._identifier(child, first=name in ("name", "key", "property"))
        return ""

    def _identifier(self, node: Node, *, first: bool) -> str:
        text = self._text[node.start_byte : min(node.end_byte, node.start_byte + _HEAD)]
        if first:
            return text if len(text) < _HEAD and "\n" not in text else ""
        found = _CALLEE.search(text.partition("(")[0])
        return found[1] if found else ""
