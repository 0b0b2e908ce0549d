"""One document from parts of several kinds, each made by the compressor that knows its kind.

Text between the parts is ranked as one text. Then everything is put on one scale, on which each
part is shown as far as it would be alone.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from sharedctx import tokens
from sharedctx.notes import escape_notes, unescape_notes
from sharedctx.segments import REQUIRED, TARGET, Document, Guarantee, NoteStyle, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.counting import tokens_up_to
from sharedctx_workers.compressors.line_references import moved_lines
from sharedctx_workers.compressors.mixed_parts import MIN_EMBEDDED, Embedded, embedded_in
from sharedctx_workers.compressors.mixed_regions import outputs_of, paragraph_runs, turns_of
from sharedctx_workers.compressors.mixed_repeats import Repeat, repeats_in, retold, told_again
from sharedctx_workers.compressors.mixed_scale import LATE, SMALL, scaled
from sharedctx_workers.compressors.text import PROSE_NOTES, TextCompressor
from sharedctx_workers.compressors.text_mentions import names_left_out
from sharedctx_workers.compressors.text_parts import Part, Role, is_prose, level_of, parts_of
from sharedctx_workers.compressors.text_ranks import SHARE, rank_parts

__all__ = ("Piece", "adds_up", "combine", "pieces_of", "says_all")

_TEXT = TextCompressor()
_STRENGTH = (Guarantee.LOSSLESS, Guarantee.OUTLINED, Guarantee.EXTRACTIVE, Guarantee.ABRIDGED)
_FENCE_RANK = 0.001  # a block is always shown as one
_FENCES = ("```", "~~~")
_NAMED = ("code", "table")
# Ranks say where each part ends, so the target has room for what estimates of notes differ.
_ROOM = 1.05
# Targets of links, comments and images, and lines of a table of contents.
_LAST = re.compile(
    r"\s*(?:\[[^\]\n]{1,200}\]:\s|<!--|\[?!\[|\.\. (?:_[^\n]{1,200}:\s|image::)"
    r"|(?:[-*+]|\d{1,3}[.)])\s{1,4}\[[^\]\n]{1,200}\]\(#[^)\n]{0,200}\)\s*$)"
)


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


@lru_cache(maxsize=2)
def _last_pieces(text: str, *compressors: tuple[Compressor, ...]) -> list[Piece]:  # noqa: ARG001  # the key
    """Return the list that remembers what `text` was last taken apart into; empty at first.

    Whoever compresses a text verifies the result next, and how short its parts are can depend on
    the tokenizer, which who verifies does not have.
    """
    return []


def pieces_of(
    text: str,
    compressors: Sequence[Compressor],
    tokenizer: Tokenizer,
    lenient: Sequence[Compressor] = (),
) -> list[Piece]:
    """Return `text` as pieces, in order and without gaps.

    Args:
        text: The original.
        compressors: What the parts are offered to, in this order.
        tokenizer: What counts.
        lenient: What whole turns and outputs are offered to that none of the others accepts, nor
            any part of them.
    """
    pieces: list[Piece] = []
    place = 0
    for found, is_last_try in _places(text):
        asked = lenient if is_last_try else compressors
        # What lies in a piece that was found already is part of it.
        piece = _routed(text, found, asked, tokenizer) if found.start >= place else None
        if piece is None:
            continue
        if found.start > place:
            pieces.append(Piece(Embedded(place, place, found.start, found.start)))
        pieces.append(piece)
        place = found.end
    if place < len(text):
        pieces.append(Piece(Embedded(place, place, len(text), len(text))))
    _last_pieces(text, tuple(compressors), tuple(lenient))[:] = pieces
    return pieces


def _places(text: str) -> Iterator[tuple[Embedded, bool]]:
    """Yield the places of `text` that may hold something of another kind, the wider first.

    With each, whether it has been yielded before: with what is in it, it is still all text.
    """
    marked = turns_of(text) or outputs_of(text)
    if not marked:
        wide = (Embedded(start, start, end, end) for start, end in paragraph_runs(text))
        for place in heapq.merge(wide, embedded_in(text), key=lambda at: (at.start, -at.end)):
            if place.is_fenced:
                for start, end in outputs_of(text[place.body : place.stop]):
                    yield Embedded(*(place.body + at for at in (start, start, end, end))), False
            yield place, False
    for place in embedded_in(text[: marked[0][0]] if marked else ""):
        yield place, False
    for start, end in marked:
        whole = Embedded(start, start, end, end)
        if not text[start:end].lstrip().startswith(_FENCES):
            yield whole, False
        for place in embedded_in(text[start:end]):
            yield Embedded(*(start + at for at in place)), False
        yield whole, True


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
            # What its target is a share of if it stands alone, however short its segments are.
            basis = document.basis or tokenizer.count(body)
            return Piece(found, compressor, replace(document, basis=basis))
    return Piece(found, _TEXT, _TEXT.document(body, tokenizer)) if found.is_fenced else None


def combine(
    text: str,
    pieces: Sequence[Piece],
    tokenizer: Tokenizer,
    kind: str,
    *,
    composed: bool = False,
    share: float = SHARE,
) -> Document:
    """Return one document from pieces.

    Args:
        text: The original.
        pieces: What `pieces_of` found in it.
        tokenizer: What counts.
        kind: Kind of the document.
        composed: Whether somebody wrote it around its parts. Then a short line that stands alone is
            a heading, without any marks; commands and what is said of a part stay. Otherwise its
            code and tables are about what the text is about, so their names count.
        share: What the default rendering takes of the prose at most.
    """
    places = [(at.body, at.stop, document is None) for at, _, document in pieces if composed]
    repeats = repeats_in(text, places)
    entries = _Entries(text, tokenizer, repeats)
    prose = [_prose(text, piece, composed=composed) for piece in pieces]
    said = [part for parts in prose for part in parts]
    asides = {i for i, part in enumerate(said) if _LAST.match(text, part.start, part.end)}
    ranking = rank_parts(text, said, share, asides)
    ranked = zip(ranking.ranks, ranking.mentions, strict=True)
    for piece, parts in zip(pieces, prose, strict=True):
        lead = _lead(text, parts, tokenizer) if composed else len(parts)
        for place, part in enumerate(parts):
            rank, mentions = next(ranked)
            late = LATE if rank > ranking.enough else 0.0
            is_command = composed and text.startswith("$ ", part.start)
            rank = REQUIRED if place >= lead or is_command else late + rank
            entries.text(part, rank, mentions)
        entries.wanted += _tokens(text, parts[lead:], tokenizer)
        told = entries.again(len(parts))[:lead]
        entries.wanted += tokens_up_to(min(1.0, ranking.enough), told)
        entries.mentioned(told)
        if piece.document is not None:
            is_named = piece.document.kind in _NAMED and not composed
            entries.routed(piece.place, piece.document, is_named=is_named)
    segments = tuple(entries.segments)
    documents = [piece.document for piece in pieces if piece.document is not None]
    is_verbatim = all(s.text == text[s.span.start : s.span.end] for s in segments)
    partial = [Guarantee.EXTRACTIVE, *(document.partial for document in documents)]
    return Document(
        segments=segments,
        kind=kind,
        # Other text decodes only for who knows where it begins, which a reader does not.
        whole=Guarantee.LOSSLESS if is_verbatim else Guarantee.EXTRACTIVE,
        partial=max(partial, key=_STRENGTH.index),
        note_style=_note_style(documents),
        enough=1.0,
        basis=round(_ROOM * entries.wanted / TARGET),
    )


def _note_style(documents: Sequence[Document]) -> NoteStyle:
    """Return the style of notes that imply what those of any part do."""
    units = [unit for document in documents for unit in document.note_style.implied]
    return NoteStyle(implied=tuple(dict.fromkeys((*PROSE_NOTES.implied, *units))))


def says_all(
    original: str,
    whole: str,
    compressors: Sequence[Compressor],
    lenient: Sequence[Compressor] = (),
) -> bool:
    """Whether `whole` is what all pieces of `original` combine to, and each says all of its part.

    Args:
        original: The original.
        whole: All segments of the document, with look-alikes of notes escaped.
        compressors: What made the parts.
        lenient: What made parts that none of `compressors` accepts.
    """
    pieces = _last_pieces(original, tuple(compressors), tuple(lenient))
    pieces = pieces or pieces_of(original, compressors, tokens.load(), lenient)
    return adds_up(original, whole, pieces)


def adds_up(original: str, whole: str, pieces: Iterable[Piece]) -> bool:
    """Whether `whole` is what `pieces` of `original` combine to, each saying all of its part."""
    said: list[str] = []
    for place, compressor, document in pieces:
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


def _prose(text: str, piece: Piece, *, composed: bool) -> list[Part]:
    """Return the sentences, items and lines of a piece that is prose."""
    if piece.document is not None:
        return []
    start, _, _, end = piece.place
    parts = []
    for part in parts_of(text[start:end]):
        first, last = start + part.start, start + part.end
        role = part.role
        if role is Role.HEADING and not _heads(text[first:last].strip(), composed=composed):
            role = Role.SENTENCE
        unit = "sentence" if part.unit == "heading" and role is Role.SENTENCE else part.unit
        parts.append(part._replace(start=first, end=last, role=role, unit=unit))
    return parts


def _lead(text: str, parts: Sequence[Part], tokenizer: Tokenizer) -> int:
    """Return from which of `parts` on they are said of what follows, or conclude the text.

    Those are all if they are short, or what stands below their last heading.
    """
    headings = [place for place, part in enumerate(parts) if part.role is Role.HEADING]
    for place in (0, *headings[-1:]):
        if _tokens(text, parts[place:], tokenizer) <= SMALL:
            return place
    return len(parts)


def _tokens(text: str, parts: Sequence[Part], tokenizer: Tokenizer) -> int:
    return tokenizer.count(text[parts[0].start : parts[-1].end]) if parts else 0


def _heads(source: str, *, composed: bool) -> bool:
    """Whether a part that could be a heading is one, and no short paragraph."""
    is_marked = source.startswith(("#", "**")) or "\n" in source
    return is_marked or (composed and not source.endswith(":"))


class _Entries:
    """Segments in the order of the text, on one scale, each with what it needs.

    Attributes:
        segments: The segments so far.
        wanted: Tokens that the default rendering takes of the parts so far.
    """

    def __init__(self, text: str, tokenizer: Tokenizer, repeats: Sequence[Repeat]) -> None:
        self._text = text
        self._repeats = repeats
        self._tokenizer = tokenizer
        self._headings: list[tuple[int, int]] = []  # level and index of those we are under
        self._lines = self._counted = 0  # lines before the last part, and where it begins
        self.segments: list[Segment] = []
        self.wanted = 0.0

    def text(self, part: Part, rank: float, mentions: tuple[str, ...]) -> None:
        """Add a part of the prose."""
        source = self._text[part.start : part.end]
        is_heading = part.role is Role.HEADING
        if is_heading:
            level = level_of(source)
            while self._headings and self._headings[-1][0] >= level:
                self._headings.pop()
        is_last = bool(_LAST.match(source))
        segment = self._verbatim(part.start, part.end, (LATE if is_last else 0.0) + rank)
        self.segments.append(
            replace(
                segment,
                unit=part.unit,
                count=part.amount,
                is_prose=not is_last and is_prose(part, source),
                mentions=mentions,
            )
        )
        if is_heading:
            self._headings.append((level, len(self.segments) - 1))

    def again(self, count: int) -> Sequence[Segment]:
        """Return the last `count` parts of the prose, with those last that were told before."""
        start = len(self.segments) - count
        last = self.segments[start:]
        self.segments[start:] = retold(last, told_again(self._text, last, self._repeats, 0))
        return self.segments[start:]

    def routed(self, place: Embedded, document: Document, *, is_named: bool) -> None:
        """Add the segments of another document, between its fences; name what is left out."""
        told = told_again(self._text, document.segments, self._repeats, place.body)
        ranks, wanted = scaled(document, {i for run in told for i in range(run.start, run.end)})
        mentions = [segment.mentions for segment in document.segments]
        if is_named:
            mentions = names_left_out(document.segments, ranks)
        self._lines += self._text.count("\n", self._counted, place.body)
        self._counted = place.body
        above = self._distance
        if place.is_fenced:
            opening = len(self.segments)
            self._edge(place.start, place.body, above())
            above = lambda: len(self.segments) - opening  # noqa: E731  # the fence is above now
        inside = len(self.segments)
        for segment, rank, said in zip(document.segments, ranks, mentions, strict=True):
            start, end = segment.span
            self.segments.append(
                replace(
                    segment,
                    rank=rank,
                    span=Span(place.body + start, place.body + end),
                    needs=segment.needs or above(),
                    stand_in="",  # its grammar ends at its fences, where a note does no harm
                    told_by=0,
                    note=moved_lines(segment.note, self._lines),
                    mentions=said,
                )
            )
        self.segments[inside:] = retold(self.segments[inside:], told)
        self.mentioned(self.segments[inside:])
        if place.end > place.stop:
            self._edge(place.stop, place.end, above())
        self.wanted += wanted

    def mentioned(self, segments: Sequence[Segment]) -> None:
        """Count what notes mention of `segments`."""
        said = (f" {mention}," for segment in segments for mention in segment.mentions)
        self.wanted += sum(map(self._tokenizer.count, said))

    def _distance(self) -> int:
        """Return how many places before the next segment its heading stands; 0 if none."""
        return len(self.segments) - self._headings[-1][1] if self._headings else 0

    def _edge(self, start: int, end: int, needs: int) -> None:
        """Add the line that opens or closes a fenced block."""
        segment = self._verbatim(start, end, _FENCE_RANK)
        self.segments.append(replace(segment, count=0, needs=needs))
        self.wanted += segment.tokens

    def _verbatim(self, start: int, end: int, rank: float) -> Segment:
        source = self._text[start:end]
        tokens = self._tokenizer.count(source)
        return Segment(source, rank, tokens, Span(start, end), needs=self._distance())
