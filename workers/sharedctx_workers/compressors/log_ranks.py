"""How soon a reader of a log needs each event.

Errors come first, then one line of every kind there is, in order of how much they tell; what is
like something before it comes last. Each step is spread evenly over the log, so that a tight budget
still shows all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sharedctx.salience import spread
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.log_events import Event
from sharedctx_workers.compressors.log_grammar import LineKind
from sharedctx_workers.compressors.log_lines import LogLine
from sharedctx_workers.compressors.log_told import Told

__all__ = ("ENOUGH", "QUOTED", "around_errors", "rank_events")

_ENDS = 0.1
_ERROR, _SUMMARY, _WARNING, _BOUNDARY, _KIND, _RARE = 1.0, 1.5, 2.0, 2.5, 3.0, 3.5
_MORE_ERRORS, _FAILURE, _CONTEXT, _EDGE, _LAST, _FORM, _REST = 4.0, 4.4, 4.8, 5.2, 6.0, 6.5, 7.0
_NEVER = 9.0
ENOUGH = 5.9
"""Rank beyond which a line only repeats, with other values, what lines before it say."""
QUOTED = _CONTEXT
"""Rank of the source that an error quotes, if the error itself is needed sooner."""

_HEAD, _TAIL, _AROUND = 3, 6, 2
# One line of every kind is required as long as these lines, each with a note or two, are no more
# than this part of the log, or no longer than a reader takes in anyway.
_SHARE = 0.5
_SHORT = 60_000
_NOTES = 60


def rank_events(lines: Sequence[LogLine], events: Sequence[Event]) -> list[float]:
    """Return the rank of each event."""
    steps = [_step(lines, event) for event in events]
    _put_off(lines, events, steps)
    _add_context(lines, events, steps)
    _add_ends(lines, events, steps)
    places: dict[float, list[int]] = {}
    for i, step in enumerate(steps):
        places.setdefault(step, []).append(i)
    ranks = [0.0] * len(events)
    for step, members in places.items():
        for i, even in zip(members, spread(len(members)), strict=True):
            ranks[i] = step + 0.3 * even
    return _with_required(lines, events, ranks)


def _with_required(
    lines: Sequence[LogLine], events: Sequence[Event], ranks: list[float]
) -> list[float]:
    """Return `ranks` such that what every view should show is required, if that is affordable."""
    affordable = max(_SHORT, _SHARE * (lines[-1].end - lines[0].start))
    limit = _ENDS + 0.3
    for step in (_ERROR + 0.3, _WARNING, _MORE_ERRORS, _FAILURE):
        kinds = [event for rank, event in zip(ranks, events, strict=True) if rank < step]
        cost = sum(lines[e.end - 1].end - lines[e.start].start + _NOTES for e in kinds)
        limit = step if cost <= affordable else limit
    return [rank + REQUIRED - limit if rank < limit else rank for rank in ranks]


def _step(lines: Sequence[LogLine], event: Event) -> float:
    """Return what an event is worth by itself."""
    line = lines[event.start]
    kind = line.form.kind
    if kind is LineKind.BLANK:
        return _NEVER
    if line.is_overwritten:
        return _REST
    if event.level >= 3:
        step = _ERROR if event.is_first else _MORE_ERRORS if event.is_new_form else _REST
    elif event.level == 2 and event.is_new_form:
        step = _WARNING if event.is_first else _FAILURE
    elif kind is LineKind.SUMMARY and (event.is_new_form or event.is_last):
        step = _SUMMARY
    elif kind is LineKind.BOUNDARY and event.is_new_form:
        step = _BOUNDARY if event.is_first else _MORE_ERRORS
    elif event.is_first:
        step = _RARE if event.is_rare else _KIND
    elif event.in_failures and event.is_new_form:
        step = _FAILURE
    elif event.is_last:
        step = _LAST
    else:
        step = _FORM if event.is_new_form else _REST
    return min(step, _FAILURE) if event.in_failures and event.is_new_form else step


def _put_off(lines: Sequence[LogLine], events: Sequence[Event], steps: list[float]) -> None:
    """Let wait what an error line tells as well, but no heading of what does not wait.

    The first line of each template stays.
    """
    told = Told(events)
    is_needed = False
    for i in range(len(events) - 1, -1, -1):
        event = events[i]
        is_heading = lines[event.start].form.kind is LineKind.BOUNDARY
        may_wait = steps[i] < _LAST and not event.is_first and not (is_heading and is_needed)
        if may_wait and event in told:
            steps[i] = _LAST
        is_needed = not is_heading and (is_needed or steps[i] < _CONTEXT)


def around_errors(events: Sequence[Event]) -> set[int]:
    """Return the indices of the first error of each template and of what stands around it."""
    return {
        near
        for i, event in enumerate(events)
        if event.level >= 3 and event.is_first
        for near in range(max(0, i - _AROUND), min(len(events), i + _AROUND + 1))
    }


def _is_routine(line: LogLine) -> bool:
    """Whether a line reports the success of one step of a run, which explains no failure."""
    return line.form.kind is LineKind.RUNNER and line.form.level < 2


def _add_context(lines: Sequence[LogLine], events: Sequence[Event], steps: list[float]) -> None:
    """Raise what stands around the first error of each template."""
    for near in around_errors(events):
        if steps[near] < _NEVER and not _is_routine(lines[events[near].start]):
            steps[near] = min(steps[near], _CONTEXT)


def _add_ends(lines: Sequence[LogLine], events: Sequence[Event], steps: list[float]) -> None:
    """Raise the beginning and the end, and the very first and last line above all."""
    said = [i for i, e in enumerate(events) if lines[e.start].form.kind is not LineKind.BLANK]
    for i in (*said[:_HEAD], *said[-_TAIL:]):
        if events[i].is_first or not _is_routine(lines[events[i].start]):
            steps[i] = min(steps[i], _EDGE)
    for i in (*said[:1], *said[-1:]):
        steps[i] = _ENDS
