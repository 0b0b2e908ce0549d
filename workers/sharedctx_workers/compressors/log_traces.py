"""Which lines of a trace an earlier one has in the same order: the way to both errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sharedctx_workers.compressors.log_events import Event
from sharedctx_workers.compressors.log_grammar import MAX_HEAD
from sharedctx_workers.compressors.log_lines import LogLine
from sharedctx_workers.compressors.log_ranks import ENOUGH

__all__ = ("told_frames",)

_MIN_FRAMES = 4


def told_frames(
    lines: Sequence[LogLine], events: Sequence[Event], ranks: Sequence[float]
) -> dict[range, int]:
    """Return the lines that are told by others, with the first of those lines, all by index.

    The first line of a trace and the last one are never told by others.
    """
    found: dict[range, int] = {}
    seen: dict[str, int] = {}
    for event, rank in zip(events, ranks, strict=True):
        if event.level < 3 or rank > ENOUGH or event.end - event.start < _MIN_FRAMES:
            continue
        inner = range(event.start + 1, event.end - 1)
        for run in _runs([seen.get(_frame(lines[i]), -1) for i in inner], inner.start):
            found[run] = seen[_frame(lines[run.start])]
        for i in inner:
            if frame := _frame(lines[i]):
                seen.setdefault(frame, i)
    return found


def _frame(line: LogLine) -> str:
    """Return the text of a line; nothing if it is long, because then the rest may differ."""
    return line.head if line.end - line.start < MAX_HEAD else ""


def _runs(places: Sequence[int], start: int) -> Iterator[range]:
    """Yield where `places`, of which the first is that of `start`, count up for long enough."""
    first = 0
    for i in range(1, len(places) + 1):
        if i < len(places) and places[first] >= 0 and places[i] == places[i - 1] + 1:
            continue
        if places[first : first + 1] != [-1] and i - first >= _MIN_FRAMES:
            yield range(start + first, start + i)
        first = i
