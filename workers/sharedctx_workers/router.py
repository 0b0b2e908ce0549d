"""Which compressor a content goes to: the first whose parser accepts it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from sharedctx.hints import NO_HINT, Hint
from sharedctx.segments import Document
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors import Compressor, JsonCompressor, TextCompressor
from sharedctx_workers.compressors.code import CodeCompressor
from sharedctx_workers.compressors.config import ConfigCompressor
from sharedctx_workers.compressors.diff_compressor import DiffCompressor
from sharedctx_workers.compressors.html import HtmlCompressor
from sharedctx_workers.compressors.log_compressor import LogCompressor
from sharedctx_workers.compressors.log_lines import reports
from sharedctx_workers.compressors.markdown import MarkdownCompressor
from sharedctx_workers.compressors.markdown_scan import is_article
from sharedctx_workers.compressors.mixed import MixedCompressor
from sharedctx_workers.compressors.mixed_regions import is_composed
from sharedctx_workers.compressors.numbered import NumberedCompressor
from sharedctx_workers.compressors.search_compressor import SearchCompressor
from sharedctx_workers.compressors.table import TableCompressor
from sharedctx_workers.compressors.xml import XmlCompressor

__all__ = ("COMPRESSORS", "Route", "as_text", "route")

_CONFIG = ConfigCompressor()

# Kinds with a grammar of their own, the strictest first: what a diff or a log quotes does not make
# it a table, and comments do not make a program a document. Parts of mixed documents are offered to
# the same ones.
_OF_LINES: tuple[Compressor, ...] = (
    DiffCompressor(),
    SearchCompressor(),
    LogCompressor(),
    CodeCompressor(),
    TableCompressor(),
    _CONFIG,
)
# Results of searches are told by an index, which is no part of a string.
_OF_STRINGS = tuple(each for each in (*_OF_LINES, TextCompressor()) if each.kind != "search")
_GRAMMARS: tuple[Compressor, ...] = (
    JsonCompressor((NumberedCompressor(lambda _: _OF_STRINGS), *_OF_STRINGS)),
    XmlCompressor(),
    *_OF_LINES,
)

# Those that nothing else can be mistaken for, and those of programs and what they say.
_STRICT, _OF_PROGRAMS = _GRAMMARS[:4], _GRAMMARS[:6]

# Grammars that take nearly anything of some layout.
_CODE_BY_LINES = CodeCompressor(by_lines=True)
_ANY_LOG = LogCompressor(of_any_form=True)

_HTML = HtmlCompressor(_GRAMMARS)
_MARKDOWN = MarkdownCompressor(_GRAMMARS)
_PARTS = (*_GRAMMARS, _HTML)
_MIXED = MixedCompressor(
    (NumberedCompressor(lambda _: _PARTS), *_PARTS), lenient=(_CODE_BY_LINES, _ANY_LOG)
)

# Then what holds others, with the grammars between that take much for theirs: pages of HTML are as
# indented as code is, and comments of code look like headings. At last text, which accepts all.
COMPRESSORS: tuple[Compressor, ...] = (
    *_GRAMMARS,
    _HTML,
    _CODE_BY_LINES,
    _MIXED,
    _MARKDOWN,
    _ANY_LOG,
    TextCompressor(),
)

_PAGE_FIRST = re.compile(r"\s*<(?:!doctype html|html)\b", re.IGNORECASE)
_SECTION_FIRST = re.compile(r"(?:[ \t]*(?:[#;][^\n]*)?\n)*+\[[^\[\]\n]{1,80}\][ \t]*\r?\n")


class Route(NamedTuple):
    """Where a content went.

    Attributes:
        compressor: What read it.
        document: What it made of it.
        why: ``hinted`` by who put it, ``parsed`` by the grammar of its kind, ``refused`` when it is
            not what the hint said, or ``plain`` when no grammar accepts it.
    """

    compressor: Compressor
    document: Document
    why: Literal["hinted", "parsed", "refused", "plain"]


def route(text: str, tokenizer: Tokenizer, hint: Hint = NO_HINT) -> Route:
    """Return where `text` goes: as the hint says if that holds, else by its grammar."""
    for compressor in _hinted(hint):
        document = compressor.document(text, tokenizer)
        if document is not None:
            return Route(compressor, document, "hinted")
    tried: set[Compressor] = set()
    for compressor in (_NUMBERED, *_ordered(text)):
        document = None if compressor in tried else compressor.document(text, tokenizer)
        if document is not None:
            return Route(compressor, document, "refused" if hint.kind else "parsed")
        tried.add(compressor)
    read = as_text(text, tokenizer)
    return read._replace(why="refused") if hint.kind else read


def _ordered(text: str) -> Iterator[Compressor]:
    """Yield what may accept `text`, the strictest first, some twice; text is left to the caller.

    One part of a report or a conversation can be so large that a grammar would take the whole. What
    is JSON or XML from beginning to end is neither. What begins with the heading of a section are
    settings rather than a program that gives values to variables. What no program reads, reports
    and has hardly any prose is output, whatever tables and lists it draws.
    """
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[", "<"):
        yield from COMPRESSORS[:2]
    if _PAGE_FIRST.match(text):
        yield _HTML
    composed = is_composed(text)
    if composed:
        yield _MIXED
    if is_article(text):
        yield from _STRICT
        yield from (_MIXED, _MARKDOWN)
    if _SECTION_FIRST.match(text):
        yield from (*_GRAMMARS[:5], _CONFIG)
    yield from _OF_PROGRAMS
    if not composed and reports(text):
        yield from (_HTML, _CODE_BY_LINES, _ANY_LOG)
    yield from COMPRESSORS[:-1]


# A listing of what any of them reads.
_NUMBERED = NumberedCompressor(lambda inner: (*_ordered(inner), COMPRESSORS[-1]))


def _hinted(hint: Hint) -> Iterator[Compressor]:
    """Yield the compressors of the kind that a hint names, for a listing of that kind as well."""
    named = [compressor for compressor in COMPRESSORS if compressor.kind == hint.kind]
    if hint.language:
        named.insert(0, CodeCompressor(hint.language, by_lines=True))
    if named:
        yield NumberedCompressor(lambda _: named)
    yield from named


def as_text(text: str, tokenizer: Tokenizer) -> Route:
    """Return `text` read as text, whatever else it may be."""
    compressor = TextCompressor()
    return Route(compressor, compressor.document(text, tokenizer), "plain")
