"""The contract between compressors and readers: a document as ranked segments.

A compressor turns a text into a `Document`: ordered `Segment`s whose spans together cover the
original. It decides two things only, how each part reads when it is kept, and how soon a reader
needs it. Choosing parts for a budget, joining what was left out into notes that say what, how much
and where, and counting are the renderer's (`sharedctx.render`), the same for every kind of content.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

__all__ = ("EXTRA", "REQUIRED", "TARGET", "Document", "Guarantee", "NoteStyle", "Segment", "Span")

REQUIRED = 0.0
"""Rank of segments that the default rendering keeps even beyond its target."""

TARGET = 0.2
"""The share of the original that a default rendering aims at, unless a reader says otherwise."""

EXTRA = "extra"
"""Unit of segments that only repeat what others tell, as the rows of an index do.

No note is due where one is left out: there are notes for what it is of, or the document says that
such parts are left out, as the times of log lines are.
"""


class Guarantee(StrEnum):
    """What a rendition still promises about the original, from the strongest to the weakest."""

    LOSSLESS = "lossless"
    """It decodes back to the same data."""
    OUTLINED = "outlined"
    """The structure is whole; bodies may be elided."""
    EXTRACTIVE = "extractive"
    """Every part is verbatim; parts may be elided."""
    ABRIDGED = "abridged"
    """Words may be dropped inside what is kept."""


class Span(NamedTuple):
    """Half-open range of characters of the original, ``original[start:end]``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a document that is kept or elided as a whole.

    Attributes:
        text: How it reads when it is kept, line breaks included. Often ``original[start:end]``.
        rank: How soon a reader needs it: up to 0.0 (`REQUIRED`) first, larger later. Ranks of one
            document are compared with each other only; equal ranks go in document order.
        tokens: Token count of `text`.
        span: The characters of the original that it stands for.
        unit: What a reader calls one of these, singular: ``line``, ``sentence``, ``row``.
        first: Number of its first unit, 1-based, in the reader's own count (row 17); 0 when the
            unit has no numbering of its own and line numbers say it all.
        count: How many units it stands for; 0 for mere punctuation, which notes do not count.
        stand_in: What to show instead of a note when it is elided right after a segment that is
            kept, for kinds whose grammar needs something there, such as the body of a function.
            It says itself what it stands for. Empty when the usual elision note will do.
        note: What to add after it, in a note of its own, wherever it is kept in a view that leaves
            something out: what it stands for, such as "38 like this, L2-164". It must be true of
            the original, whatever else the view keeps.
        stands_for: How many segments, from this one on, `stand_in` stands for; where not all of
            them are elided the usual notes are used.
        told_by: How many places after it is the segment whose stand-in tells of it too, as the one
            for the body of a function tells of the comment before it: where that stand-in is shown
            it needs no note of its own. 0 when there is none.
        needs: How many places before it stands the segment without which it cannot be understood:
            the header of a table row, the heading of a paragraph, the class of a method. Whoever
            keeps the one keeps the other. 0 when it stands for itself.
        is_prose: Whether it is verbatim sentences, of which words may be left out. For who makes
            a rendition; not stored with it.
        verbatim: How it reads with all its words, where words are left out of `text`; else empty.
        mentions: Names that are found in it and in nothing of a smaller rank. The note for what it
            is left out with says them, in views that have room for that.
    """

    text: str
    rank: float
    tokens: int
    span: Span
    unit: str = "line"
    first: int = 0
    count: int = 1
    stand_in: str = ""
    note: str = ""
    needs: int = 0
    stands_for: int = 1
    told_by: int = 0
    is_prose: bool = field(default=False, compare=False)
    verbatim: str = ""
    mentions: tuple[str, ...] = ()

    @property
    def is_lead(self) -> bool:
        """Whether it is how the next segment begins, as a time is, and nothing without that."""
        return self.unit == EXTRA and self.span.end > self.span.start


class NoteStyle(NamedTuple):
    """How elision notes fit their document.

    Attributes:
        before: What opens every note, such as a comment mark.
        after: What closes it.
        implied: Units that a note does not count when it is about nothing else, because the
            document says elsewhere how many there are, or the line numbers do: ``[… L120-164]``.
    """

    before: str = ""
    after: str = ""
    implied: tuple[str, ...] = ()


_PLAIN_NOTE = NoteStyle()


@dataclass(frozen=True, slots=True)
class Document:
    """A text as a compressor sees it.

    Attributes:
        segments: In document order; their spans are contiguous and cover the original.
        kind: Kind of content, as it appears in `transforms` labels: ``json``, ``text``.
        whole: The guarantee that holds when every segment is kept.
        partial: The guarantee that holds once any segment is elided.
        note_style: How to write elision notes in this document.
        enough: Rank beyond which the default rendering takes nothing more, even within its target,
            because what is left only repeats what is there. A reader who names a budget gets it.
        basis: Tokens that the target is a share of; 0 for those of the original. More than these
            where what a reader needs is spread thinly, as in prose; fewer where much of the
            original says nothing, as in markup.
    """

    segments: tuple[Segment, ...]
    kind: str
    whole: Guarantee
    partial: Guarantee
    note_style: NoteStyle = _PLAIN_NOTE
    enough: float = math.inf
    basis: int = 0
