"""Which lines can go without their time, because it is much the same as that of the line above.

What counts as the same is found in the log itself: as many characters of the time as change on
few lines only, be that the minute of a long log or the tenth of a second of a short one. Errors,
what is around them, results, and both ends of a log keep theirs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from sharedctx_workers.compressors.log_events import Event
from sharedctx_workers.compressors.log_grammar import LineKind
from sharedctx_workers.compressors.log_lines import LogLine
from sharedctx_workers.compressors.log_ranks import ENOUGH, around_errors
from sharedctx_workers.compressors.log_repeats import shared_start

__all__ = ("WITHOUT_TIME", "stamps")

WITHOUT_TIME = "lines without a time: between the times above and below"
"""What a rendition says in which times are left out."""

# A time with the name of a month or of a program is more than a time.
_WORD = re.compile(r"(?<!\w)[^\W\d_]")
# What a run came to is read together with when.
_RESULT = re.compile(
    r"\b(?:finished|completed|done|built|compiled|ran|took|total|exit(?:ed)?)\b"
    r"|\b\d+ (?:passed|failed|skipped|errors?|warnings?|tests?|files?|packages?|targets?)\b",
    re.IGNORECASE,
)
_MIN_LINES = 12
_SHOWN, _AT_LEAST = 8, 8  # one time in so many lines is shown, and so many anyway
_DISORDER = 50  # at most one line in so many may be earlier than the one above


def stamps(
    lines: Sequence[LogLine], events: Sequence[Event], ranks: Sequence[float]
) -> dict[int, int]:
    """Return the lengths of the times that can be left out, by the index of the line.

    Only lines that a reader is going to see are looked at.
    """
    seen = [i for i, event in enumerate(events) if ranks[i] <= ENOUGH and _has_time(lines, event)]
    times = [_time(lines[events[i].start]) for i in seen]
    disorder = sum(after < before for (_, before), (_, after) in pairwise(times))
    if len(seen) < _MIN_LINES or _DISORDER * disorder > len(seen):
        return {}
    same = _resolution([time for _, time in times])
    if not any(map(str.isdigit, times[0][1][:same])):
        return {}  # too much changes to say what is between which times
    verbatim = around_errors(events)
    verbatim.update((seen[0], seen[-1]))
    shown = [("", ""), *((before, time[:same]) for before, time in times)]
    again = (i for i, above, own in zip(seen, shown, shown[1:], strict=False) if above == own)
    starts = (events[i].start for i in again if i not in verbatim and _is_plain(events[i]))
    return {start: _length(lines[start]) for start in starts}


def _is_plain(event: Event) -> bool:
    """Whether an event is neither trouble nor a result."""
    return event.level < 2 and not _RESULT.search(event.body)


def _has_time(lines: Sequence[LogLine], event: Event) -> bool:
    line = lines[event.start]
    form = line.form
    is_stamped = form.kind is LineKind.EVENT and form.body > form.time
    return is_stamped and not _WORD.search(line.head, 0, form.body)


def _length(line: LogLine) -> int:
    """Return the length of the time of a line and of the blank after it."""
    return line.form.body + line.head.startswith(" ", line.form.body)


def _time(line: LogLine) -> tuple[str, str]:
    """Return what stands before the time of a line, and the time."""
    form = line.form
    return line.head[: form.time], line.head[form.time : form.body]


def _resolution(times: Sequence[str]) -> int:
    """Return how many characters of a time must be the same to leave it out."""
    changes = sorted(len(shared_start(pair)) for pair in pairwise(times))
    most = max(_AT_LEAST, len(times) // _SHOWN)
    return changes[most] if most < len(changes) else max(map(len, times))
