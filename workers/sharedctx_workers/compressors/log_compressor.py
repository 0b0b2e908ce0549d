"""Logs, build and test output: verbatim lines, errors first, and one of every kind of line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sharedctx.lines import LineIndex
from sharedctx.notes import unescape_notes
from sharedctx.segments import Document, Guarantee, NoteStyle
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.log_events import Event, events_of
from sharedctx_workers.compressors.log_lines import LogLine, is_log, log_lines
from sharedctx_workers.compressors.log_ranks import ENOUGH, rank_events
from sharedctx_workers.compressors.log_repeats import describe_repeats
from sharedctx_workers.compressors.verbatim import verbatim_segment

__all__ = ("LogCompressor",)

_MAX_SEGMENTS = 60_000
_MAX_LINE = 600
_PIECE = 300
_TRACE_HEAD, _TRACE_TAIL = 24, 16
_LATE = 8.0
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

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked lines; None unless most lines have the form of log lines."""
        if not is_log(text):
            return None
        lines = list(log_lines(text))
        events = events_of(lines)
        parts = _parts(text, lines, events, rank_events(lines, events))
        segments = [
            replace(verbatim_segment(text, part, tokenizer), note=part.note)
            for part in _merged(parts, len(text) // _MAX_SEGMENTS)
        ]
        return Document(
            tuple(segments),
            self.kind,
            Guarantee.LOSSLESS,
            Guarantee.EXTRACTIVE,
            note_style=_STYLE,
            enough=ENOUGH,
        )

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is `original`, character by character."""
        return unescape_notes(whole) == original


def _parts(
    text: str, lines: Sequence[LogLine], events: Sequence[Event], ranks: Sequence[float]
) -> Iterator[_Part]:
    """Yield the parts of all events."""
    notes = _notes(text, lines, events)
    for event, rank in zip(events, ranks, strict=True):
        size = event.end - event.start
        for place in range(size):
            line = lines[event.start + place]
            late = _TRACE_HEAD <= place < size - _TRACE_TAIL
            for part in _pieces(line, rank + late * _LATE, _unit(event, line)):
                states = text.count("\r", part.start, part.end) if line.is_overwritten else 0
                note = notes.pop(event.template, "") if event.is_first and not place else ""
                yield part._replace(amount=states or part.amount, note=note)


def _notes(text: str, lines: Sequence[LogLine], events: Sequence[Event]) -> dict[int, str]:
    """Return what to say after the first line of each template that has more of them."""
    members: dict[int, list[Event]] = {}
    for event in events:
        if event.body and not lines[event.start].is_overwritten:
            members.setdefault(event.template, []).append(event)
    index = LineIndex(text)
    notes = {}
    for template, alike in members.items():
        if len(alike) > 1:
            last = lines[alike[-1].start]
            stamp = last.head[: last.form.body]
            bodies = [event.body for event in alike]
            notes[template] = describe_repeats(bodies, index.line_of(last.start), stamp)
    return notes


def _unit(event: Event, line: LogLine) -> str:
    """Return what to call a line that is left out: errors are named, and so are repeats."""
    if line.is_overwritten:
        return "progress update"
    if event.level >= 3:
        return "error line"
    return "line" if event.is_first else "similar line"


def _pieces(line: LogLine, rank: float, unit: str) -> Iterator[_Part]:
    """Yield a line, in pieces if it is very long."""
    if line.end - line.start <= _MAX_LINE:
        yield _Part(line.start, line.end, rank, unit, int(bool(line.head.strip())))
        return
    yield _Part(line.start, line.start + _PIECE, rank, unit)
    # The pieces of the log come from one text, so their places are enough to cut by.
    for number, start in enumerate(range(line.start + _PIECE, line.end, _PIECE), start=1):
        end = min(line.end, start + _PIECE)
        yield _Part(start, end, rank + _LATE, "char", end - start, number)


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
            and part.rank >= 6.0
            and last.rank >= 6.0
            and part.end - last.start <= size
        ):
            last = last._replace(end=part.end, amount=last.amount + part.amount)
        else:
            yield last
            last = part
    yield last
