"""Segments for an original that no worker has compressed yet: lines, ranked by a quick look.

The client uses this when a reader asks for a budget or a question before the rendition is there, so
it is light and makes no attempt to understand the content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sharedctx.salience import looks_wrong, spread
from sharedctx.segments import Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer

__all__ = ("plain_document", "split_lines", "split_long")

_MAX_SEGMENTS = 20_000
_MAX_CHARS = 1_000
_EDGE = 12
_HEADING = re.compile(r"#{1,6} \S|[=\-~*]{3,}\s*$|\[[^\]\n]{1,80}\]\s*$|\S.{0,78}:\s*$")


def split_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield ``(start, end)`` of every line of `text`, its line break included."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield start, end
        start = end


def split_long(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yield ``(start, end)`` of consecutive parts of ``text[start:end]`` of at most `limit`.

    Parts end after white space where there is some in their last quarter.
    """
    while end - start > limit:
        cut = start + limit
        space = max(text.rfind(" ", cut - limit // 4, cut), text.rfind("\n", cut - limit // 4, cut))
        cut = space + 1 if space >= 0 else cut
        yield start, cut
        start = cut
    yield start, end


def plain_document(text: str, tokenizer: Tokenizer) -> Document:
    """Return `text` as ranked lines: first and last, then what looks important, then a sample.

    Long lines are split, and in large texts one segment holds several short lines, so that there
    are never many more than 20,000 segments.
    """
    pieces = list(_pieces(text))
    even = spread(len(pieces))
    segments = tuple(
        Segment(
            text=part,
            rank=_rank(part, place, len(pieces), even[place]),
            tokens=tokenizer.count(part),
            span=Span(start, end),
            unit=unit,
            count=count,
        )
        for place, (start, end, unit, count) in enumerate(pieces)
        for part in (text[start:end],)
    )
    return Document(segments, "plain", Guarantee.LOSSLESS, Guarantee.EXTRACTIVE)


def _pieces(text: str) -> Iterator[tuple[int, int, str, int]]:
    """Yield ``(start, end, unit, count)``: groups of whole lines, and parts of long ones."""
    grain = len(text) // _MAX_SEGMENTS
    start = count = 0
    for line_start, end in split_lines(text):
        if end - line_start > max(_MAX_CHARS, grain):
            if count:
                yield start, line_start, "line", count
            for part_start, part_end in split_long(text, line_start, end, max(_MAX_CHARS, grain)):
                yield part_start, part_end, "char", part_end - part_start
            start, count = end, 0
            continue
        count += 1
        if end - start > grain:
            yield start, end, "line", count
            start, count = end, 0
    if count:
        yield start, len(text), "line", count


def _rank(text: str, place: int, size: int, even: float) -> float:
    """Rank of a piece: 1 to 2 for the edges, 2 to 3 for what stands out, 3 to 4 for the rest."""
    edge = min(2 * place, 2 * (size - 1 - place) + 1)
    if edge < _EDGE:
        return 1 + edge / _EDGE
    if _HEADING.match(text) or looks_wrong(text):
        return 2 + even
    return 3 + even if text.strip() else 4 + even
