"""Segments that read as they stand in the original: what line-oriented compressors make."""

from __future__ import annotations

from typing import Protocol

from sharedctx.segments import Segment, Span
from sharedctx.tokens import Tokenizer

__all__ = ("VerbatimPart", "verbatim_segment")


class VerbatimPart(Protocol):
    """A ranked part of a text, before its tokens are counted; see `Segment` for the meaning."""

    @property
    def start(self) -> int:
        """First character of the part."""
        ...

    @property
    def end(self) -> int:
        """First character after it."""
        ...

    @property
    def rank(self) -> float:
        """How soon a reader needs it."""
        ...

    @property
    def unit(self) -> str:
        """What a reader calls one of these."""
        ...

    @property
    def amount(self) -> int:
        """How many units it stands for."""
        ...

    @property
    def needs(self) -> int:
        """How many places back the header stands that it needs."""
        ...


def verbatim_segment(
    text: str, part: VerbatimPart, tokenizer: Tokenizer, stand_in: str = ""
) -> Segment:
    """Return `part` of `text` as a segment that reads exactly as it stands there."""
    source = text[part.start : part.end]
    return Segment(
        text=source,
        rank=part.rank,
        tokens=tokenizer.count(source),
        span=Span(part.start, part.end),
        unit=part.unit,
        count=part.amount,
        stand_in=stand_in,
        needs=part.needs,
    )
