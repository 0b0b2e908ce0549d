"""An outline of source code in any language, by how its lines are indented and what closes them.

For languages without a grammar here, and for files that their grammar does not parse. Nothing can
verify such an outline by parsing, so it promises no more than to be verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sharedctx.segments import NoteStyle
from sharedctx_workers.compressors.code_detect import (
    SYMBOLS,
    code_lines,
    likely_language,
    quotes_code,
)
from sharedctx_workers.compressors.code_folds import Fold, Item, Kind, Mentions
from sharedctx_workers.compressors.languages import Language

__all__ = ("outline_by_lines",)

_MAX_TEXT = 32_000_000
_MAX_DEPTH = 4
_MIN_BODY = 48
_HEAD = 200
_MAX_HEAD = 60
_MODIFIERS = (
    "public private protected internal static abstract final override open data sealed inline "
    "suspend async export default local pub virtual extern unsafe companion inner case lazy "
    "implicit mutating nonmutating fileprivate convenience required final native replace create or "
    "operator tailrec const foreign global reified nonisolated indirect objc"
).replace(" ", "|")
_TYPES = (
    "class interface struct enum trait impl object protocol extension module namespace defmodule "
    "defprotocol defimpl @interface @implementation @protocol record package actor union library "
    "contract instance table type view"
).replace(" ", "|")
_FUNCTIONS = (
    "fun func function function! fn def defp def[\\w*-]+ sub proc procedure method init deinit "
    "constructor destructor subroutine let macro task trigger index typealias rule val var "
    "property typedef theorem lemma"
).replace(" ", "|")
_LEAD = rf"\(?(?:@\w+(?:\([^()\n]{{0,80}}\))?\s+|(?:{_MODIFIERS})\b(?:\(\w*\))?\s+)*"
_TYPE = re.compile(
    rf"{_LEAD}(?:{_TYPES})\s+(?:body\s+|if not exists\s+)?([\w.:$-]+)", re.IGNORECASE
)
_FUNCTION = re.compile(
    rf"{_LEAD}(?:{_FUNCTIONS})(?:\s+|(?=\())(?:rec\s+|inline\s+|<[^<>\n]{{0,80}}>\s*)?"
    r"(?:\([^()\n]{0,80}\)\s*)?([\w.:$!?*+/<>=-]*)",
    re.IGNORECASE,
)
# What stands inside a body and has one of its own: there `let` is a statement, and `f(x) {` a call.
_NESTED = re.compile(
    rf"\s*{_LEAD}(?:{_TYPES}|fun|func|function!?|fn|defp?|sub|proc|procedure|method)\s+[\w.:$]"
)
# Conditions of a preprocessor stand at the margin, whatever is around them.
_CONDITION = re.compile(r"#(?:if|ifn?def|el(?:se|if|seif)|endif|(?:end)?region|pragma)\b")
# `name = function(...)`, `name(...) ->`, and what is written as in C: `type name(...)`.
_ASSIGNED = re.compile(r"([\w.:$]{1,80})\s*(?:=|<-|:)\s*(?:async\s+)?(?:function|fn|proc|lambda)\b")
# A word of a type and the blanks and stars after it; one way to match it only, so that it is fast.
_TYPE_MARK = r"[\w:<>*&\[\],~-]"
_TYPE_WORD = rf"{_TYPE_MARK}++ [ *&]*+"
_CALLABLE = re.compile(
    rf"(?:{_TYPE_WORD}){{0,7}}(?:{_TYPE_WORD}|{_TYPE_MARK}+[*&])?([\w:~.$]{{1,80}})\s*\("
    r"|[-+]\s*\([^()\n]{1,80}\)\s*(\w+)"
)
_PROTOTYPE = re.compile(r"[\w:<>*&\[\], ~]{0,120}[\w>*&] +[*&]*\w+\s*\(")
_CONTROL = re.compile(
    r"\W*(?:if|for|foreach|while|switch|else|do|try|catch|return|case|when|match|unless|with|loop|"
    r"repeat|begin|until|guard|defer|assert|print|throw|raise)\b"
)
_IMPORT = re.compile(
    r"(?:import|using|use|uses|require|include|open|from|package|library|source|alias|load|"
    r"#\s*include|@import|-(?:module|export|include\w*|behaviou?r|import)|\\i)\b|\(in-package\b"
)
_CONSTANT = re.compile(
    r"(?:#\s*define|-define\(|(?:[\w<>\[\]]+ ){0,6}const(?:ant|expr)?|(?:static |pub )?let)\s*\w"
    r"|(?:[\w:<>\[\]*&.$@]+ ){0,6}[A-Z][A-Z0-9_]+\b[^=\n(]{0,80}="
)
_CONTINUES = re.compile(
    r"[})\]]|(?:end\w*|else|elif|elsif|elseif|catch|rescue|ensure|except|finally|until|where|begin|"
    r"then|do|done|var)\b|\{\s*$"
)
_OPENS = re.compile(r"(?:\{|begin|do|then|var|where)\s*$", re.IGNORECASE)
_BLOCK_COMMENTS = (
    ("/*", "*/"),
    ("--[[", "]]"),
    ("(*", "*)"),
    ("{-", "-}"),
    ("#|", "|#"),
    ("#=", "=#"),
    ("=pod", "=cut"),
    ("=head", "=cut"),
    ('"""', '"""'),
    ('@doc """', '"""'),
    ('@moduledoc """', '"""'),
)
# How comments begin, and what closes them.
_MARKS = {"//": "", "/*": " */", "--": "", "#": "", "%": "", ";": "", '"': "", "(*": " *)"}
_MARK = re.compile(r"\s*(//|/\*|--|#(?=\s|#)|%|;|\"|\(\*)")
_PROSE = re.compile(r"\s*[\"'(]?\w[\w'’,-]*(?: [\w'’(),.:;-]+){5,}[.,:;?!]?\s*$")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


def outline_by_lines(text: str, name: str = "") -> tuple[Language, Fold] | None:
    """Return a language without a grammar and all of `text` as a fold, or None if it is not code.

    Args:
        text: Any text.
        name: The language, if someone says that it is one; then little else is asked.
    """
    head = text[: _HEAD * 100]
    if len(text) > _MAX_TEXT or "\n" not in text or _FENCE.search(head):
        return None
    if not name and quotes_code(text):
        return None
    if not _looks_like_code(text, _FEW if name else _SOME if likely_language(text) else _MANY):
        return None
    language = Language(
        name=name or "code",
        grammar=("", ""),
        tells=_FUNCTION,
        functions=_set("function"),
        types=_set("type"),
        bodies=frozenset(),
        imports=_set("import"),
        calls=frozenset(),
        signatures=_set("signature"),
        constants=_set("constant"),
        attached=_set("attribute"),
        style=_style(text),
    )
    root = _Lines(text, language).outline()
    return (language, root) if root.has_definitions else None


class _Least(NamedTuple):
    """What a sample must show to be code: definitions, and their share; symbols; prose at most."""

    definitions: int
    share: float
    symbols: float
    prose: float


_MANY = _Least(3, 0.02, 0.5, 0.1)
_SOME = _Least(1, 0.005, 0.4, 0.1)
_FEW = _Least(1, 0.0, 0.25, 0.4)


def _looks_like_code(text: str, least: _Least) -> bool:
    """Whether a sample of the lines defines things, and reads as code does and not as prose."""
    lines = [line for line in code_lines(text) if line.strip()]
    defined = sum(1 for line in lines if _definition(line.strip())[0] or _opens_callable(line))
    symbols = sum(1 for line in lines if SYMBOLS.search(line))
    prose = sum(1 for line in lines if _PROSE.match(line))
    size = len(lines)
    return (
        size > 2
        and defined >= max(least.definitions, least.share * size)
        and symbols >= least.symbols * size
        and prose <= least.prose * size
    )


def _style(text: str) -> NoteStyle:
    """Return how comments are written in `text`: by the mark that most lines begin with."""
    counts = dict.fromkeys(_MARKS, 0)
    for line in text[:200_000].split("\n"):
        found = _MARK.match(line, 0, _HEAD)
        if found:
            counts[found[1]] += 1
    mark = max(_MARKS, key=lambda mark: counts[mark])
    return NoteStyle(f"{mark} ", _MARKS[mark], implied=("line",))


def _definition(line: str) -> tuple[str, str]:
    """Return what the line defines, ``type`` or ``function``, and its name; empty for neither."""
    head = line[:_HEAD]
    for kind, pattern in (("type", _TYPE), ("function", _FUNCTION), ("function", _ASSIGNED)):
        found = pattern.match(head)
        if found:
            return kind, found[1]
    return "", ""


class _Lines:
    """The lines of a text and how deep each is indented; -1 for blank ones."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._mentions = Mentions(text, language)
        self._unclosed: set[str] = set()  # what begins comments that do not end
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        if self._starts[-1] < len(text):
            self._starts.append(len(text))
        self._indents = [self._indent(i) for i in range(len(self._starts) - 1)]

    def outline(self) -> Fold:
        """Return the whole as a fold."""
        return self._fold(Kind.FILE, 0, len(self._indents), 0)

    def _line(self, i: int) -> str:
        return self._text[self._starts[i] : self._starts[i + 1]]

    def _indent(self, i: int) -> int:
        line = self._text[self._starts[i] : min(self._starts[i + 1], self._starts[i] + _HEAD)]
        body = line.lstrip()
        if _CONDITION.match(line):
            return -1
        return len(line[: len(line) - len(body)].expandtabs(8)) if body else -1

    def _fold(self, kind: Kind, lo: int, hi: int, depth: int) -> Fold:
        """Return the lines from `lo` to before `hi` as a fold."""
        start, end = self._starts[lo], self._starts[hi]
        fold = Fold(kind, start, end, (start, end), None, self._language, self._mentions)
        is_open = kind in (Kind.FILE, Kind.TYPE)
        if is_open or (depth <= _MAX_DEPTH and self._tells(kind, lo, hi)):
            fold.items = list(self._items(fold, lo, hi, depth))
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
            if (indent < after and _NESTED.match(line)) or self._imports(kind, line.lstrip()):
                return True
            after = indent
        return False

    def _imports(self, kind: Kind, line: str) -> bool:
        """Whether a line in a body imports; in functions much else begins with such words."""
        return kind is Kind.BLOCK and _IMPORT.match(line) is not None

    def _items(self, fold: Fold, lo: int, hi: int, depth: int) -> Iterator[Item]:
        """Yield the statements on the lines from `lo` to before `hi`, each with its blocks."""
        i = lo
        while i < hi:
            if self._indents[i] < 0:
                i += 1
                continue
            end, blocks = self._extent(i, hi)
            body = self._head_end(i, end)
            blocks = [(max(lo, body), hi) for lo, hi in blocks if hi > body]
            item = self._item(i, end)
            self._classify(item, fold, self._line(i).strip(), self._line(body - 1).strip(), blocks)
            for first, last in blocks:
                if self._starts[last] - self._starts[first] >= _MIN_BODY:
                    item.folds.append(self._block(item.type, first, last, depth + 1))
            fold.folds += item.folds
            fold.has_definitions |= any(inner.has_definitions for inner in item.folds)
            yield item
            i = end

    def _item(self, lo: int, hi: int) -> Item:
        """Return what is on the lines from `lo` to before `hi`."""
        first, last = self._line(lo), self._line(hi - 1)
        start = self._starts[lo] + len(first) - len(first.lstrip())
        return Item("statement", start, self._starts[hi - 1] + len(last.rstrip()))

    def _head_end(self, i: int, end: int) -> int:
        """Return where the lines end that the statement begins with until its brackets close."""
        depth = 0
        for j in range(i, min(end, i + _MAX_HEAD)):
            depth += self._line(j).count("(") - self._line(j).count(")")
            if depth <= 0:
                return j + 1
        return i + 1

    def _extent(self, i: int, hi: int) -> tuple[int, list[tuple[int, int]]]:
        """Return where the statement on line `i` ends, and the blocks of deeper lines in it."""
        comment = self._comment_end(i, hi)
        if comment:
            return comment, []
        base, blocks, j = self._indents[i], list[tuple[int, int]](), i + 1
        while j < hi:
            k = last = j
            while k < hi and (self._indents[k] < 0 or self._indents[k] > base):
                k += 1
                last = k if self._indents[k - 1] >= 0 else last
            if last > j:
                blocks.append((j, last))
            line = self._line(k).strip() if k < hi else ""
            opens = k == j and bool(_OPENS.match(line))
            if not line or not (opens or (blocks and _CONTINUES.match(line))):
                return last, blocks
            j = k + 1
        return j, blocks

    def _comment_end(self, i: int, hi: int) -> int:
        """Return where the block comment that begins on line `i` ends; 0 if none does."""
        line = self._line(i).strip()
        for opening, closing in _BLOCK_COMMENTS:
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
        self, item: Item, fold: Fold, line: str, last: str, blocks: Sequence[tuple[int, int]]
    ) -> None:
        """Set what `item` is by the first and the last line before its blocks."""
        mark = self._language.style.before.strip()
        if line.startswith((mark, *(opening for opening, _ in _BLOCK_COMMENTS))) and not blocks:
            item.type = "comment"
            return
        kind, name = _definition(line)
        inner = fold.kind in (Kind.FUNCTION, Kind.BLOCK)
        if inner and not self._imports(fold.kind, line) and not (blocks and _NESTED.match(line)):
            return
        if not kind and _is_callable(line, last, self._text[item.start : item.end], len(blocks)):
            found = _CALLABLE.match(line[:_HEAD])
            kind, name = "function", found[1] or found[2] if found else ""
        if _IMPORT.match(line) and not kind:
            item.type = "import"
            self._mentions.add("import", item.start, item.end)
            return
        if kind:
            item.type = kind
            item.defines = [name]
            fold.has_definitions = True
        elif line.startswith(("@", "[", "#[")) and not blocks:
            item.type = "attribute" if line.startswith("@") else item.type
        elif _CONSTANT.match(line[:_HEAD]):
            item.type = "constant"

    def _block(self, kind: str, lo: int, hi: int, depth: int) -> Fold:
        if kind == "type" and depth <= _MAX_DEPTH:
            return self._fold(Kind.TYPE, lo, hi, depth)
        return self._fold(Kind.FUNCTION if kind == "function" else Kind.BLOCK, lo, hi, depth)


def _opens_callable(line: str) -> bool:
    """Whether a line that is not indented looks like the first of something that can be called."""
    end = line.rstrip()
    return end.endswith(("{", "->", "()")) and _is_callable(line, line, line, 1)


def _is_callable(line: str, last: str, source: str, blocks: int) -> bool:
    """Whether a statement without a keyword defines or declares what can be called.

    Args:
        line: Its first line.
        last: The last line before its blocks.
        source: All of it.
        blocks: How many blocks of deeper lines it has.
    """
    if _CONTROL.match(line) or not _CALLABLE.match(line[:_HEAD]):
        return False
    if source.endswith(";") and _PROTOTYPE.match(line[:_HEAD]):
        return True
    if not blocks or "= " in line.partition("(")[0]:
        return False
    # What opens with a list of arguments, and nothing after it, is a call.
    return last.rstrip().endswith(("{", "->", ")", ":", "=")) or (last != line and blocks > 0)
