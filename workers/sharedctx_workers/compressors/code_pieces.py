"""Source code as pieces: headers, what they hold, comments, constants.

A piece is whole lines wherever the code allows it, so that a note in place of a piece is a comment
on a line of its own. The pieces cover the text; what is between the brackets of a header never is
in one piece with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from sharedctx.lines import LineIndex
from sharedctx_workers.compressors.code_folds import Fold, Item, Kind
from sharedctx_workers.compressors.code_notes import Doc, doc_of, first_line, stand_in
from sharedctx_workers.compressors.languages import Language

__all__ = ("Piece", "Role", "pieces_of")

_MAX_DEPTH = 16
_MAX_BODY = 2_000
_CHUNK = 400
_SMALL_FUNCTION = 2_000
_IMPORT = re.compile(
    r"(?:require|require_relative|include|include_once|require_once|load|source|\.)\b[ (]"
    r"|(?:const|let|var) [^=\n]{1,200}= ?require\("
)
_CONSTANT = re.compile(r"(?:[\w:<>\[\]*&]+ )*[A-Z][A-Z0-9_]+\b[^=\n(]*=|#[ \t]*define \w+ ")
_SHORT = 160
_SAMPLE = 1_000
_LICENSE = re.compile(r"copyright|licen[sc]e|spdx|all rights reserved", re.IGNORECASE)
_DEAD = re.compile(r"[;{}]\s*$|\w\(.*\)\s*$|^\W*(?:import|return|if) ", re.MULTILINE)
_TOOLING = re.compile(r"#!|.{0,4}-\*-")


class Role(Enum):
    """What a piece is for the reader."""

    IMPORT = "import"
    HEADER = "header"
    DOC = "doc"
    DOC_REST = "doc rest"
    CONSTANT = "constant"
    SIGNATURE = "signature"
    STATEMENT = "statement"
    FIELD = "field"
    BODY = "body"
    DATA = "data"
    COMMENT = "comment"
    DEAD = "dead"


@dataclass(slots=True)
class Piece:
    """``text[start:end]``.

    Attributes:
        role: What it is.
        depth: How many headers it is under.
        header: Index of the piece without which it makes no sense, or -1.
        stand_in: What to show in its place right after what is kept.
    """

    start: int
    end: int
    role: Role
    depth: int
    header: int
    stand_in: str = ""


@dataclass(slots=True)
class _Group:
    """Items that share lines."""

    start: int
    end: int
    items: list[Item]


def pieces_of(text: str, language: Language, root: Fold, share: float) -> list[Piece]:
    """Return the pieces of `text`, in order and without gaps.

    Args:
        text: The source code.
        language: Its language.
        root: All of it, from `find_folds`.
        share: First lines of doc strings stay with the headers while headers, imports and these
            lines are no more than this share of the text.
    """
    layout = _Layout(text, language)
    layout.fold(root, 0, -1)
    if not layout.docs:
        return layout.pieces
    room = share * len(text) - sum(
        piece.end - piece.start if piece.role in (Role.IMPORT, Role.HEADER) else len(piece.stand_in)
        for piece in layout.pieces
    )
    joined = set()
    for doc in sorted(layout.docs, key=lambda doc: (doc.depth, doc.start)):
        room -= doc.end - doc.start
        if room < 0:
            break
        joined.add(doc.start)
    layout = _Layout(text, language, joined)
    layout.fold(root, 0, -1)
    return layout.pieces


class _Layout:
    def __init__(self, text: str, language: Language, joined: set[int] | None = None) -> None:
        self._text = text
        self._language = language
        self._index = LineIndex(text)
        self._joined = joined or set()
        self.pieces: list[Piece] = []
        self.docs: list[Doc] = []

    def fold(self, fold: Fold, depth: int, header: int) -> None:
        """Lay out the inside of a fold that is open."""
        groups = list(self._groups(fold))
        for place, group in enumerate(groups):
            if place == 0:
                group = self._doc(fold, group, depth, header)  # noqa: PLW2901  # the same, cut
            if group.start == group.end:
                continue
            before = len(self.pieces)
            self._group(fold, group, groups[place + 1 : place + 2], depth, header)
            alone = place == 0 and group.start == fold.start and not fold.has_definitions
            if alone and before < len(self.pieces) and fold.kind is not Kind.FILE:
                first = self.pieces[before]
                first.stand_in = self._stand_in(first, fold)

    def _doc(self, fold: Fold, group: _Group, depth: int, header: int) -> _Group:
        """Take the doc string from the first group of a fold; return the rest of the group."""
        doc = doc_of(self._text, group.items[0], fold, depth)
        if doc is None:
            return group
        if fold.kind is Kind.FILE:
            self._add(group.start, doc.end, Role.DOC, depth, header)
            if doc.end < group.end:
                self._rest(doc.end, group.end, depth, len(self.pieces) - 1, doc.closing)
            return _Group(group.end, group.end, [])
        self.docs.append(doc)
        if doc.start not in self._joined or header < 0:
            return group
        self.pieces[header].end = doc.end
        if fold.is_open and doc.end < group.end:
            self._rest(doc.end, group.end, depth, header, doc.closing)
            return _Group(group.end, group.end, [])
        return _Group(doc.end, group.end, group.items)

    def _add(self, start: int, end: int, role: Role, depth: int, header: int) -> int:
        self.pieces.append(Piece(start, end, role, depth, header))
        return len(self.pieces) - 1

    def _stand_in(self, piece: Piece, fold: Fold | None, closing: str = "") -> str:
        return stand_in(self._text, self._index, self._language, piece, fold=fold, closing=closing)

    def _rest(self, start: int, end: int, depth: int, header: int, closing: str) -> None:
        """Add what follows the first line of documentation."""
        rest = Piece(start, end, Role.DOC_REST, depth, header)
        rest.stand_in = self._stand_in(rest, None, closing)
        self.pieces.append(rest)

    def _groups(self, fold: Fold) -> Iterator[_Group]:
        """Yield the items of `fold` in groups that end where a line ends."""
        text, start, group = self._text, fold.start, list[Item]()
        comments = self._language.comments
        attached = False
        for item in fold.items:
            if group:
                before = group[-1].end
                between = text[before - 1 : item.start]
                shared = "\n" not in between
                block = (
                    between.count("\n") == 1
                    and item.type in comments
                    and (group[-1].type in comments and group[0].type in comments)
                )
                if not (shared or block or attached or "heredoc" in item.type):
                    end = text.rfind("\n", before - 1, item.start) + 1
                    yield _Group(start, end, group)
                    start, group = end, []
            group.append(item)
            attached = item.type in self._language.attached
        if group:
            yield _Group(start, fold.end, group)
        elif start < fold.end:
            yield _Group(start, fold.end, [Item("", start, fold.end)])

    def _group(
        self, fold: Fold, group: _Group, following: Sequence[_Group], depth: int, header: int
    ) -> None:
        role = self._role(fold, group, following)
        if role in (Role.DOC, Role.COMMENT, Role.DEAD):
            self._comment(group, role, depth, header)
            return
        folds = [inner for item in group.items for inner in item.folds]
        long = (
            role is not Role.BODY and sum(inner.end - inner.start for inner in folds) > _CHUNK / 2
        )
        if role is Role.HEADER or long:
            # What opens and what closes a fold must be kept both.
            self._split(group, folds, Role.HEADER, depth, header)
        elif not self._joins(group, role, header):
            self._add(group.start, group.end, role, depth, header)

    def _joins(self, group: _Group, role: Role, header: int) -> bool:
        """Make the group part of the last piece, if that is alike and short."""
        if not self.pieces or role is Role.HEADER:
            return False
        last = self.pieces[-1]
        alike = last.role is role and last.header == header and last.end == group.start
        if not alike or (role is not Role.IMPORT and group.end - last.start > _CHUNK):
            return False
        last.end = group.end
        return True

    def _role(self, fold: Fold, group: _Group, following: Sequence[_Group]) -> Role:
        language, items = self._language, group.items
        source = self._text[items[0].start : items[-1].end]
        if all(item.type in language.comments for item in items):
            return self._comment_role(group, source, following)
        is_import = any(item.type in language.imports for item in items)
        if is_import or _IMPORT.match(source[:240]):
            return Role.IMPORT
        if self._is_header(items) or items[0].type.startswith("#"):
            return Role.HEADER
        if fold.kind not in (Kind.TYPE, Kind.FILE):
            return Role.BODY
        return self._value_role(fold, items[0].type, source)

    def _value_role(self, fold: Fold, kind: str, source: str) -> Role:
        if kind in self._language.signatures and "(" in source:
            return Role.SIGNATURE
        if len(source) < _SHORT and _CONSTANT.match(source):
            return Role.CONSTANT
        return Role.FIELD if fold.kind is Kind.TYPE else Role.STATEMENT

    def _comment_role(self, group: _Group, source: str, following: Sequence[_Group]) -> Role:
        if _TOOLING.match(source):
            return Role.IMPORT
        if group.start == 0 and _LICENSE.search(source[:_SAMPLE]):
            return Role.DEAD
        after = following[0].items if following else []
        close = after and self._text.count("\n", group.items[-1].end, after[0].start) < 2
        if close and self._is_header(after):
            return Role.DOC
        return Role.DEAD if _DEAD.search(source[:_SAMPLE]) else Role.COMMENT

    def _is_header(self, items: Sequence[Item]) -> bool:
        return any(
            item.defines or any(fold.is_open for fold in item.folds) for item in items
        ) or any(item.type in self._language.attached for item in items[:1])

    def _comment(self, group: _Group, role: Role, depth: int, header: int) -> None:
        end, closing = group.end, ""
        if role is Role.DOC or (role is Role.COMMENT and group.start == 0):
            role = Role.DOC
            end, closing = first_line(self._text, group.start, group.end)
        if role is not Role.DOC and self._joins(group, role, header):
            return
        self._add(group.start, end, role, depth, header)
        if end < group.end:
            self._rest(end, group.end, depth, len(self.pieces) - 1, closing)

    def _split(
        self, group: _Group, folds: Sequence[Fold], role: Role, depth: int, header: int
    ) -> None:
        """Lay out a group whose folds are pieces of their own."""
        place, head = group.start, -1
        for fold in folds:
            if fold.start > place or head < 0:
                glue = self._add(place, fold.start, role, depth, header if head < 0 else head)
                head = glue if head < 0 else head
            is_open = fold.is_open and depth < _MAX_DEPTH
            if fold.kind is Kind.FUNCTION and fold.end - fold.start < _SMALL_FUNCTION:
                is_open = False
            if is_open:
                self.fold(fold, depth + 1, head)
            else:
                self._closed(fold, depth + 1, head)
            place = fold.end
        if head >= 0 and not self._text[place : group.end].strip():
            self.pieces[-1].end = group.end
        else:
            self._add(place, group.end, role, depth, head if head >= 0 else header)

    def _closed(self, fold: Fold, depth: int, head: int) -> None:
        """Lay out a fold without looking into it: in one piece, or several if it is long."""
        role = Role.DATA if fold.kind is Kind.DATA else Role.BODY
        groups = list(self._groups(fold))
        before = len(self.pieces)
        closing = ""
        start = fold.start
        if groups and self._language.placeholder:
            doc = doc_of(self._text, groups[0].items[0], fold, depth)
            if doc is not None:
                self.docs.append(doc)
                if doc.start in self._joined:
                    self.pieces[head].end = start = doc.end
                    closing = doc.closing or "\n"
        if fold.end - fold.start <= _MAX_BODY:
            if start < fold.end:
                self._add(start, fold.end, role, depth, head)
        else:
            for group in groups:
                if group.end - start >= _CHUNK:
                    self._add(start, group.end, role, depth, head)
                    start = group.end
            if start < fold.end:
                self._add(start, fold.end, role, depth, head)
        if len(self.pieces) > before:
            first = self.pieces[before]
            first.stand_in = self._stand_in(first, fold, closing)
