"""What the first line of each template says of the others: how many, how far, with which values.

Blocks of lines that repeat as a whole are counted as a whole, once, where the first one begins.
Values are told of lines that are left out; those that are kept tell theirs themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from sharedctx.lines import LineIndex
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.log_events import Event
from sharedctx_workers.compressors.log_grammar import LineKind
from sharedctx_workers.compressors.log_lines import LogLine
from sharedctx_workers.compressors.log_repeats import clock_of, how_often, values_of

__all__ = ("notes_of",)

_MIN_BLOCK = 3
# A list of names, one a line, is given as far as it is short, and a small part of the log.
_MAX_LIST, _LIST_SHARE = 300, 40
_SAYS = re.compile(r"\w")


def notes_of(
    text: str,
    lines: Sequence[LogLine],
    events: Sequence[Event],
    ranks: Sequence[float],
    frames: Mapping[range, int],
) -> dict[int, str]:
    """Return the notes of the lines that have one, by the index of the line.

    Args:
        text: The log.
        lines: Its lines.
        events: Its events.
        ranks: The rank of each event.
        frames: Lines of traces that others tell, with the first of those, by index.
    """
    index = LineIndex(text)
    notes = dict(_repeats(index, lines, events, ranks))
    for run, first in frames.items():
        as_lines = (index.line_of(lines[i].start) for i in (first, first + len(run) - 1))
        told = f"the next {len(run)} as L{'-'.join(map(str, as_lines))}"
        above = run.start - 1
        notes[above] = f"{notes[above]}; {told}" if above in notes else told
    return notes


def _repeats(
    index: LineIndex, lines: Sequence[LogLine], events: Sequence[Event], ranks: Sequence[float]
) -> Iterator[tuple[int, str]]:
    """Yield the notes of the first line of each template, with the index of the line."""
    room = min(_MAX_LIST, (lines[-1].end - lines[0].start) // _LIST_SHARE)
    for block in _blocks(_alike(lines, events)):
        head, tail = block[0], block[-1]
        first, last = (lines[events[i].start] for i in (head[0], tail[-1]))
        again = index.line_of(lines[events[head[1]].start].start), index.line_of(last.start)
        clocks = clock_of(first.head[: first.form.body]), clock_of(last.head[: last.form.body])
        often = how_often(len(head) - 1, len(block), again, clocks)
        for members in block:
            bodies = [events[i].body for i in members]
            left_out = [ranks[i] > REQUIRED for i in members]
            is_error = events[members[0]].level >= 3
            said = values_of(bodies, left_out, is_error=is_error, room=room)
            # What is indented belongs to other lines, and how many of those there are is told.
            is_detail = lines[events[head[0]].start].form.kind is LineKind.CONTINUED
            if members is head and (said or len(block) > 1 or not is_detail):
                said = [often, *said]
            if said:
                yield events[members[0]].start, "; ".join(said)


def _alike(lines: Sequence[LogLine], events: Sequence[Event]) -> list[list[int]]:
    """Return the indices of the events of each template that has several, by first appearance."""
    members: dict[int, list[int]] = {}
    for i, event in enumerate(events):
        if _SAYS.search(event.body) and not lines[event.start].is_overwritten:
            members.setdefault(event.template, []).append(i)
    return [found for found in members.values() if len(found) > 1]


def _blocks(alike: Sequence[list[int]]) -> list[list[list[int]]]:
    """Return `alike` with those in one group that follow each other wherever they appear."""
    blocks: list[list[list[int]]] = []
    for before, members in pairwise([[], *alike]):
        if before and _follow(before, members):
            blocks[-1].append(members)
        else:
            blocks.append([members])
    return [
        part
        for block in blocks
        for part in ([block] if len(block) >= _MIN_BLOCK else [[members] for members in block])
    ]


def _follow(before: Sequence[int], members: Sequence[int]) -> bool:
    """Whether each of `members` stands right after one of `before`, but for a blank line."""
    return len(before) == len(members) and all(
        0 < after - first <= 2 for first, after in zip(before, members, strict=True)
    )
