"""Where code can be folded: bodies and long values, with what is said and done inside.

One walk over the syntax tree finds every part between brackets, or indented, that can be left out
such that the rest still parses; the statements in it; what it defines, calls and raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from tree_sitter import Node

from sharedctx_workers.compressors.code_parse import Parsed
from sharedctx_workers.compressors.languages import Language

__all__ = ("Fold", "Item", "Kind", "definitions", "find_folds")

_MIN_BODY = 48
_MIN_DATA = 240
_MAX_NAMES = 24
_NAME = re.compile(r"[A-Za-z_$~][\w$]*[?!]?")
_CALLEE = re.compile(r"([A-Za-z_$][\w$]*[?!]?)\W*$")
_HEAD = 120
_OPENERS = {"{": "}", "[": "]", "(": ")"}
_KEYWORDS = frozenset("raise throw new await yield return self this super".split())  # noqa: SIM905  # words read best as words


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
    """What can be left out: ``text[start:end]``.

    Attributes:
        kind: What it is the inside of.
        items: The statements in it, in order.
        calls: What is called in it, as keys in order of appearance.
        throws: What is raised in it, likewise.
        has_imports: Whether something is imported in it.
        has_definitions: Whether something is defined in it, at any depth.
    """

    kind: Kind
    start: int
    end: int
    items: list[Item] = field(default_factory=list)
    calls: dict[str, None] = field(default_factory=dict)
    throws: dict[str, None] = field(default_factory=dict)
    has_imports: bool = False
    has_definitions: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a reader wants to see into it before seeing all of it."""
        if self.kind in (Kind.FILE, Kind.TYPE) or self.has_definitions:
            return True
        return self.has_imports and self.kind is Kind.BLOCK


def definitions(root: Fold) -> Iterator[str]:
    """Yield the names that are defined in `root`, except inside functions that have a name."""
    folds = [root]
    while folds:
        for item in folds.pop().items:
            yield from item.defines
            folds += [fold for fold in item.folds if fold.kind is not Kind.FUNCTION]


def find_folds(parsed: Parsed, language: Language) -> Fold:
    """Return the whole of `parsed` as a fold."""
    return _Walk(parsed, language).root


