"""Listings with a number before each line, as ``cat -n`` and tools that show files print them.

The numbers say nothing that counting does not, and no grammar reads past them. So what stands
behind them is read as what it is, and a note says that they are left out. A table keeps its
numbers: without them a row that is shown alone would lose its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from sharedctx.notes import escape_notes, unescape_notes
from sharedctx.segments import REQUIRED, Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.line_references import moved_lines
from sharedctx_workers.compressors.numbered_lines import Listing, listing_in

__all__ = ("NumberedCompressor",)

# Their rows and results can have numbers of their own.
_NUMBERED_KINDS = ("table", "search")
_BLANK = "\n"


class NumberedCompressor:
    """Compression of a numbered listing by what reads the text behind the numbers.

    Args:
        readers: Gives what a text is to be offered to, in this order.
    """

    kind = "numbered"

    def __init__(self, readers: Callable[[str], Iterable[Compressor]]) -> None:
        self._readers = readers

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return the lines of `text` without their numbers; None unless they are numbered."""
        listing = listing_in(text)
        if listing is None:
            return None
        for compressor in self._readers(listing.inner):
            document = compressor.document(listing.inner, tokenizer)
            if document is not None and document.segments:
                if document.kind in _NUMBERED_KINDS:
                    return None
                return _document_of(text, listing, document, tokenizer)
        return None

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` says all of `original` but its numbers."""
        listing = listing_in(original)
        if listing is None:
            return False
        before = escape_notes(original[: listing.start])
        after = escape_notes(original[listing.end :])
        if not whole.startswith(before) or not whole.endswith(after):
            return False
        inner = whole[len(before) : len(whole) - len(after)].removeprefix(_BLANK)
        return unescape_notes(inner) == listing.inner or any(
            compressor.same_data(listing.inner, inner)
            for compressor in self._readers(listing.inner)
        )


def _document_of(text: str, listing: Listing, document: Document, tokenizer: Tokenizer) -> Document:
    """Return `document`, which was made from what `listing` lists, as one of `text`."""
    above = text.count("\n", 0, listing.start)
    segments = [
        replace(
            segment,
            span=Span(*map(listing.place_of, segment.span)),
            stand_in=moved_lines(segment.stand_in, above),
            note=moved_lines(segment.note, above),
        )
        for segment in document.segments
    ]
    before, after = Span(0, listing.start), Span(listing.end, len(text))
    return replace(
        document,
        segments=(
            *_said(text, before, tokenizer),
            _numbers(listing, segments, text, tokenizer),
            *segments,
            *_said(text, after, tokenizer),
        ),
        # It does not decode to what was put, nor does an outline of it parse as that does not.
        whole=Guarantee.EXTRACTIVE,
        partial=Guarantee.EXTRACTIVE,
        basis=document.basis or sum(segment.tokens for segment in segments),
    )


def _numbers(
    listing: Listing, segments: Sequence[Segment], text: str, tokenizer: Tokenizer
) -> Segment:
    """Return what stands for all numbers, and comes last: they are left out, and a note says so."""
    gutters = "".join(text[start:body] for start, body, _ in listing.lines)
    return Segment(
        text=_BLANK,
        rank=max(segment.rank for segment in segments) + 1,
        tokens=tokenizer.count(gutters),
        span=Span(listing.start, listing.start),
        unit="line number",
        first=listing.first,
        count=len(listing.lines),
    )


def _said(text: str, span: Span, tokenizer: Tokenizer) -> Iterator[Segment]:
    """Yield what a tool says before or after a listing."""
    said = text[span.start : span.end]
    if said:
        count = said.count("\n") + (not said.endswith("\n"))
        yield Segment(said, REQUIRED, tokenizer.count(said), span, count=count)
