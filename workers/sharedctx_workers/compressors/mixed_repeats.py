"""What a text says again word for word: an output printed twice, a file read after each change.

Whole lines are compared, without the blank ones. What comes again is told once, and then by the
lines where it was told. Linear in the text.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from sharedctx.notes import write_aside
from sharedctx.plain import split_lines
from sharedctx.segments import Segment
from sharedctx_workers.compressors.mixed_scale import LATE

__all__ = ("Repeat", "Told", "repeats_in", "retold", "told_again")

# Characters or lines that have to be the same; with fewer, a note says little more briefly.
_LEAST, _LEAST_LINES = 240, 16
_LEAST_TOKENS = 40


class Repeat(NamedTuple):
    """``text[start:end]``, from line `number` on: what is `above` lines further up again."""

    start: int
    end: int
    number: int
    above: int


class Told(NamedTuple):
    """Segments `start` to ``end - 1`` of a part, and the note that tells what they repeat."""

    start: int
    end: int
    note: str


class _Line(NamedTuple):
    text: str
    start: int
    number: int


def repeats_in(text: str, parts: Sequence[tuple[int, int, bool]]) -> list[Repeat]:
    """Return what each of `parts` repeats of what is before.

    Args:
        text: The whole text.
        parts: ``(start, end, is_prose)`` of each, in order. Others than prose tell themselves what
            they repeat of their own.
    """
    lines: list[_Line] = []
    seen: dict[tuple[str, ...], int] = {}
    repeats: list[Repeat] = []
    number = place = 0
    for start, end, is_prose in parts:
        first = len(lines)
        for at, stop in split_lines(text[start:end]):
            number += text.count("\n", place, start + at)
            place = start + at
            source = text[place : start + stop].rstrip()
            if source:
                lines.append(_Line(source, place, number + 1))
        repeats += _of_part(lines, first, end, seen, is_prose=is_prose)
        for i in range(first, len(lines)):
            key = _key(lines, i, len(lines))
            if key:
                seen.setdefault(key, i)  # the later ones are told by it
    return repeats


def _of_part(
    lines: Sequence[_Line],
    first: int,
    end: int,
    seen: dict[tuple[str, ...], int],
    *,
    is_prose: bool,
) -> Iterator[Repeat]:
    """Yield what of the lines from `first` on is among those before."""
    i = done = first
    while i < len(lines):
        key = _key(lines, i, len(lines))
        source = seen.get(key, -1)
        if source < 0:
            if key and is_prose:
                seen[key] = i
            i += 1
            continue
        above = lines[i].number - lines[source].number
        shift = i - source
        while i > done and _again(lines, i - 1, shift, above):
            i -= 1
        stop, limit = i, i if is_prose else first
        while stop < len(lines) and stop - shift < limit and _again(lines, stop, shift, above):
            stop += 1
        until = lines[stop].start if stop < len(lines) else end
        yield Repeat(lines[i].start, until, lines[i].number, above)
        i = done = stop


def _again(lines: Sequence[_Line], i: int, shift: int, above: int) -> bool:
    """Whether line `i` is the one `shift` places before it, `above` lines further up, again."""
    if i < shift:
        return False
    line, source = lines[i], lines[i - shift]
    return line.text == source.text and line.number - source.number == above


def _key(lines: Sequence[_Line], i: int, stop: int) -> tuple[str, ...]:
    """Return the lines from `i` on that hold enough to be known again; () if there are too few."""
    size = 0
    for j in range(i, stop):
        size += len(lines[j].text)
        if size >= _LEAST or j + 1 == i + _LEAST_LINES:
            return tuple(line.text for line in lines[i : j + 1])
    return ()


def told_again(
    text: str, segments: Sequence[Segment], repeats: Sequence[Repeat], offset: int
) -> list[Told]:
    """Return which runs of `segments` say nothing but what `repeats` do.

    Segments that others need stay, unless those say it again as well.

    Args:
        text: The whole text.
        segments: Those of a part.
        repeats: What is said again in the text, in order.
        offset: Where the part begins in the text.
    """
    starts = [repeat.start for repeat in repeats]
    within: list[Repeat | None] = []
    for segment in segments:
        start, end = _stripped(text, offset + segment.span.start, offset + segment.span.end)
        at = bisect_right(starts, start) - 1
        within.append(repeats[at] if at >= 0 and end <= repeats[at].end else None)
    for i in reversed(range(len(segments))):
        needs = segments[i].needs
        if within[i] is None and 0 < needs <= i:
            within[i - needs] = None
    told: list[Told] = []
    start = 0
    for repeat, run in groupby(within):
        end = start + len(list(run))
        part = segments[start:end]
        if repeat is not None and sum(segment.tokens for segment in part) >= _LEAST_TOKENS:
            told.append(Told(start, end, _note(text, part, offset, repeat)))
        start = end
    return told


def retold(segments: Sequence[Segment], told: Sequence[Told]) -> list[Segment]:
    """Return `segments` with those that are `told` last, and with their notes in their place."""
    result = list(segments)
    for start, end, note in told:
        for i in range(start, end):
            result[i] = replace(result[i], rank=LATE, note="", mentions=())
        result[start] = replace(result[start], stand_in=note, stands_for=end - start)
    return result


def _note(text: str, part: Sequence[Segment], offset: int, repeat: Repeat) -> str:
    """Return what stands for `part`, laid out as it is, such as ``[… L90-99 repeat L20-29]``."""
    start, end = _stripped(text, offset + part[0].span.start, offset + part[-1].span.end)
    first = repeat.number + text.count("\n", repeat.start, start)
    last = first + text.count("\n", start, end)
    lines = [
        f"L{n}" if first == last else f"L{n}-{n + last - first}"
        for n in (first, first - repeat.above)
    ]
    verb = "repeats" if first == last else "repeat"
    shown = part[-1].text
    after = "\n" * min(len(shown) - len(shown.rstrip("\n")), 2)
    before = "\n" if part[0].text.startswith("\n") else ""
    return f"{before}{write_aside(f'{lines[0]} {verb} {lines[1]}')}{after}"


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range without the white space around what it says."""
    source = text[start:end]
    body = source.strip()
    start += source.index(body) if body else 0
    return start, start + len(body)
