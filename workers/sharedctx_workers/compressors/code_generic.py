"""An outline of source code in any language, by how its lines are indented and what closes them.

For languages without a grammar here, and for files that their grammar does not parse. Nothing can
verify such an outline by parsing, so it promises no more than to be verbatim.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from sharedctx.segments import NoteStyle
from sharedctx_workers.compressors.code_folds import Fold, Item, Kind, Mentions
from sharedctx_workers.compressors.code_looks import ends_a_block, reads_as_code
from sharedctx_workers.compressors.code_words import (
    continues,
    defines,
    defines_inside,
    is_attached,
    is_callable,
    is_condition,
    is_constant,
    is_control,
    is_data,
    is_import,
    is_label,
    is_plain_import,
    is_table,
    opens,
)
from sharedctx_workers.compressors.languages import Language

__all__ = ("outline_by_lines",)

_MAX_TEXT = 32_000_000
_MAX_DEPTH = 4
_MIN_BODY = 48
_HEAD = 200
_MAX_HEAD = 60
_MAX_ARGUMENTS = 12
_FIELDS = 6  # columns of labels and marks, where comments are marked in the first
_BLOCK_COMMENTS = (
    ("/*", "*/"),
    ("--[[", "]]"),
    ("(*", "*)"),
    ("{-", "-}"),
    ("#|", "|#"),
    ("#=", "=#"),
    ("<#", "#>"),
    ("#[=", "]="),
    ("#[[", "]]"),
)
# A line of a block of comments.
_INNER = re.compile(r"[ \t]+\*")
# Documentation of several lines, maybe as an attribute.
_DOC = re.compile(r"(?:@\w+ )?(?:~[sS])?(\"\"\"|''')")
# How comments begin, and what closes them.
_MARKS = dict.fromkeys(("//", "--", "#", "%", ";", '"', "!", "*"), "") | {"/*": " */", "(*": " *)"}
# A string that begins a line is no comment, nor is an attribute of Verilog: `(* keep *)`.
_MARK = re.compile(
    r"\s*(//|/\*|--|#(?=[\s#'])|%|;|\"(?= [^\"]*$)|\(\*(?!\s*\w+\s*(?:=[^*]*)?\*\))|!)"
    r"|(?<![^\n])(\*)(?!/)"
)
# What a function of Ada or VHDL returns, on a line of its own.
_RETURNS = re.compile(r"\s*return [\w.']+(?:;| is)\s*$", re.IGNORECASE)
# A manual of Perl between the code, up to where it says that it ends.
_MANUAL = re.compile(
    r"^=(?:head\d|pod|over|item|begin|for|encoding)\b.*?(?:^=cut\b.*?$|\Z)",
    re.MULTILINE | re.DOTALL,
)
_NOTHING = re.compile(r"(?!)")


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


def outline_by_lines(text: str, name: str = "") -> tuple[Language, Fold] | None:
    """Return a language without a grammar and all of `text` as a fold, or None if it is not code.

    Args:
        text: Any text.
        name: The language, if someone says that it is one; then little else is asked.
    """
    if len(text) > _MAX_TEXT or not reads_as_code(text, told=bool(name)):
        return None
    language = Language(
        name=name or "code",
        grammar=("", ""),
        tells=_NOTHING,
        functions=_set("function"),
        types=_set("type"),
        groups=_set("group"),
        bodies=frozenset(),
        imports=_set("import"),
        calls=frozenset(),
        signatures=_set("signature"),
        constants=_set("constant"),
        attached=_set("attribute"),
        style=_style(text),
    )
    root = _Lines(text, language).outline()
    return (language, root) if root.folds or _has_structure(root) else None


def _has_structure(root: Fold) -> bool:
    """Whether anything at the margin is more than a statement."""
    return any(item.type in ("import", "constant", "function", "type") for item in root.items)


def _style(text: str) -> NoteStyle:
    """Return how comments are written in `text`: by the mark that most lines begin with."""
    counts = dict.fromkeys(_MARKS, 0)
    for line in text[:200_000].split("\n"):
        found = _MARK.match(line, 0, _HEAD)
        if found:
            counts[found[1] or found[2]] += 1
    mark = max(_MARKS, key=lambda mark: counts[mark])
    if not counts[mark] and ends_a_block(text):
        mark = "#"  # where words close blocks
    return NoteStyle(f"{mark} ", _MARKS[mark], implied=("line",))


class _Lines:
    """The lines of a text and how deep each is indented; -1 for blank ones."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._mentions = Mentions(text, language)
        self._is_fixed = language.style.before == "* "
        self._unclosed: set[str] = set()  # what begins comments that do not end
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        if self._starts[-1] < len(text):
            self._starts.append(len(text))
        self._indents = [self._indent(i) for i in range(len(self._starts) - 1)]
        self._move_in()
        self._manuals = dict(self._find_manuals())

    def outline(self) -> Fold:
        """Return the whole as a fold."""
        return self._fold(Kind.FILE, (0, len(self._indents)), 0, local=False)

    def _line(self, i: int) -> str:
        return self._text[self._starts[i] : self._starts[i + 1]]

    def _indent(self, i: int) -> int:
        line = self._text[self._starts[i] : min(self._starts[i + 1], self._starts[i] + _HEAD)]
        if self._is_fixed and not line.startswith("*"):
            line = " " * _FIELDS + line[_FIELDS:]
        body = line.lstrip()
        if is_condition(line):
            return -1
        return len(line[: len(line) - len(body)].expandtabs(8)) if body else -1

    def _move_in(self) -> None:
        """Put what stands at the margin, whatever is around it, as deep as what is.

        A comment belongs to what it stands above, and a condition to the deeper of its neighbors.
        """
        style, indents = self._language.style, self._indents
        mark = style.before.rstrip(" " * self._is_fixed)
        depths = [
            -1 if _INNER.match(self._text, self._starts[i]) else indent
            for i, indent in enumerate(indents)
        ]
        before, last, after = [], 0, 0
        for depth in depths:
            last = last if depth < 0 else depth
            before.append(last)
        for i in reversed(range(len(indents))):
            if indents[i] < 0:
                if is_condition(self._line(i)):
                    indents[i] = max(before[i], after)
            elif (
                indents[i] == 0 and not style.after and self._text.startswith(mark, self._starts[i])
            ):
                indents[i] = after
            elif depths[i] >= 0:
                after = indents[i]

    def _find_manuals(self) -> Iterator[tuple[int, int]]:
        """Yield on which lines manuals between the code begin, and where they end."""
        for found in _MANUAL.finditer(self._text):
            first = bisect_right(self._starts, found.start()) - 1
            yield first, bisect_left(self._starts, found.end())

    def _fold(self, kind: Kind, lines: tuple[int, int], depth: int, *, local: bool) -> Fold:
        """Return `lines`, from the first to before the last, as a fold.

        Args:
            kind: What it is the inside of.
            lines: Where it is.
            depth: How deep in others.
            local: Whether it is in a function, where only what has a body of its own is defined.
        """
        lo, hi = lines
        start, end = self._starts[lo], self._starts[hi]
        fold = Fold(kind, start, end, (start, end), None, self._language, self._mentions)
        if not local or (depth <= _MAX_DEPTH and self._tells(kind, lo, hi)):
            fold.items = list(self._items(fold, lo, hi, depth, local=local))
        else:
            fold.items = [self._item(i, i + 1) for i in range(lo, hi) if self._indents[i] >= 0]
        return fold

    def _tells(self, kind: Kind, lo: int, hi: int) -> bool:
        """Whether something with a body of its own, or an import, is on these lines of a body."""
        after = -1
        for i in reversed(range(lo, hi)):
            line, indent = self._line(i), self._indents[i]
            if indent < 0:
                continue
            if defines_inside(line, has_body=indent < after):
                return True
            if self._imports(kind, line.lstrip()):
                return True
            after = indent
        return False

    def _imports(self, kind: Kind, line: str) -> bool:
        """Whether a line in a body imports; in functions much else begins with such words."""
        return is_import(line) if kind is Kind.BLOCK else is_plain_import(line)

    def _items(self, fold: Fold, lo: int, hi: int, depth: int, *, local: bool) -> Iterator[Item]:
        """Yield the statements on the lines from `lo` to before `hi`, each with its blocks."""
        i = lo
        while i < hi:
            if self._indents[i] < 0:
                i += 1
                continue
            if i in self._manuals:
                yield from self._manual(i, min(self._manuals[i], hi))
                i = self._manuals[i]
                continue
            end, blocks = self._extent(i, hi)
            body = self._head_end(i, end)
            blocks = [(max(lo, body), hi) for lo, hi in blocks if hi > body]
            item = self._item(i, end)
            lines = self._line(i).strip(), self._line(body - 1).strip()
            if is_condition(self._line(i)) and not local:
                item.type = "#"  # a header, as where a grammar reads it
            else:
                self._classify(item, fold, lines, len(blocks), local=local)
            for first, last in blocks:
                if self._starts[last] - self._starts[first] >= _MIN_BODY:
                    item.folds.append(self._block(item.type, (first, last), depth + 1, local=local))
            fold.folds += item.folds
            fold.has_definitions |= any(inner.has_definitions for inner in item.folds)
            fold.has_groups |= any(inner.has_groups for inner in item.folds)
            yield item
            i = end

    def _manual(self, lo: int, hi: int) -> Iterator[Item]:
        """Yield the lines of a manual: headings, the outline of examples, the rest as comments."""
        for i in range(lo, hi):
            if self._indents[i] < 0:
                continue
            item, line = self._item(i, i + 1), self._line(i)
            item.type = "group" if line.startswith("=head") else "comment"
            said = line.strip() if self._indents[i] > 0 else ""
            if is_import(said) or defines_inside(said, has_body=True):
                item.type = "import"
                self._mentions.add("import", item.start, item.end)
            yield item

    def _item(self, lo: int, hi: int) -> Item:
        """Return what is on the lines from `lo` to before `hi`."""
        first, last = self._line(lo), self._line(hi - 1)
        start = self._starts[lo] + len(first) - len(first.lstrip())
        return Item("statement", start, self._starts[hi - 1] + len(last.rstrip()))

    def _head_end(self, i: int, end: int) -> int:
        """Return where the lines end that the statement begins with until its brackets close.

        The bracket that a statement of Lisp begins with is no more than a mark of its begin. Where
        none opens on the first line, the next one may begin with the one of the arguments.
        """
        if is_table(self._line(i).lstrip()):
            return i + 1
        form = self._line(i).lstrip().startswith("(")
        depth, seen = -int(form), 0
        for j in range(i, min(end, i + (_MAX_ARGUMENTS if form else _MAX_HEAD))):
            line = self._line(j)
            depth += line.count("(") - line.count(")")
            seen += line.count("(")
            if line.rstrip().endswith("{"):
                return j + 1  # of a call with a block among its arguments, too
            if depth > 0:
                continue
            is_closed = line.rstrip().endswith(")")
            if is_closed and j + 1 < end and _RETURNS.match(self._line(j + 1)):
                return j + 2
            after = self._line(j + 1).strip() if seen == form and j + 1 < end else ""
            if form and after.startswith(("(", "[")):
                return j + 1 + (after.count("(") <= after.count(")"))
            if form or not after.startswith("("):
                return j + 1
        return i + 1

    def _extent(self, i: int, hi: int) -> tuple[int, list[tuple[int, int]]]:
        """Return where the statement on line `i` ends, and the blocks of deeper lines in it."""
        comment = self._comment_end(i, hi)
        if comment:
            return comment, []
        if is_label(self._line(i).strip()) or is_condition(self._line(i)):
            return i + 1, []
        base, blocks, j = self._indents[i], list[tuple[int, int]](), i + 1
        is_type = defines(self._line(i).strip())[0] == "type"
        while j < hi:
            k = last = j
            while k < hi and (self._indents[k] < 0 or self._indents[k] > base):
                k += 1
                last = k if self._indents[k - 1] >= 0 else last
            if last > j:
                blocks.append((j, last))
            line = self._line(k).strip() if k < hi else ""
            opened = (k == j and opens(line)) or (is_type and is_label(line))
            if not line or not (opened or (blocks and continues(line))):
                return last, blocks
            j = k + 1
        return j, blocks

    def _comment_end(self, i: int, hi: int) -> int:
        """Return where the block comment that begins on line `i` ends; 0 if none does."""
        line = self._line(i).strip()
        doc = _DOC.match(line)
        for opening, closing in ((doc[0], doc[1]),) if doc else _BLOCK_COMMENTS:
            if not line.startswith(opening) or opening in self._unclosed:
                continue
            if closing in line[len(opening) :]:
                return i + 1
            for j in range(i + 1, hi):
                if closing in self._line(j):
                    return j + 1
            self._unclosed.add(opening)
        return 0

    def _classify(
        self, item: Item, fold: Fold, lines: tuple[str, str], blocks: int, *, local: bool
    ) -> None:
        """Set what `item` is by the first and the last line before its blocks."""
        line, last = lines
        marks = (self._language.style.before.strip(), *(opening for opening, _ in _BLOCK_COMMENTS))
        if (line.startswith(marks) or _DOC.match(line)) and not blocks:
            item.type = "comment"
            return
        kind, name = defines(line)
        if fold.kind in (Kind.FUNCTION, Kind.BLOCK):
            inside = defines_inside(line, has_body=blocks > 0 or not local)
            kind = kind if inside else ""
        if local and not kind and not self._imports(fold.kind, line):
            return
        is_member = fold.kind in (Kind.FILE, Kind.TYPE)
        source = self._text[item.start : item.end]
        if not kind and is_member and is_callable(line, last, source, blocks):
            kind = "function"
        if is_import(line) and not kind:
            item.type = "import"
            self._mentions.add("import", item.start, item.end)
        elif kind:
            item.type = kind
            item.defines = [name]
            fold.has_definitions = True
        elif is_attached(line) and not blocks:
            item.type = "statement" if line.startswith(("[", "#")) else "attribute"
        elif is_member and is_constant(line):
            item.type = "constant"
        elif blocks and not (local or is_control(line) or is_data(line)):
            item.type = "group"
            fold.has_groups = True

    def _block(self, kind: str, lines: tuple[int, int], depth: int, *, local: bool) -> Fold:
        local = local or kind == "function" or depth > _MAX_DEPTH
        if kind == "type" and not local:
            return self._fold(Kind.TYPE, lines, depth, local=False)
        inside = Kind.FUNCTION if kind == "function" else Kind.BLOCK
        fold = self._fold(inside, lines, depth, local=local)
        if fold.has_definitions or any(item.type == "import" for item in fold.items):
            fold.kind = Kind.BLOCK  # is seen into, however short
        return fold
