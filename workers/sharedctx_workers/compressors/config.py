"""Configuration: sections and short settings first, comments and long values last."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sharedctx.notes import unescape_notes
from sharedctx.plain import split_long
from sharedctx.salience import looks_wrong
from sharedctx.segments import REQUIRED, Document, Guarantee, NoteStyle, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.config_entries import Entry, Kind
from sharedctx_workers.compressors.config_parse import find_entries
from sharedctx_workers.compressors.turns import take_turns

__all__ = ("ConfigCompressor",)

_MAX_SEGMENTS = 50_000
_SHORT = 120
_PART = 400
_UNITS = {Kind.SECTION: "section", Kind.KEY: "key", Kind.ITEM: "item"}
_RUNS = (Kind.MORE, Kind.COMMENT)
_SECTION = _UNITS[Kind.SECTION]
# Headings of sections are shown whatever they cost, if that is no more than this share of all.
_LITTLE = 0.2
# Characters of names for each token of the text; of more names there is no room for most.
_FEW_CHARACTERS = 0.8
# What a section or a setting is called.
_NAME = re.compile(r"[\s-]*(?:\[+|export )?([^\[\]{}=:\n]{1,60}?)\s*[]{=:]")
# Most settings are one on a line, and there are many notes.
_STYLE = NoteStyle(implied=("key", "item", "line"))


class _Piece(NamedTuple):
    """One entry, or several of a run that are told together."""

    start: int
    end: int
    kind: Kind
    depth: int
    amount: int = 1


class ConfigCompressor:
    """Extractive compression of TOML, INI, ``.env``, YAML and blocks in braces, line by line."""

    kind = "config"

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked settings; None unless it is a configuration."""
        entries = find_entries(text)
        if entries is None:
            return None
        pieces = list(_pieces(entries, len(text) // _MAX_SEGMENTS))
        segments: list[Segment] = []
        groups: list[int] = []
        begins: list[int] = []  # index of the first segment of each piece
        ranks = _ranks(text, pieces)
        blocks = zip(pieces, ranks, _parents(pieces), _blocks(pieces), strict=True)
        for piece, rank, parent, block in blocks:
            needs = len(segments) - begins[parent] if parent >= 0 else 0
            begins.append(len(segments))
            segments += _segments(text, piece, rank, needs, tokenizer)
            groups += [block] * (len(segments) - len(groups))
        ranked = _with_names(take_turns(segments, groups))
        return Document(
            ranked, self.kind, Guarantee.LOSSLESS, Guarantee.EXTRACTIVE, note_style=_STYLE
        )

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is `original`, character by character."""
        return unescape_notes(whole) == original


def _pieces(entries: Sequence[Entry], grain: int) -> Iterator[_Piece]:
    """Yield entries, with runs of comments and of further lines of a value joined."""
    last: _Piece | None = None
    for entry in entries:
        piece = _Piece(*entry)
        limit = max(_PART, grain) if entry.kind in _RUNS else grain
        if last and last.kind is entry.kind and entry.end - last.start <= limit:
            last = last._replace(end=entry.end, amount=last.amount + 1)
            continue
        if last:
            yield last
        last = piece
    if last:
        yield last


def _parents(pieces: Sequence[_Piece]) -> Iterator[int]:
    """Yield the index of the section or key that each piece belongs to, or -1."""
    stack: list[tuple[int, int]] = []
    for i, piece in enumerate(pieces):
        if piece.kind is Kind.MORE:
            yield i - 1
            continue
        depth = piece.depth + (piece.kind is Kind.COMMENT)
        while stack and stack[-1][0] >= max(depth, 1) - (piece.kind is Kind.SECTION):
            stack.pop()
        yield stack[-1][1] if stack and piece.kind is not Kind.SECTION else -1
        if piece.kind in (Kind.SECTION, Kind.KEY):
            stack.append((piece.depth, i))


def _blocks(pieces: Sequence[_Piece]) -> Iterator[int]:
    """Yield the number of the block that each piece is in: a section, or what is not indented."""
    block = 0
    nested = False
    for piece in pieces:
        if piece.kind is Kind.SECTION or (piece.depth == 0 and piece.kind is Kind.KEY and nested):
            block, nested = block + 1, False
        nested = nested or piece.depth > 0
        yield block


def _ranks(text: str, pieces: Sequence[_Piece]) -> Iterator[float]:
    """Yield ranks within blocks: by kind and depth, and of what is alike the first first.

    Settings that stand together share one note when they are left out.
    """
    for place, piece in enumerate(pieces):
        late = place / len(pieces)
        source = text[piece.start : piece.end]
        if piece.kind is Kind.SECTION:
            yield 0.0
        elif piece.kind in _RUNS:
            yield 3.0 + late - 2 * looks_wrong(source) - (piece.kind is Kind.MORE)
        else:
            is_long = len(source.strip()) > _SHORT
            yield 0.1 + min(piece.depth, 12) / 12 + is_long + 0.5 * late


def _with_names(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Return `segments` with what notes say of those that are left out: sections and settings.

    Where that is too much, it is the sections alone. They are required where they take little.
    """
    total = sum(segment.tokens for segment in segments)
    heads = sum(segment.tokens for segment in segments if segment.unit == _SECTION)
    is_little = heads <= _LITTLE * total
    units = (_SECTION, _UNITS[Kind.KEY])
    names = _names(segments, units)
    if sum(map(len, names.values())) > _FEW_CHARACTERS * total:
        names = _names(segments, units[:1])
    return tuple(
        replace(
            segment,
            rank=REQUIRED if is_little and segment.unit == _SECTION else segment.rank,
            mentions=(names[i],) if i in names else (),
        )
        for i, segment in enumerate(segments)
    )


def _names(segments: Sequence[Segment], units: Collection[str]) -> dict[int, str]:
    """Return what segments are called, by index; of those that are called alike the soonest."""
    names: dict[str, int] = {}
    for i in sorted(range(len(segments)), key=lambda i: (segments[i].rank, i)):
        name = _NAME.match(segments[i].text) if segments[i].unit in units else None
        said = name[1].strip("\"' ") if name else ""
        if len(said) > 1:
            names.setdefault(said, i)
    return {i: name for name, i in names.items()}


def _segments(
    text: str, piece: _Piece, rank: float, needs: int, tokenizer: Tokenizer
) -> Iterator[Segment]:
    """Yield the segments of a piece: one, unless it is very long."""
    limit = len(text) if piece.amount > 1 else 2 * _PART
    parts = list(split_long(text, piece.start, piece.end, limit))
    for i, (start, end) in enumerate(parts):
        source = text[start:end]
        yield Segment(
            text=source,
            rank=rank + 0.5 * bool(i),
            tokens=tokenizer.count(source),
            span=Span(start, end),
            unit="char" if i else _UNITS.get(piece.kind, "line"),
            count=end - start if i else piece.amount,
            needs=i or needs,
        )