class _Walk:
    """The walk. `_levels` holds folds that are open, with the depth of their nodes."""

    def __init__(self, parsed: Parsed, language: Language) -> None:
        self._source = parsed.masked
        self._text = parsed.text
        self._language = language
        self._definers = language.functions | language.types
        self._special = frozenset().union(
            *(self._definers, language.bodies, language.data, language.imports),
            *(language.calls, language.throws, language.transparent),
        )
        self._by_indent = language.style.after == ""
        self.root = Fold(Kind.FILE, 0, len(self._source))
        self._levels: list[tuple[Fold, int]] = [(self.root, 0)]
        self._named: list[tuple[bool, str]] = []  # enclosing nodes: do they define, their type
        self._run(parsed)

    def _run(self, parsed: Parsed) -> None:
        cursor = parsed.tree.walk()
        levels, path = self._levels, self._named
        special = self._special
        while True:
            node = cursor.node
            assert node is not None
            kind = node.type
            depth = len(path)
            defines = False
            fold, at = levels[-1]
            if depth == at + 1 and kind not in self._language.transparent:
                self._item(fold, node)
            if kind in special:
                defines = self._enter(node, depth)
            if cursor.goto_first_child():
                path.append((defines, kind))
                continue
            self._leave(depth)
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return
                path.pop()
                self._leave(len(path))

    def _item(self, fold: Fold, node: Node) -> None:
        start, end = node.start_byte, node.end_byte
        if start >= fold.start and end <= fold.end and start < end:
            fold.items.append(Item(node.type, start, end))

    def _leave(self, depth: int) -> None:
        """Close the fold whose node is at `depth`, if there is one."""
        if depth and self._levels[-1][1] == depth:
            fold, _ = self._levels.pop()
            outer = self._levels[-1][0]
            if outer is fold:
                return
            for names, more in ((outer.calls, fold.calls), (outer.throws, fold.throws)):
                if len(names) < _MAX_NAMES:
                    names.update(more)
            outer.has_imports |= fold.has_imports
            outer.has_definitions |= fold.has_definitions

    def _enter(self, node: Node, depth: int) -> bool:
        """Take note of a node; return whether it defines something."""
        language, kind = self._language, node.type
        fold = self._levels[-1][0]
        if kind in self._definers:
            name = self._name(node)
            if name and fold.items:
                fold.items[-1].defines.append(name)
                fold.has_definitions = True
            return bool(name)
        if kind in language.calls or kind in language.throws or kind in language.imports:
            self._note(node, fold)
        elif kind in language.transparent:
            if depth == self._levels[-1][1] + 1:
                self._levels.append((fold, depth))
        elif fold.items:
            self._fold(node, depth, fold)
        return False

    def _note(self, node: Node, fold: Fold) -> None:
        """Take note of something that is called, raised or imported."""
        if node.type in self._language.imports:
            fold.has_imports = True
        elif node.type in self._language.calls:
            if len(fold.calls) < _MAX_NAMES and (name := self._callee(node)):
                fold.calls[name] = None
        elif len(fold.throws) < _MAX_NAMES:
            head = self._text[node.start_byte : min(node.end_byte, node.start_byte + _HEAD)]
            found = [word for word in _NAME.findall(head) if word not in _KEYWORDS]
            fold.throws.update(dict.fromkeys(found[:1]))

    def _fold(self, node: Node, depth: int, outer: Fold) -> None:
        """Open a fold for `node` if it can be left out."""
        inside = self._inside(node)
        if inside is None or inside[0] < outer.start or inside[1] > outer.end:
            return
        kind = self._kind(node)
        if kind is Kind.DATA and inside[1] - inside[0] < _MIN_DATA:
            return
        fold = Fold(kind, *inside)
        if self._by_indent:
            fold.items += self._comments_before(node, outer)
            fold.start = min([fold.start, *(self._line(item.start) for item in fold.items)])
        outer.items[-1].folds.append(fold)
        self._levels.append((fold, depth))

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

    def _kind(self, node: Node) -> Kind:
        if node.type in self._language.data:
            return Kind.DATA
        defines, parent = self._named[-1] if self._named else (False, "")
        if parent in self._language.anonymous:
            outer = self._named[-2] if len(self._named) > 1 else (False, "")
            return Kind.FUNCTION if outer[0] else Kind.ANONYMOUS
        if parent in self._language.types:
            return Kind.TYPE
        return Kind.FUNCTION if defines else Kind.BLOCK

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
        if stop and not source[start:stop].strip() and not source[begin:end].strip():
            return (stop, begin) if stop < begin else None
        return None if self._by_indent else (start, end)

    def _name(self, node: Node) -> str:
        """Return the name that `node` defines, or nothing."""
        kind = node.type
        if kind in ("variable_declarator", "assignment_expression", "pair", "field_definition") or (
            kind == "public_field_definition"
        ):
            value = node.child_by_field_name("value") or node.child_by_field_name("right")
            if value is None or value.type not in self._language.anonymous:
                return ""
        if kind in (
            "struct_specifier",
            "union_specifier",
            "enum_specifier",
            "class_specifier",
        ) and (node.child_by_field_name("body") is None):
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

    def _callee(self, node: Node) -> str:
        start = node.start_byte
        head = self._text[start : min(node.end_byte, start + _HEAD)]
        head = head.removeprefix("new ").partition("(")[0]
        if self._language.name == "bash":
            head = head.split(None, 1)[0] if head.strip() else ""
            return head if _NAME.fullmatch(head) else ""
        found = _CALLEE.search(head.partition("{")[0])
        return found[1] if found and found[1] not in _KEYWORDS else ""
