"""What the lines of a log are to its reader: errors with their traces, repeats, edges.

A trace is one thing: its lines are compared, kept and left out together with the error that it
belongs to, so that half a trace is never taken for a whole one. The same holds for data in brackets
that follows an event, as long as nothing in it sounds like trouble.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sharedctx.salience import looks_wrong
from sharedctx_workers.compressors.log_grammar import LineKind
from sharedctx_workers.compressors.log_lines import LogLine, is_data
from sharedctx_workers.compressors.log_templates import Templates

__all__ = ("Event", "events_of")

_MAX_TRACE = 400
_FRAME = re.compile(
    r"\s*(?:at \S|#\d{1,4} {1,2}\S|File \"|\.{3} \d+ more|Caused by: |Suppressed: |goroutine \d"
    r"|\d{1,5}: +\S|created by \S|stack backtrace:|-->|\d{0,6} *\||[|^~]|note: |help: "
    r"|= (?:note|help):)"
    r"|[\w./-]{1,120}(?:\(\*\w{1,60}\)[\w.]{1,60})?\([^()\n]{0,120}\)\s*$"
)
_TRACE = re.compile(r"\s*(?:\S.{0,80} )?Traceback \(most recent call last\):")
_RAISED = re.compile(r"(?:[A-Za-z_]\w{0,80}\.){0,8}[A-Za-z_]\w{0,80}(?:: |\s*$)")
# "  symbol:   class Context" below what a compiler says.
_DETAIL = re.compile(r"\s{1,8}[a-z]{2,16}: {1,8}\S")
_CHAINED = re.compile(r"During handling of the above|The above exception was the direct")
_PANIC = re.compile(r"thread '.{0,100} panicked at .{1,200}:\s*$")
_NO_TROUBLE = re.compile(
    r"\b(?:0|no|without|zero) (?:errors?|failures?|failed|warnings?|problems?)\b"
    r"|\b(?:errors?|failures?|failed|warnings?)[:=] ?0\b",
    re.IGNORECASE,
)
# Files and packages are named after errors: "http-errors", "/var/log/error.log".
_NAME = re.compile(
    r"(?<![\w.@-])[\w.@-]{0,80}[/@](?:\w[\w.@/-]{0,200})?|\b[\w.]{1,40}-errors?\b|\berrors?-\w{1,40}"
)
_MAX_FAILURES = 20_000


@dataclass(slots=True)
class Event:
    """One line, and the lines of its trace or of its data if it has any.

    Attributes:
        start: Index of its first line.
        end: Index of the line after its last.
        level: As in `Form`; 2 also for what merely sounds like trouble.
        body: Its message, and of a trace what was raised, but not where.
        template: Number of its template.
        is_new_form: Whether nothing before it was the same up to numbers.
        is_first: Whether it is the first of its template.
        is_last: Whether it is the last of its template.
        is_rare: Whether no other line has its template.
        in_failures: Whether it is part of the details of failures that a test runner reports.
    """

    start: int
    end: int
    level: int
    body: str
    template: int = 0
    is_new_form: bool = False
    is_first: bool = False
    is_last: bool = False
    is_rare: bool = False
    in_failures: bool = False


def events_of(lines: Sequence[LogLine]) -> list[Event]:
    """Return what happens in `lines`, in order; every line is in one event."""
    templates = Templates()
    events: list[Event] = []
    forms: list[int] = []
    for start, end, level in _spans(lines):
        more = lines[start + 1 : min(end, start + 40)]
        said = (line for line in more if level < 2 or _says(line))
        body = "\n".join(map(_message, (lines[start], *said)))
        events.append(Event(start, end, level, body))
        forms.append(templates.add(level, body))
    _mark_repeats(events, forms, templates.numbers())
    _mark_failures(lines, events)
    return events


def _message(line: LogLine) -> str:
    return line.head[line.form.body :].strip()


def _says(line: LogLine) -> bool:
    """Whether a line of a trace says what is wrong, and not only where."""
    kind = line.form.kind
    if kind is LineKind.CONTINUED and _DETAIL.match(line.head):
        return True
    return kind not in (LineKind.CONTINUED, LineKind.BLANK) and not _FRAME.match(line.head)


def _spans(lines: Sequence[LogLine]) -> Iterator[tuple[int, int, int]]:
    """Yield ``(start, end, level)`` of every event."""
    i = 0
    while i < len(lines):
        level = _level(lines[i])
        end = i + 1
        if level >= 3 or (level == 2 and end < len(lines) and _FRAME.match(lines[end].head)):
            end = _trace_end(lines, i)
        elif lines[i].form.kind is LineKind.EVENT:
            end = _data_end(lines, end)
        yield i, end, level
        i = end


def _level(line: LogLine) -> int:
    """Return the level of a line; what says none is judged by how it sounds."""
    level = line.form.level
    if level in (0, 3) or line.is_overwritten:
        return level
    if _TRACE.match(line.head):
        return 3
    if level < 2 and line.form.kind is not LineKind.RUNNER:
        message = _message(line)
        if looks_wrong(message) and looks_wrong(_NAME.sub("", _NO_TROUBLE.sub("", message))):
            return 2
    return level


def _trace_end(lines: Sequence[LogLine], start: int) -> int:
    """Return where the trace ends that the error at `start` has; right after it if it has none."""
    i = start + 1 + bool(_PANIC.match(lines[start].head))  # what it says is on the next line
    stop = min(len(lines), start + _MAX_TRACE)
    is_python = bool(_TRACE.match(lines[start].head))
    while i < stop:
        line = lines[i]
        kind = line.form.kind
        if kind is LineKind.CONTINUED or (line.head and _belongs(line)):
            i += 1
        elif is_python and _RAISED.match(line.head) and lines[i - 1].head[:1] in (" ", "\t"):
            i += 1
            is_python = False
        elif kind is LineKind.BLANK and i + 1 < stop and _goes_on(lines[i + 1].head):
            i += 2
        elif _CHAINED.match(line.head) or (is_python := bool(_TRACE.match(line.head))):
            i += 1
        else:
            break
    return min(i, stop)


def _data_end(lines: Sequence[LogLine], start: int) -> int:
    """Return where the data in brackets ends that begins at `start`; `start` if there is none."""
    if start == len(lines) or not is_data(lines[start]):
        return start
    end = start
    stop = min(len(lines), start + _MAX_TRACE)
    while end < stop and (is_data(lines[end]) or lines[end].form.kind is LineKind.CONTINUED):
        if _level(lines[end]) >= 2:
            return start
        end += 1
    return end


def _belongs(line: LogLine) -> bool:
    return line.form.kind is not LineKind.EVENT and bool(_FRAME.match(line.head))


def _goes_on(head: str) -> bool:
    return bool(_CHAINED.match(head) or _TRACE.match(head) or head.startswith("goroutine "))


def _mark_repeats(events: Sequence[Event], forms: Sequence[int], templates: Sequence[int]) -> None:
    newest = -1
    for event, form in zip(events, forms, strict=True):
        event.template = templates[form]
        event.is_new_form = form > newest
        newest = max(newest, form)
    last = {event.template: event for event in events}
    seen: set[int] = set()
    for event in events:
        event.is_first = event.template not in seen
        event.is_last = last[event.template] is event
        event.is_rare = event.is_first and event.is_last
        seen.add(event.template)


def _mark_failures(lines: Sequence[LogLine], events: Sequence[Event]) -> None:
    """Mark what stands in sections that a test runner titles as failures or errors."""
    inside, left = False, _MAX_FAILURES
    for event in events:
        line = lines[event.start]
        head = line.head
        if line.form.kind in (LineKind.BOUNDARY, LineKind.SUMMARY) and head.startswith("==="):
            inside = looks_wrong(head) and line.form.kind is LineKind.BOUNDARY
        elif inside and left:
            event.in_failures = True
            left -= 1
