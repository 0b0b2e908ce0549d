"""The ranks of a part on the scale that all parts of a mixed document share.

On that scale 1.0 is where the default rendering of the part alone would end. So the default
rendering of the whole holds what those of its parts would, and any other budget goes as deep into
one part as into another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from sharedctx.segments import EXTRA, REQUIRED, TARGET, Document
from sharedctx_workers.compressors.counting import NOTE, tokens_up_to

__all__ = ("LATE", "SMALL", "Scaled", "scaled")

LATE = 1e6
"""Segments of this rank or a larger one come after all others."""

SMALL = 80
"""A part is read whole up to this many tokens: a note would take a good part of them."""

_FIRST = 0.001


class Scaled(NamedTuple):
    """The ranks of the segments of a part, and the tokens of its own default rendering."""

    ranks: list[float]
    wanted: float


def scaled(document: Document, again: Collection[int] = ()) -> Scaled:
    """Return the ranks of the segments of `document` on the common scale.

    Those at the places `again` say what was said before: the others are ranked as if they were all,
    and these come last.
    """
    if again:
        return _scaled_without(document, again)
    segments = document.segments
    wanted = _wanted(document)
    order = sorted(range(len(segments)), key=lambda i: segments[i].rank)
    scale = _tokens_within(wanted, order, document)
    ranks = [0.0] * len(segments)
    taken = 0
    for i in order:
        rank = segments[i].rank
        late = LATE if rank > document.enough else 0.0
        # What the part cannot do without, the whole cannot: ranks up to `REQUIRED` stay such.
        ranks[i] = taken / scale - 1 if rank <= REQUIRED else _FIRST + taken / scale + late
        taken += segments[i].tokens
    return Scaled(ranks, wanted)


def _scaled_without(document: Document, again: Collection[int]) -> Scaled:
    segments = document.segments
    fresh = [i for i in range(len(segments)) if i not in again]
    ranks = [LATE + i for i in range(len(segments))]
    if not fresh:
        return Scaled(ranks, 0.0)
    rest = tuple(segments[i] for i in fresh)
    whole = sum(segment.tokens for segment in segments)
    share = sum(segment.tokens for segment in rest) / max(whole, 1)
    basis = round(share * (document.basis or whole))
    part = scaled(replace(document, segments=rest, basis=basis))
    for i, rank in zip(fresh, part.ranks, strict=True):
        ranks[i] = rank
    return Scaled(ranks, part.wanted)


def _tokens_within(wanted: float, order: Sequence[int], document: Document) -> float:
    """Return how many of `wanted` tokens are not of notes, if segments are taken in `order`."""
    segments = document.segments
    is_kept = [True, *(segment.unit == EXTRA for segment in segments), True]
    runs = sum(kept and not after for kept, after in pairwise(is_kept))
    taken = most = 0
    for i in order:
        if segments[i].rank > document.enough:
            break
        if not is_kept[i + 1]:
            runs += 1 - is_kept[i] - is_kept[i + 2]
            is_kept[i + 1] = True
        taken += segments[i].tokens
        if taken + NOTE * runs <= wanted:
            most = taken
    return max(most, 1)


def _wanted(document: Document) -> float:
    """Return the tokens of the default rendering of a document."""
    segments = document.segments
    whole = sum(segment.tokens for segment in segments)
    required = tokens_up_to(REQUIRED, segments)
    target = TARGET * (document.basis or whole)
    enough = tokens_up_to(document.enough, segments)
    return max(min(target, enough), required, min(enough, SMALL), 1)
