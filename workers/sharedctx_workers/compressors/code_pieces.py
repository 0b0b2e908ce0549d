"""Source code as pieces: headers, what they hold, comments, constants.

A piece is whole lines wherever the code allows it, or all that is between the brackets of a header.
The pieces cover the text; what is between the brackets of a header never is in one piece with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sharedctx.lines import LineIndex
from sharedctx_workers.compressors.code_folds import Fold, Item, Kind
from sharedctx_workers.compressors.code_notes import Doc, Mark, doc_of, first_line, stand_in
from sharedctx_workers.compressors.code_notes import info_share as share_of_info
from sharedctx_workers.compressors.code_roles import Role, comment_role, is_tooling, role_of
from sharedctx_workers.compressors.languages import Language

__all__ = ("OUTLINE", "Piece", "pieces_of")

OUTLINE = frozenset((Role.IMPORT, Role.HEADER, Role.SIGNATURE, Role.CONSTANT))
"""The roles of what an outline is made of."""

_MAX_DEPTH = 16
_MAX_BODY = 2_000
_CHUNK = 400
_SMALL_FUNCTION = 500
_LONG_FOLDS = 200
_NOTE = 24
_CLOSER = re.compile(r"[\s;,)\]}>]{0,64}|\s{0,32}(?:end|done)\s{0,64}")
_BLANK = re.compile(r"\n[ \t\r]*\n")
_HEADERS = frozenset((Role.HEADER, Role.GROUP))
_ALIKE = frozenset((*OUTLINE - {Role.HEADER}, Role.STATEMENT, Role.FIELD, Role.BODY))


@dataclass(slots=True)
class Piece:
    """``text[start:end]``.

    Attributes:
        role: What it is.
        depth: How many headers it is under.
        header: Index of the piece without which it makes no sense, or -1.
        mark: What its stand-in is for, if it has one.
        stand_in: What to show in its place right after what is kept.
        stands_for: How many pieces the stand-in is for.
        told_by: How many places after it is the piece whose stand-in tells of it too; 0 for none.
    """

    start: int
    end: int
    role: Role
    depth: int
    header: int
    mark: Mark | None = None
    stand_in: str = ""
    stands_for: int = 1
    told_by: int = 0


@dataclass(slots=True)
class _Group:
    """Items that share lines."""

    start: int
    end: int
    items: list[Item]


def pieces_of(text: str, language: Language, root: Fold) -> list[Piece]:
    """Return the pieces of `text`, source code in `language` that `root` is all of.

    They are in order and without gaps.
    """
    layout = _Layout(text, language)
    layout.fold(root, 0, -1)
    pieces = layout.pieces
    outline = sum(piece.end - piece.start for piece in pieces if piece.role in OUTLINE)
    folded = [piece.mark for piece in pieces if piece.mark and piece.mark.fold]
    bodies = sum(mark.end - mark.begin for mark in folded)
    share = share_of_info(outline + _NOTE * len(folded), bodies, len(text))
    index = LineIndex(text)
    for piece in pieces:
        if piece.mark is not None:
            piece.stand_in = stand_in(text, index, language, piece.mark, share)
    return pieces


class _Layout:
    """The pieces so far. `_docs` are those of the comment right before the present group."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._docs: list[int] = []
        self.pieces: list[Piece] = []

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
                if first.role not in OUTLINE and self._language.placeholder:
                    first.mark = Mark(first.start, first.start, first.end, fold)

    def _doc(self, fold: Fold, group: _Group, depth: int, header: int) -> _Group:
        """Take the doc string from the first group of a fold; return the rest of the group."""
        doc = doc_of(self._text, group.items[0], fold)
        if doc is None:
            return group
        index = self._add(group.start, doc.end, Role.DOC, depth, header)
        if fold.kind is not Kind.FILE and not fold.has_definitions and len(fold.items) == 1:
            self.pieces[index].mark = Mark(group.start, group.start, doc.end, fold)
        if doc.end < group.end:
            self._rest(doc.end, group.end, depth, index, doc.closing)
        return _Group(group.end, group.end, [])

    def _add(self, start: int, end: int, role: Role, depth: int, header: int) -> int:
        self.pieces.append(Piece(start, end, role, depth, header))
        return len(self.pieces) - 1

    def _rest(self, start: int, end: int, depth: int, header: int, closing: str) -> None:
        """Add what follows the first line of documentation."""
        index = self._add(start, end, Role.DOC_REST, depth, header)
        self.pieces[index].mark = Mark(start, start, end, None, closing)

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
                    and not is_tooling(text[group[-1].start : group[-1].end])
                )
                attached = attached and _BLANK.search(between) is None
                if not (shared or block or attached or "heredoc" in item.type):
                    end = text.rfind("\n", before - 1, item.start) + 1
                    yield _Group(start, end, group)
                    start, group = end, []
            group.append(item)
            attached = item.type in self._language.attached or (attached and item.type in comments)
        if group:
            yield _Group(start, fold.end, group)
        elif start < fold.end:
            yield _Group(start, fold.end, [Item("", start, fold.end)])

    def _group(
        self, fold: Fold, group: _Group, following: Sequence[_Group], depth: int, header: int
    ) -> None:
        language, items = self._language, group.items
        docs, self._docs = self._docs, []
        if all(item.type in language.comments for item in items):
            after = following[0].items if following else []
            role = comment_role(self._text, language, items, after)
            if role is Role.IMPORT:
                self._add(group.start, group.end, role, depth, header)
            else:
                self._comment(group, role, depth, header)
            return
        role = role_of(self._text, language, fold, items)
        folds = [inner for item in items for inner in item.folds]
        long = sum(inner.end - inner.start for inner in folds) > _LONG_FOLDS
        if (folds and role in _HEADERS) or (long and role is not Role.BODY):
            self._docs = docs
            self._split(group, folds, role, depth, header)
            self._docs = []
        else:
            self._whole(group.start, group.end, role, depth, header)

    def _whole(self, start: int, end: int, role: Role, depth: int, header: int) -> None:
        """Add what is not taken apart: to the last piece if that is alike and short."""
        last = self.pieces[-1] if self.pieces else None
        if last and last.role is role and last.header == header and last.end == start:
            fits = role is Role.IMPORT or end - last.start <= _CHUNK
            if role in _ALIKE and fits and last.mark is None:
                last.end = end
                return
        if role in OUTLINE or end - start <= _MAX_BODY:
            self._add(start, end, role, depth, header)
            return
        for cut in self._line_cuts(start, end):
            self._add(start, cut, Role.PART, depth, header)
            start = cut

    def _line_cuts(self, start: int, end: int) -> Iterator[int]:
        """Yield where a long statement is cut: at line breaks, whatever that does to it."""
        while end - start > _CHUNK:
            cut = self._text.find("\n", start + _CHUNK, end) + 1
            if not cut:
                break
            yield cut
            start = cut
        if start < end:
            yield end

    def _comment(self, group: _Group, role: Role, depth: int, header: int) -> None:
        end, closing = group.end, ""
        is_doc = role is Role.DOC
        if is_doc or (role is Role.COMMENT and group.start == 0):
            role = Role.DOC
            end, closing = first_line(self._text, group.start, group.end)
        last = self.pieces[-1] if self.pieces else None
        if role is not Role.DOC and last and last.role is role and last.header == header:
            last.end = end
            return
        index = self._add(group.start, end, role, depth, header)
        if end < group.end:
            self._rest(end, group.end, depth, index, closing)
        self._docs = list(range(index, len(self.pieces))) if is_doc else []

    def _split(
        self, group: _Group, folds: Sequence[Fold], role: Role, depth: int, header: int
    ) -> None:
        """Lay out a group whose folds are pieces of their own."""
        opens = [self._is_open(fold, depth) for fold in folds]
        is_plain = len(folds) == 1 and not opens[0] and self._closer(folds[0], group) is not None
        if not is_plain and role is not Role.GROUP:
            role = Role.HEADER  # what opens and what closes a fold must be kept both
        place, head = group.start, -1
        for fold, is_open in zip(folds, opens, strict=True):
            start, end = (fold.start, fold.end) if is_open else fold.tight
            if start > place or head < 0:
                glue = self._add(place, start, role, depth, header if head < 0 else head)
                head = glue if head < 0 else head
            if is_open:
                self._docs = []
                self.fold(fold, depth + 1, head)
            elif self._closed(fold, group, depth + 1, head):
                return
            place = end
        if place < group.end or head < 0:
            self._add(place, group.end, role, depth, head if head >= 0 else header)

    def _is_open(self, fold: Fold, depth: int) -> bool:
        small = fold.kind is Kind.FUNCTION and fold.end - fold.start < _SMALL_FUNCTION
        return fold.is_open and depth < _MAX_DEPTH and not small

    def _closer(self, fold: Fold, group: _Group) -> str | None:
        """Return what closes `fold` if that is the rest of the group, little, and fits its body."""
        start, end = fold.tight
        if end - start > _MAX_BODY or not any(fold is last for last in group.items[-1].folds[-1:]):
            return None
        rest = self._text[end : group.end]
        if not _CLOSER.fullmatch(rest):
            return None
        return rest if rest.strip() else "\n" if "\n" in rest else rest[:1]

    def _closed(self, fold: Fold, group: _Group, depth: int, head: int) -> bool:
        """Lay out a fold without looking into it; return whether that takes its group to its end.

        It is one piece, or several if it is long, after the first line of its doc string.
        """
        closer = self._closer(fold, group)
        start, stop = fold.tight[0], fold.tight[1] if closer is None else group.end
        since, first = start, len(self.pieces)
        if self._docs and fold.kind is Kind.FUNCTION:
            since = self.pieces[self._docs[0]].start
            for index in self._docs:
                self.pieces[index].told_by = first - index
            self._docs = []
        doc = self._doc_in(fold)
        if doc is not None:
            self._add(start, doc.end, Role.DOC, depth, head)
        role = Role.DATA if fold.kind is Kind.DATA else Role.BODY
        begin, under = (doc.end, first) if doc else (start, head)
        doc_end = self._line_end(fold.items[0].end) if doc else 0
        if doc and doc.closing and stop - begin > _MAX_BODY and doc_end < stop:
            self._rest(begin, doc_end, depth, first, doc.closing)
            begin = doc_end
        after, closing = len(self.pieces), doc.closing if doc and begin == doc.end else ""
        place = begin
        for cut, part in self._cuts(fold, begin, stop):
            self._add(place, cut, part or role, depth, under)
            place = cut
        made = len(self.pieces) - first
        if not made:
            return False
        pieces, text_end = self.pieces, fold.tight[1]
        pieces[first].mark = Mark(since, start, text_end, fold, closer=closer or "")
        pieces[first].stands_for = made
        if doc is not None and after < len(pieces):
            rest = Mark(begin, begin, text_end, fold, closing, closer or "", is_whole=False)
            pieces[after].mark, pieces[after].stands_for = rest, len(pieces) - after
        return closer is not None

    def _line_end(self, place: int) -> int:
        """Return where the line with `place` ends, with its line break."""
        end = self._text.find("\n", place)
        return len(self._text) if end < 0 else end + 1

    def _doc_in(self, fold: Fold) -> Doc | None:
        """Return the doc string at the begin of a fold."""
        if not self._language.placeholder or not fold.items:
            return None
        return doc_of(self._text, fold.items[0], fold)

    def _cuts(self, fold: Fold, start: int, stop: int) -> Iterator[tuple[int, Role | None]]:
        """Yield where the pieces of a closed fold end, and the role of those cut anywhere."""
        if stop - start <= _MAX_BODY:
            if start < stop:
                yield stop, None
            return
        for group in self._groups(fold):
            end = stop if group.end == fold.end else group.end
            if end - group.start > _MAX_BODY:
                if self._text[start : group.start].strip():
                    yield group.start, None
                    start = group.start
                for cut in self._line_cuts(start, end):
                    yield cut, Role.PART
                start = end
            elif end - start >= _CHUNK:
                yield end, None
                start = end
        if start < stop:
            yield stop, None
