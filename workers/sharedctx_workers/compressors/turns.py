"""Groups of segments that take turns, so that each has its say within any budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from sharedctx.segments import Segment

__all__ = ("take_turns",)

_NOTE = 14  # tokens of a note, the price of showing something of a group at all


def take_turns(segments: Sequence[Segment], groups: Sequence[int]) -> tuple[Segment, ...]:
    """Return `segments` with ranks on one scale.

    Each group gets tokens in proportion to the square root of its size: half of a remark is shown
    by the time that a tenth of a long listing is.

    Args:
        segments: Segments whose ranks are good within their group only.
        groups: The group of each segment.
    """
    members: dict[int, list[int]] = {}
    for i, group in enumerate(groups):
        members.setdefault(group, []).append(i)
    ranks = [0.0] * len(segments)
    for places in members.values():
        share = math.sqrt(max(1, sum(segments[i].tokens for i in places)))
        taken = _NOTE
        for i in sorted(places, key=lambda i: (segments[i].rank, i)):
            taken += segments[i].tokens
            ranks[i] = 0.01 + taken / share
    return tuple(replace(segment, rank=rank) for segment, rank in zip(segments, ranks, strict=True))
