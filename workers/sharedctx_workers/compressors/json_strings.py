"""Long strings in JSON, in parts: files and outputs in messages, bodies of reports.

What matters in a string that is a document is for the compressors to say that read such documents.
Its parts stay parts of the string, escaped as they are, so the JSON is the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sharedctx.exact_json import dump_string
from sharedctx.plain import split_long
from sharedctx.segments import TARGET, Document
from sharedctx_workers.compressors.mixed_scale import scaled

__all__ = ("LATE", "LONG", "SOON", "Part", "Strings")

LONG = 480
"""Characters of a string or a row that are cut in parts."""

SOON, LATE = 0.01, 1.0
"""Ranks of parts: up to `SOON` as soon as what they are in, from `LATE` on after everything."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
# The first strings of at least so many characters and lines may be documents: many grammars try.
_LEAST, _LEAST_LINES, _MOST_STRINGS = 960, 8, 256
# Parts of documents come after what is short, those first that a view of the document needs.
_FIRST_RANK, _LAST_RANK = 0.7, 0.75
_HEAD, _PART, _TAIL = 240, 320, 60
_ESCAPED = 1.2  # how many tokens one of a document takes in a string, notes and all


class Part(NamedTuple):
    """A part of a line.

    Attributes:
        text: How it reads in JSON.
        rank: How soon it is needed; see `SOON` and `LATE`.
        unit: What a reader calls one of what it stands for.
        amount: How many of them.
    """

    text: str
    rank: float
    unit: str
    amount: int


class Strings:
    """Cuts long lines of one JSON document.

    Args:
        read: Reads a string as a document, if it is one.

    Attributes:
        basis: Tokens by which the target should take JSON for larger than it is, because its
            strings are documents of which more has to be told.
    """

    def __init__(self, read: Callable[[str], Document | None] = lambda _: None) -> None:
        self._read = read
        self._tried = 0
        self.basis = 0

    def cut(self, cells: Sequence[str], separator: str = "") -> Iterator[Part]:
        """Yield a line in parts, so that each very long cell is cut; the first is its beginning."""
        piece = ""
        for i, cell in enumerate(cells):
            piece += separator if i else ""
            if len(cell) <= LONG:
                piece += cell
                continue
            first, *middle, last = self._parts(cell)
            yield first._replace(text=piece + first.text)
            yield from middle
            piece = last.text
        yield Part(piece, SOON, "char", len(piece))

    def _parts(self, cell: str) -> Iterator[Part]:
        """Yield the parts of a long cell."""
        place = 0
        for found in _STRING.finditer(cell):
            inner = self._inner(found[0])
            if inner:
                *before, lead = _plain(cell[place : found.start() + 1], is_first=not place)
                yield from before
                yield lead._replace(text=lead.text + inner[0].text)
                yield from inner[1:]
                place = found.end() - 1
        yield from _plain(cell[place:], is_first=not place)

    def _inner(self, string: str) -> list[Part]:
        """Return the parts of a string that is a document; none if it is not."""
        if len(string) < _LEAST or string.count("\\n") < _LEAST_LINES:
            return []
        if self._tried == _MOST_STRINGS:
            return []
        self._tried += 1
        text = json.loads(string, strict=False)
        document = self._read(text)
        if document is None:
            return []
        ranks, wanted = scaled(document)
        parts = list(_parts_of(text, document, ranks))
        escaped = [part._replace(text=dump_string(part.text)[1:-1]) for part in parts]
        if "".join(part.text for part in escaped) != string[1:-1]:
            return []  # half of a character stands at a seam
        own = sum(segment.tokens for segment in document.segments)
        self.basis += max(0, round(_ESCAPED * wanted / TARGET) - own)
        return escaped


def _parts_of(text: str, document: Document, ranks: Sequence[float]) -> Iterator[Part]:
    """Yield both ends of `text`, which are told with what it is in, and between them its parts."""
    head = text.rfind("\n", 0, _HEAD) + 1 or _HEAD
    tail = max(text.rfind("\n", 0, -1) + 1, len(text) - _TAIL)
    yield Part(text[:head], 0.0, "char", head)
    for segment, rank in zip(document.segments, ranks, strict=True):
        start, end = max(head, segment.span.start), min(tail, segment.span.end)
        if start < end:
            # From -1 to 1 is what a view of the document alone would hold.
            depth = (rank + 1) / 2
            own = _FIRST_RANK + (_LAST_RANK - _FIRST_RANK) * depth if depth <= 1 else LATE
            yield Part(text[start:end], own, "line", text.count("\n", start, end))
    yield Part(text[tail:], SOON, "char", len(text) - tail)


def _plain(text: str, *, is_first: bool) -> Iterator[Part]:
    """Yield what is no document, in parts: its ends first."""
    rank = 0.0 if is_first else SOON
    if len(text) <= _HEAD + _TAIL:
        yield Part(text, rank, "char", len(text))
        return
    stop = len(text) - _TAIL
    yield Part(text[:_HEAD], rank, "char", _HEAD)
    for start, end in split_long(text, _HEAD, stop, _PART):
        yield Part(text[start:end], LATE, "char", end - start)
    yield Part(text[stop:], SOON, "char", _TAIL)
