"""The lines of a log, and whether a text is one.

A log is a text most of whose lines have the form of a log line. Indented lines belong to the line
before them and do not count, so that stack traces do not vote; neither does data in brackets that
follows such a line. As messages can have many lines, a text is a log too that begins with an event
and has one every few lines, with time and level. Where no grammar reads a text, a few lines of such
a form will do if hardly any are of paragraphs.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from sharedctx.plain import split_lines
from sharedctx_workers.compressors.log_grammar import (
    MAX_HEAD,
    Form,
    LineKind,
    form_of,
    strip_colors,
)
from sharedctx_workers.compressors.log_templates import Templates

__all__ = ("LogLine", "is_data", "is_log", "log_lines", "repeats_itself", "reports")

_MIN_LINES = 3
_SAMPLE = 24_000
_MIN_STATE = 40
_STATE = Form(LineKind.OTHER)
_BRACKETS = "{}[]()"
# Of the lines of a text that begins with an event, one in so many must be one, and so many.
_EVERY, _MIN_DATED = 5, 8
_EVERY_DRAWN = 20
_FORMED = frozenset((LineKind.EVENT, LineKind.RUNNER, LineKind.BOUNDARY, LineKind.SUMMARY))


# Of lines without a known form, so many must be alike, each kind so often.
_MIN_REPEATING, _OFTEN, _SHARE = 30, 4, 0.6

# Of output in which other lines have no known form, one line in so many must have one, and at most
# one in so many may be of a paragraph: so many words, nearly all of them plain.
_SOME, _HARDLY, _MIN_WORDS, _MOSTLY, _WIDE = 60, 8, 5, 0.8, 110
_PLAIN_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’-])*[.,;:!?)]?")


class LogLine(NamedTuple):
    """A line of a log, or one state of a progress line that overwrote itself.

    Attributes:
        start: Where it begins.
        end: Where the next one begins.
        form: What its head says.
        head: Its head, without colors.
        is_overwritten: Whether a later state of the same line replaced it on the screen.
    """

    start: int
    end: int
    form: Form
    head: str
    is_overwritten: bool = False


def log_lines(text: str) -> Iterator[LogLine]:
    """Yield the lines of `text`."""
    for start, end in split_lines(text):
        if "\r" in text[start:end]:
            yield from _overwritten(text, start, end)
        else:
            yield _line(text, start, end)


def _line(text: str, start: int, end: int) -> LogLine:
    head = strip_colors(text[start : min(end, start + MAX_HEAD)]).rstrip("\r\n")
    return LogLine(start, end, form_of(head), head)


def _overwritten(text: str, start: int, end: int) -> Iterator[LogLine]:
    """Yield the states of a line with carriage returns; the last one stayed on the screen.

    Short states share a piece, so that there are never many more pieces than text.
    """
    stop = end
    while stop > start and text[stop - 1] in "\r\n":
        stop -= 1
    while text.find("\r", start, stop) >= 0:
        cut = text.find("\r", min(start + _MIN_STATE, stop), stop) + 1
        cut = cut or text.rfind("\r", start, stop) + 1
        head = text[start : min(cut, start + _MIN_STATE)]
        yield LogLine(start, cut, _STATE, head, is_overwritten=True)
        start = cut
    yield _line(text, start, end)


def is_log(text: str) -> bool:
    """Whether most lines of `text` have the form of log lines, judged by two samples."""
    lines = (line for line in log_lines(text[:_SAMPLE]) if line.form.kind is not LineKind.BLANK)
    begins = any(map(_is_dated, islice(lines, 1)))
    if len(text) <= 2 * _SAMPLE:
        return _is_log(text, begins=begins)
    middle = text.find("\n", len(text) // 2) + 1
    return _is_log(text[:_SAMPLE], begins=begins) and (
        not middle or _is_log(text[middle : middle + _SAMPLE], begins=begins)
    )


def repeats_itself(text: str) -> bool:
    """Whether most lines of `text` say the same as others do, with other values."""
    if len(text) <= 3 * _SAMPLE:
        return _repeats(log_lines(text))
    starts = (0, *(text.find("\n", place) + 1 for place in (len(text) // 2, len(text) - _SAMPLE)))
    return _repeats(line for start in starts for line in log_lines(text[start : start + _SAMPLE]))


def reports(text: str) -> bool:
    """Whether some lines of `text` have the form of log lines, and hardly any are prose."""
    formed = prose = seen = 0
    above: list[str] = []
    for line in log_lines(text[:_SAMPLE]):
        words = line.head.split()
        seen += bool(words)
        formed += line.form.kind in _FORMED
        prose += len(words) >= _MIN_WORDS and _is_prose(line.head, words, above)
        above = words
    return formed >= 2 and _SOME * formed >= seen and _HARDLY * prose <= seen


def _is_prose(head: str, words: Sequence[str], above: Sequence[str]) -> bool:
    """Whether a line is of a paragraph: all words, and long or going on with the line above."""
    goes_on = len(above) >= _MIN_WORDS and above[-1][-1] not in ".:!?"
    plain = sum(_PLAIN_WORD.fullmatch(word) is not None for word in words)
    return (goes_on or len(head) > _WIDE) and plain >= _MOSTLY * len(words)


def _repeats(lines: Iterable[LogLine]) -> bool:
    templates = Templates()
    forms = [templates.add(-1, line.head.strip()) for line in lines if line.head.strip()]
    numbers = templates.numbers()
    sizes = Counter(numbers[form] for form in forms)
    alike = sum(size for size in sizes.values() if size >= _OFTEN)
    return len(forms) >= _MIN_REPEATING and alike >= _SHARE * len(forms)


def _is_log(text: str, *, begins: bool) -> bool:
    """Whether `text` is of a log, which, if it `begins` so, has an event as its first line."""
    most = text.count("\n") + text.count("\r") + 1  # lines and states of lines
    formed = other = below = seen = dated = 0
    inside = False  # whether the last line that was not indented has the form of a log line
    quoting = False  # whether a test runner shows the source and the output of a test
    for line in log_lines(text):
        kind = line.form.kind
        if kind is LineKind.BLANK:
            continue
        seen += 1
        dated += _is_dated(line)
        if kind in _FORMED or line.is_overwritten:
            formed, inside = formed + 1, True
            if kind is LineKind.BOUNDARY:
                quoting = line.head.startswith("___")
        elif not quoting and (kind is LineKind.OTHER or not inside):
            if inside and is_data(line):
                continue
            other, inside = other + 1, False
            below += kind is LineKind.CONTINUED
            if 2 * (other - below) >= most and not begins:
                return False
    if begins and _has_events(text, dated, seen):
        return True
    if formed < _MIN_LINES or formed <= other - below:
        return False
    return 20 * formed >= seen if formed > other else _OFTEN * formed >= seen


def _has_events(text: str, dated: int, seen: int) -> bool:
    """Whether enough of the lines seen are dated events; fewer do if the others are no prose.

    They may be tables and lists that a program draws between its messages.
    """
    if dated >= _MIN_DATED and _EVERY * dated >= seen:
        return True
    return dated >= _MIN_LINES and _EVERY_DRAWN * dated >= seen and reports(text)


def is_data(line: LogLine) -> bool:
    """Whether data in brackets begins or ends on this line, if the line before it is an event."""
    return line.form.kind is LineKind.OTHER and line.head[0] in _BRACKETS


def _is_dated(line: LogLine) -> bool:
    """Whether a line is an event with a time and a level."""
    return line.form.kind is LineKind.EVENT and line.form.body > 0 and line.form.level >= 0
