"""The ranks of a part on the scale that all parts of a mixed document share.

On that scale 1.0 is where the default rendering of the part alone would end. So the default
rendering of the whole holds what those of its parts would, and any other budget goes as deep into
one part as into another.
"""

from __future__ import annotations

from typing import NamedTuple

from sharedctx.segments import REQUIRED, TARGET, Document
from sharedctx_workers.compressors.counting import tokens_up_to

__all__ = ("LATE", "Scaled", "scaled")

LATE = 1e6
"""Segments of this rank or a larger one come after all others."""

# A part is read whole up to this many tokens: a note would take a good part of them.
_SMALL = 80
_FIRST = 0.001


class Scaled(NamedTuple):
    """The ranks of the segments of a part, and the tokens of its own default rendering."""

    ranks: list[float]
    wanted: float


def scaled(document: Document) -> Scaled:
    """Return the ranks of the segments of `document` on the common scale."""
    segments = document.segments
    wanted = _wanted(document)
    ranks = [0.0] * len(segments)
    taken = 0
    for i in sorted(range(len(segments)), key=lambda i: segments[i].rank):
        rank = segments[i].rank
        late = LATE if rank > document.enough else 0.0
        # What the part cannot do without, the whole cannot: ranks up to `REQUIRED` stay such.
        ranks[i] = taken / wanted - 1 if rank <= REQUIRED else _FIRST + taken / wanted + late
        taken += segments[i].tokens
    return Scaled(ranks, wanted)


def _wanted(document: Document) -> float:
    """Return the tokens of the default rendering of a document."""
    segments = document.segments
    whole = sum(segment.tokens for segment in segments)
    required = tokens_up_to(REQUIRED, segments)
    target = TARGET * (document.basis or whole)
    enough = tokens_up_to(document.enough, segments)
    return max(min(target, enough), required, min(enough, _SMALL), 1)
