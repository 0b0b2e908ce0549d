"""Logs, build and test output: verbatim lines, errors first, and one of every kind of line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sharedctx.notes import unescape_notes
from sharedctx.segments import EXTRA, REQUIRED, Document, Guarantee, NoteStyle, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.log_events import Event, events_of
from sharedctx_workers.compressors.log_grammar import is_quoted, strip_colors
from sharedctx_workers.compressors.log_lines import (
    LogLine,
    is_log,
    log_lines,
    repeats_itself,
    reports,
)
from sharedctx_workers.compressors.log_notes import notes_of
from sharedctx_workers.compressors.log_ranks import ENOUGH, QUOTED, rank_events
from sharedctx_workers.compressors.log_times import WITHOUT_TIME, stamps
from sharedctx_workers.compressors.log_traces import told_frames

__all__ = ("LogCompressor",)

_MAX_SEGMENTS = 60_000
_GRAIN = 240
_MAX_LINE = 600
_PIECE = 300
_MAX_ESCAPE = 28
_TRACE_HEAD, _TRACE_TAIL = 24, 16
_LATE = 8.0
_TOLD, _TIME = 6.0, 6.3
# The first line of each template says how many are like it.
_STYLE = NoteStyle(implied=("line", "similar line"))


class _Part(NamedTuple):
    """A part of the log that is kept or left out as a whole."""

    start: int
    end: int
    rank: float
    unit: str
    amount: int = 1
    needs: int = 0
    note: str = ""


class LogCompressor:
    """Extractive compression of logs and of the output of builds, tests and other tools."""

    kind = "log"

    def __init__(self, *, of_any_form: bool = False) -> None:
        """Make a compressor of logs.

        Args:
            of_any_form: Also take output most of whose lines have no known form, if they repeat,
                or if some have one and hardly any is prose.
        """
        self._of_any_form = of_any_form

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked lines; None unless most lines have the form of log lines."""
        any_form = self._of_any_form and (repeats_itself(text) or reports(text))
        if not any_form and not is_log(text):
            return None
        lines = list(log_lines(text))
        events = events_of(lines)
        parts = list(
            _merged(
                _parts(text, lines, events, rank_events(lines, events)),
                max(_GRAIN, len(text) // _MAX_SEGMENTS),
            )
        )
        shown = [strip_colors(text[part.start : part.end]) for part in parts]
        # A sequence that is cut in two is no sequence any more; then all stay.
        is_plain = "\x1b" not in text or "".join(shown) != strip_colors(text)
        return Document(
            tuple(_segments(text, parts, None if is_plain else shown, tokenizer)),
            self.kind,
            whole=Guarantee.LOSSLESS if is_plain else Guarantee.EXTRACTIVE,
            partial=Guarantee.EXTRACTIVE,
            note_style=_STYLE,
            enough=ENOUGH,
        )

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is `original`, character by character but for terminal colors."""
        text = unescape_notes(whole)
        return text in (original, strip_colors(original))


def _segments(
    text: str, parts: Sequence[_Part], shown: Sequence[str] | None, tokenizer: Tokenizer
) -> Iterator[Segment]:
    """Yield the parts as segments, as `shown` or else as they stand."""
    for place, part in enumerate(parts):
        source = text[part.start : part.end] if shown is None else shown[place]
        yield Segment(
            text=source,
            rank=part.rank,
            tokens=tokenizer.count(source),
            span=Span(part.start, part.end),
            unit=part.unit,
            count=part.amount,
            note=part.note,
            needs=part.needs,
        )


def _parts(
    text: str, lines: Sequence[LogLine], events: Sequence[Event], ranks: Sequence[float]
) -> Iterator[_Part]:
    """Yield the parts of all events."""
    times = {} if "\x1b" in text else stamps(lines, events, ranks)
    frames = told_frames(lines, events, ranks)
    told = {i for run in frames for i in run}
    notes = notes_of(text, lines, events, ranks, frames)
    said = [i for i, line in enumerate(lines) if line.head.strip()] or [0]
    if times:
        notes[said[0]] = "; ".join(filter(None, (notes.get(said[0]), WITHOUT_TIME)))
    for event, rank in zip(events, ranks, strict=True):
        size = event.end - event.start
        for i, place in zip(range(event.start, event.end), range(size), strict=True):
            line = lines[i]
            if i in told:
                yield _Part(line.start, line.end, max(rank, _TOLD), "similar line")
                continue
            if i in times:
                stamp = line.start + times[i]
                yield _Part(line.start, stamp, _TIME, EXTRA, 0)
                line = line._replace(start=stamp)
            line_rank = rank if i == said[-1] else _line_rank(line, rank, place, size)
            unit = _unit(event, line)
            for part in _pieces(text, line, line_rank, unit, is_first=event.is_first):
                states = text.count("\r", part.start, part.end) if line.is_overwritten else 0
                yield part._replace(amount=states or part.amount, note=notes.pop(i, ""))


def _line_rank(line: LogLine, rank: float, place: int, size: int) -> float:
    """Return the rank of a line of an event: long traces are cut, and quoted source comes later.

    What an error was caused by is not cut.
    """
    if _TRACE_HEAD <= place < size - _TRACE_TAIL and line.form.level < 3:
        return max(rank, REQUIRED) + _LATE
    return max(rank, QUOTED) if place and is_quoted(line.head) else rank


def _unit(event: Event, line: LogLine) -> str:
    """Return what to call a line that is left out: errors are named, and so are repeats."""
    if line.is_overwritten:
        return "progress update"
    if not event.is_first:
        return "similar line"
    return "error line" if event.level >= 3 and not is_quoted(line.head) else "line"


def _pieces(text: str, line: LogLine, rank: float, unit: str, *, is_first: bool) -> Iterator[_Part]:
    """Yield a line, in pieces if it is very long; a reader needs the first one soonest."""
    if line.end - line.start <= _MAX_LINE:
        yield _Part(line.start, line.end, rank, unit, int(bool(line.head.strip())))
        return
    rest = ENOUGH if is_first else max(rank, REQUIRED) + _LATE
    start, number = line.start, 0
    while start < line.end:
        end = _cut(text, start, line.end)
        late = bool(number)
        yield _Part(
            start,
            end,
            rest if late else rank,
            "char" if late else unit,
            end - start if late else 1,
            number,
        )
        start, number = end, number + 1


def _cut(text: str, start: int, end: int) -> int:
    """Return where the piece of a long line ends that begins at `start`: in no color sequence."""
    if end - start <= _PIECE:
        return end
    escape = text.rfind("\x1b", start + _PIECE // 2, start + _PIECE)
    return escape if escape > start + _PIECE - _MAX_ESCAPE else start + _PIECE


def _merged(parts: Iterator[_Part], size: int) -> Iterator[_Part]:
    """Yield `parts`, with late neighbors of one unit joined while they are no longer than `size`.

    So the number of segments stays bounded, however large the log and however short its lines.
    """
    last = next(parts, None)
    if last is None:
        return
    for part in parts:
        if (
            last.unit == part.unit
            and not part.needs
            and part.rank >= 6.4
            and last.rank >= 6.4
            and part.end - last.start <= size
        ):
            last = last._replace(end=part.end, amount=last.amount + part.amount)
        else:
            yield last
            last = part
    yield last
