"""One document from parts of several kinds, each made by the compressor that knows its kind.

Text between the parts is ranked as text. Then everything is put on one scale: the parts and the
sections of the text take turns, and each gets tokens in proportion to the square root of its size,
so that a short remark is not lost beside a long listing, and no section goes unheard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sharedctx.notes import escape_notes, unescape_notes
from sharedctx.segments import Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.mixed_facts import fact_densities
from sharedctx_workers.compressors.mixed_parts import MIN_EMBEDDED, Embedded, embedded_in
from sharedctx_workers.compressors.mixed_turns import LATE, take_turns
from sharedctx_workers.compressors.text import TextCompressor
from sharedctx_workers.compressors.text_parts import Part, Role, parts_of
from sharedctx_workers.compressors.text_ranks import rank_parts

__all__ = ("Piece", "Uncounted", "combine", "pieces_of", "says_all")

_TEXT = TextCompressor()
_STRENGTH = (Guarantee.LOSSLESS, Guarantee.OUTLINED, Guarantee.EXTRACTIVE, Guarantee.ABRIDGED)
_ABOUT = 0.3  # weight of what a part is about, the rest is for its facts
_ATX = re.compile(r" {0,3}(#{1,6})")
_NUMBERS = re.compile(r"\s*(\d{1,3}(?:\.\d{1,3})*)\.? ")
_LAST = re.compile(r"\s*(?:\[[^\]\n]{1,200}\]:\s|<!--|\[?!\[)")


class Uncounted:
    """A tokenizer for who needs the parts of a document but not their sizes."""

    name = "uncounted"

    def count(self, text: str) -> int:
        """Return 0 for any `text`."""
        return 0 * len(text)


class Piece(NamedTuple):
    """A part of a text: prose between others, or what one compressor made of it.

    Attributes:
        place: Where it is.
        compressor: What made `document`; None for prose.
        document: Its segments, with spans from the beginning of its body.
    """

    place: Embedded
    compressor: Compressor | None = None
    document: Document | None = None


def pieces_of(text: str, compressors: Sequence[Compressor], tokenizer: Tokenizer) -> list[Piece]:
    """Return `text` as pieces, in order and without gaps."""
    pieces: list[Piece] = []
    place = 0
    for found in embedded_in(text):
        piece = _routed(text, found, compressors, tokenizer)
        if piece is None:
            continue
        if found.start > place:
            pieces.append(Piece(Embedded(place, place, found.start, found.start)))
        pieces.append(piece)
        place = found.end
    if place < len(text):
        pieces.append(Piece(Embedded(place, place, len(text), len(text))))
    return pieces


def _routed(
    text: str, found: Embedded, compressors: Sequence[Compressor], tokenizer: Tokenizer
) -> Piece | None:
    """Return what the first compressor that accepts it makes of a place."""
    body = text[found.body : found.stop]
    if len(body) < MIN_EMBEDDED:
        return None
    for compressor in compressors:
        document = compressor.document(body, tokenizer)
        if document is not None and document.segments:
            return Piece(found, compressor, document)
    return Piece(found, _TEXT, _TEXT.document(body, tokenizer)) if found.is_fenced else None


def combine(
    text: str,
    pieces: Sequence[Piece],
    tokenizer: Tokenizer,
    kind: str,
    *,
    titles: bool = False,
) -> Document:
    """Return one document from pieces.

    Args:
        text: The original.
        pieces: What `pieces_of` found in it.
        tokenizer: What counts.
        kind: Kind of the document.
        titles: Whether a short line that stands alone is a heading, without any marks.
    """
    entries = _Entries(text, tokenizer)
    prose = [_prose(text, piece, titles=titles) for piece in pieces]
    flat = [part for parts in prose for part in parts]
    ranks = iter(_rank_prose(text, flat))
    for piece, parts in zip(pieces, prose, strict=True):
        for part in parts:
            entries.text(part, next(ranks))
        if piece.document is not None:
            entries.routed(piece.place, piece.document)
    segments = take_turns(entries.segments, entries.groups)
    documents = [piece.document for piece in pieces if piece.document is not None]
    is_verbatim = all(s.text == text[s.span.start : s.span.end] for s in segments)
    partial = [Guarantee.EXTRACTIVE, *(document.partial for document in documents)]
    return Document(
        segments=segments,
        kind=kind,
        # Other text decodes only for who knows where it begins, which a reader does not.
        whole=Guarantee.LOSSLESS if is_verbatim else Guarantee.EXTRACTIVE,
        partial=max(partial, key=_STRENGTH.index),
        enough=LATE,
    )


def says_all(original: str, whole: str, compressors: Sequence[Compressor]) -> bool:
    """Whether `whole` is what all pieces of `original` combine to, and each says all of its part.

    Args:
        original: The original.
        whole: All segments of the document, with look-alikes of notes escaped.
        compressors: What made the parts.
    """
    said: list[str] = []
    for place, compressor, document in pieces_of(original, compressors, Uncounted()):
        if compressor is None or document is None:
            said.append(original[place.start : place.end])
            continue
        body, source = _text(document), original[place.body : place.stop]
        if body != source and not compressor.same_data(source, escape_notes(body)):
            return False
        said += (original[place.start : place.body], body, original[place.stop : place.end])
    return "".join(said) == unescape_notes(whole)


def _text(document: Document) -> str:
    return "".join(segment.text for segment in document.segments)


def _prose(text: str, piece: Piece, *, titles: bool) -> list[Part]:
    """Return the sentences, items and lines of a piece that is prose."""
    if piece.document is not None:
        return []
    start, _, _, end = piece.place
    parts = []
    for part in parts_of(text[start:end]):
        first, last = start + part.start, start + part.end
        role = part.role
        if role is Role.HEADING and not _heads(text[first:last].strip(), titles=titles):
            role = Role.SENTENCE
        unit = "sentence" if part.unit == "heading" and role is Role.SENTENCE else part.unit
        parts.append(part._replace(start=first, end=last, role=role, unit=unit))
    return parts


def _heads(source: str, *, titles: bool) -> bool:
    """Whether a part that could be a heading is one, and no short paragraph."""
    is_marked = source.startswith(("#", "**")) or "\n" in source
    return is_marked or (titles and not source.endswith(":"))


def _rank_prose(text: str, parts: Sequence[Part]) -> list[float]:
    """Return the rank of parts by what they are about and by the facts they state."""
    facts = fact_densities(text, parts)
    dense = sorted(range(len(parts)), key=lambda i: (-facts[i], i))
    ranks = [_ABOUT * rank for rank in rank_parts(text, parts)]
    for place, i in enumerate(dense):
        ranks[i] += (1 - _ABOUT) * place
    return ranks


class _Entries:
    """Segments in the order of the text, each with its group and with what it needs."""

    def __init__(self, text: str, tokenizer: Tokenizer) -> None:
        self._text = text
        self._tokenizer = tokenizer
        self._headings: list[tuple[int, int]] = []  # level and index of those we are under
        self._section = self._groups = 0
        self.segments: list[Segment] = []  # with ranks that are good within their group only
        self.groups: list[int] = []

    def text(self, part: Part, rank: float) -> None:
        """Add a part of the prose."""
        if part.role is Role.HEADING:
            level = _level(self._text[part.start : part.end])
            while self._headings and self._headings[-1][0] >= level:
                self._headings.pop()
            self._section = self._next_group()
            self._add(part, 0.0)
            self._headings.append((level, len(self.segments) - 1))
        else:
            late = bool(_LAST.match(self._text, part.start, part.end))
            self._add(part, LATE + rank if late else rank)

    def routed(self, place: Embedded, document: Document) -> None:
        """Add the segments of another document, between its fences."""
        group = self._next_group()
        opening = -1
        if place.is_fenced:
            self._edge(place.start, place.body, group)
            opening = len(self.segments) - 1
        for segment in document.segments:
            above = opening if opening >= 0 else self._heading()
            start, end = segment.span
            late = LATE if segment.rank > document.enough else 0.0
            self._append(
                replace(
                    segment,
                    rank=late + segment.rank,
                    span=Span(place.body + start, place.body + end),
                    needs=segment.needs or self._distance(above),
                    stand_in="",  # its grammar ends at its fences, where a note does no harm
                ),
                group,
            )
        if place.end > place.stop:
            self._edge(place.stop, place.end, group, needs=len(self.segments) - opening)

    def _next_group(self) -> int:
        self._groups += 1
        return self._groups

    def _heading(self) -> int:
        return self._headings[-1][1] if self._headings else -1

    def _distance(self, index: int) -> int:
        return len(self.segments) - index if index >= 0 else 0

    def _append(self, segment: Segment, group: int) -> None:
        self.segments.append(segment)
        self.groups.append(group)

    def _add(self, part: Part, rank: float) -> None:
        source = self._text[part.start : part.end]
        self._append(
            Segment(
                text=source,
                rank=rank,
                tokens=self._tokenizer.count(source),
                span=Span(part.start, part.end),
                unit=part.unit,
                count=part.amount,
                needs=self._distance(self._heading()),
            ),
            self._section,
        )

    def _edge(self, start: int, end: int, group: int, needs: int = 0) -> None:
        """Add the line that opens or closes a fenced block."""
        source = self._text[start:end]
        self._append(
            Segment(
                text=source,
                rank=-1.0,
                tokens=self._tokenizer.count(source),
                span=Span(start, end),
                count=0,
                needs=needs or self._distance(self._heading()),
            ),
            group,
        )


def _level(heading: str) -> int:
    """Return how deep a heading is, 1 for the title."""
    atx = _ATX.match(heading)
    if atx:
        return len(atx[1])
    below = heading.strip().rpartition("\n")[2].strip()
    if below[:1] in ("=", "-") and not below.strip(below[:1]):
        return 1 if below[0] == "=" else 2
    numbers = _NUMBERS.match(heading)
    return 2 + numbers[1].count(".") if numbers else 6
