"""HTML: what a reader of the page reads, as structured text; scripts and navigation go first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser

from sharedctx import tokens
from sharedctx.notes import unescape_notes
from sharedctx.plain import split_long
from sharedctx.segments import Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.html_scan import KNOWN_TAGS, scan_html
from sharedctx_workers.compressors.html_text import Aside, Outline, outline_html
from sharedctx_workers.compressors.mixed_documents import Piece, adds_up, combine, pieces_of
from sharedctx_workers.compressors.mixed_parts import Embedded
from sharedctx_workers.compressors.text import TextCompressor
from sharedctx_workers.compressors.text_ranks import SHARE

__all__ = ("HtmlCompressor", "is_html")

_BEGINNING = re.compile(r"<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
# Markdown may begin with tags and hold many.
_MARKDOWN = re.compile(r"^(?:#{1,6} \S|```)", re.MULTILINE)
_MIN_TAGS = 6
_PART = 2_000
_TEXT = TextCompressor()
_UNREAD = ("script", "style", "template", "svg", "textarea", "noscript")
# Parsers move what stands between the rows of a table in front of it, such as the loops of
# templates. What is no table to them stays where it is.
_TABLE_TAG = re.compile(
    r"(</?)(?=(?:table|caption|col|colgroup|t(?:body|d|foot|h|head|r))\b)", re.IGNORECASE
)


class HtmlCompressor:
    """Compression of pages and parts of pages.

    Every segment has text of its own: the words that a reader of the page sees, with headings,
    items, tables and link targets as Markdown writes them. Comments and other attributes are left
    out, so a rendition is extractive in what the page says, not in its markup.

    Args:
        compressors: What tables and preformatted blocks are offered to, in this order.
    """

    kind = "html"

    def __init__(self, compressors: Sequence[Compressor]) -> None:
        self._compressors = tuple(compressors)

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return the page that `text` is as ranked text; None unless it is HTML."""
        if not is_html(text):
            return None
        outline = outline_html(text)
        said = outline.text
        if not said.strip():
            return None
        pieces = list(self._pieces(said, outline.asides, tokenizer))
        # Without its markup so much of the page fits that little of what it says is left out.
        share = min(1.0, SHARE * len(text) / len(said))
        document = combine(said, pieces, tokenizer, self.kind, share=share)
        return replace(
            document,
            segments=tuple(_placed(document.segments, outline, len(text))),
            whole=Guarantee.EXTRACTIVE,
        )

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` has every character that another parser finds `original` to show."""
        tree = LexborHTMLParser(_TABLE_TAG.sub(r"\1x-", original))
        tree.strip_tags(list(_UNREAD))
        shown = tree.body.text() if tree.body else ""
        if _holds(unescape_notes(whole), shown):
            return True
        # Some parts say the same in other characters, such as JSON without needless escapes.
        outline = outline_html(original)
        pieces = self._pieces(outline.text, outline.asides, tokens.load())
        return _holds(outline.text, shown) and adds_up(outline.text, whole, pieces)

    def _pieces(self, said: str, asides: Sequence[Aside], tokenizer: Tokenizer) -> Iterator[Piece]:
        """Yield the parts of a page: what is read, and between it what is not."""
        place = 0
        for aside in (*asides, Aside(len(said), len(said), "line")):
            for piece in pieces_of(said[place : aside.start], self._compressors, tokenizer):
                yield piece._replace(place=Embedded(*(place + at for at in piece.place)))
            if aside.end > aside.start:
                document = _aside(said[aside.start : aside.end], aside.unit, tokenizer)
                where = Embedded(aside.start, aside.start, aside.end, aside.end)
                yield Piece(where, _TEXT, document)
            place = aside.end


def is_html(text: str) -> bool:
    """Whether a text begins with a tag and has those of HTML rather than of another XML."""
    head = text[:4_000].lstrip("\ufeff \t\r\n")
    if not head.startswith("<"):
        return False
    is_page = bool(_BEGINNING.search(head))
    if not is_page and _MARKDOWN.search(text):
        return False
    names = [token.name for token in scan_html(text) if token.kind in ("open", "close", "raw")]
    tags = [name for name in names if name and name != "comment"]
    known = sum(name in KNOWN_TAGS for name in tags)
    return len(tags) >= _MIN_TAGS and (
        10 * known >= 9 * len(tags) or (is_page and 2 * known > len(tags))
    )


def _holds(said: str, shown: str) -> bool:
    """Whether `said` has all characters of `shown` but white space, in order."""
    characters = iter(said)
    return all(character in characters for character in shown if not character.isspace())


def _aside(said: str, unit: str, tokenizer: Tokenizer) -> Document:
    """Return what nobody reads a page for as a document of its own."""
    segments = []
    for start, end in split_long(said, 0, len(said), _PART):
        source = said[start:end]
        count = source.count("\n") if unit == "line" else int(not start)
        size = tokenizer.count(source)
        segments.append(Segment(source, 1.0 + start, size, Span(start, end), unit, 0, count))
    return Document(tuple(segments), "text", Guarantee.LOSSLESS, Guarantee.EXTRACTIVE, enough=0.0)


def _placed(segments: Sequence[Segment], outline: Outline, size: int) -> Iterator[Segment]:
    """Yield segments of the structured text with the spans of the HTML they stand for."""
    start = 0
    for i, segment in enumerate(segments):
        end = size if i + 1 == len(segments) else max(start, outline.source_of(segment.span.end))
        yield replace(segment, span=Span(start, end))
        start = end
