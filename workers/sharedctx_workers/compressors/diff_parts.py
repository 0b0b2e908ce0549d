"""The parts of a diff, and how soon a reader needs each.

The files come first and then every changed line. Context lines say little that the change does not
say, and files that a tool wrote say less than what they are made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sharedctx.salience import spread
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.diff_lines import CHANGES, DiffLine, DiffPart

__all__ = ("Part", "parts_of")

# Ranks below `REQUIRED` order what is required among itself, for budgets that it does not fit.
_FILE, _CHANGE = REQUIRED - 2, REQUIRED - 1
_HUNK, _TEXT, _CONTEXT, _MADE, _DETAIL = 0.2, 1.0, 3.0, 4.0, 5.0
_LATE = 10.0
# Lines of a commit message that come as early as the files it is about.
_MESSAGE = 16
_NEAR = 3
_CHUNK = 8
_MAX_LINE = 1_000
_PIECE = 400
_UNITS = {
    DiffPart.FILE: "file",
    DiffPart.NAME: "file",
    DiffPart.HUNK: "hunk",
    DiffPart.REMOVED: "removed line",
    DiffPart.ADDED: "added line",
    DiffPart.CONTEXT: "context line",
}
_OPENERS = frozenset((DiffPart.FILE, DiffPart.NAME))
_REPEATING = frozenset((DiffPart.DETAIL, DiffPart.NAME))
# Ends and parts of paths that hold what tools write, in any language.
_MADE_PATH = re.compile(
    r"(?:^|/)(?:[\w.-]{0,60}(?:[-.]lock|lockfile)(?:\.(?:json|yaml|yml))?|npm-shrinkwrap\.json"
    r"|[\w.-]{1,80}\.(?:lock|min\.js|min\.css|map|snap|sum|pb\.go|g\.dart|designer\.cs|po|pot)"
    r"|[\w.-]{1,80}_pb2(?:_grpc)?\.pyi?|[\w.-]{0,60}\.generated\.\w{1,8}|configure|aclocal\.m4)$"
    r"|(?:^|/)(?:node_modules|vendor|third_party|dist|__generated__|generated|__snapshots__|__pycache__)/"
)
_PATH = re.compile(
    r"(?:diff --git .{0,300} b/|diff --\w+ |\+\+\+ (?:b/)?|Index: )([^\t\r\n]{1,300})"
)
# A checksum: hexadecimal, or base64 of no word, path or identifier.
_DIGEST = re.compile(
    r"(?<![\w+/-])(?:[0-9a-f]{32,128}|[0-9A-F]{32,128}"
    r"|(?=[\w+/-]{0,40}\d)(?=[\w+/-]{0,40}[a-z])(?=[\w+/-]{0,40}[A-Z])[\w+/-]{43,88}={0,2})(?![\w+/=-])"
)
_MIN_DIGESTS = 3
_SAMPLE = 200
_BARE_PATH = re.compile(r"(?:--- (?:a/)?|\+\+\+ (?:b/)?)([^\t\r\n]+)")
_SIMILARITY, _MOVED = "similarity index ", ("rename from ", "copy from ")
_CHANGED = frozenset((DiffPart.ADDED, DiffPart.REMOVED))
_HEADERS = frozenset((DiffPart.FILE, DiffPart.DETAIL, DiffPart.NAME))
_STATISTICS = re.compile(r" \S.{0,200} \| +(?:\d|Bin)")


class Part(NamedTuple):
    """A part of a diff that is kept or left out as a whole.

    Attributes:
        stand_in: As in `sharedctx.segments.Segment`.
        needs: How many parts before it the header stands that it is under.
        text: How it reads; empty when it reads as it stands.
        note: As in `sharedctx.segments.Segment`.
    """

    start: int
    end: int
    rank: float
    unit: str
    amount: int
    needs: int = 0
    stand_in: str = ""
    text: str = ""
    note: str = ""


class _Group(NamedTuple):
    """Neighboring lines that are kept or left out together: ``lines[start:end]`` of their file."""

    part: DiffPart
    start: int
    end: int
    is_whole: bool = True


class _Place(NamedTuple):
    """What is around a group.

    Attributes:
        first: Number of the first line of its file in the text.
        is_made: Whether a tool wrote its file.
        even: Where the hunk comes in an even spread over the whole diff, in [0, 1).
        needs: How many parts before it its header stands.
        said: How many lines of the text that it belongs to, if it is text, stand before it.
    """

    first: int
    is_made: bool
    even: float
    needs: int
    said: int


def parts_of(text: str, lines: Sequence[DiffLine]) -> list[Part]:
    """Return the parts of a diff, in order and without gaps."""
    even = spread(1 + sum(line.part is DiffPart.HUNK for line in lines))
    parts: list[Part] = []
    starts = [i for i, line in enumerate(lines) if line.opens or not i]
    hunk = 0
    for start, stop in pairwise([*starts, len(lines)]):
        file = lines[start:stop]
        place = _Place(start + 1, _is_made(text, file), 0.0, 0, -1)
        header = under = -1
        for group in _groups(text, file):
            above = under if group.part in CHANGES else header
            if group.part is DiffPart.TEXT:
                above = -1
            elif group.part is DiffPart.HUNK:
                hunk, under = hunk + 1, len(parts)
            elif group.part in _OPENERS and header < 0:
                header = len(parts)
            needs = len(parts) - above if above >= 0 else 0
            said = place.said + 1 if group.part is DiffPart.TEXT else -1
            place = place._replace(even=even[hunk], needs=needs, said=said)
            parts += _pieces(_part(text, file, group, place))
    return parts


def _is_made(text: str, file: Sequence[DiffLine]) -> bool:
    """Whether a tool wrote a file: by its path, or because most of what changed are digests."""
    for line in file[:8]:
        path = _PATH.match(text[line.start : min(line.end, line.start + 700)])
        if line.part in _OPENERS and path and _MADE_PATH.search(path[1].strip()):
            return True
    changed = [line for line in file if line.part in _CHANGED]
    sample = changed[:: max(1, len(changed) // _SAMPLE)]
    digests = sum(bool(_DIGEST.search(text, line.start, line.end)) for line in sample)
    return len(sample) >= _MIN_DIGESTS and 4 * digests >= 3 * len(sample)


def _name_place(text: str, file: Sequence[DiffLine]) -> int:
    """Return which line of a header says all that those before it say.

    It is ``+++ b/x`` where the file is just x, and ``rename from x`` where it was; 0 if none is.
    """
    size = 0
    while size < len(file) and file[size].part in _HEADERS:
        size += 1
    first = 1 + (size > 1 and text.startswith(_SIMILARITY, file[1].start))
    if size > first and text.startswith(_MOVED, file[first].start):
        return first
    names = [line for line in file[:size] if line.part is DiffPart.NAME]
    said = sum(line.part is DiffPart.FILE for line in file[:size])
    if len(names) != len(("old", "new")) or said > 1 or file[size - 1] is not names[1]:
        return 0
    old, new = (_BARE_PATH.match(text, line.start, line.end) for line in names)
    return size - 1 if old and new and old[1] == new[1] else 0


def _groups(text: str, file: Sequence[DiffLine]) -> Iterator[_Group]:
    """Yield runs of context in chunks, header lines that repeat a path together, others alone."""
    start = _name_place(text, file)
    if start:
        yield _Group(DiffPart.DETAIL, 0, start)
    is_named = False  # whether a line before says which file it is
    while start < len(file):
        part = file[start].part
        joined: frozenset[DiffPart] = frozenset()
        if part in _REPEATING:
            joined = _REPEATING if is_named else frozenset((DiffPart.NAME,))
        elif part is DiffPart.CONTEXT:
            joined = frozenset((part,))
        end = start + 1
        while end < len(file) and file[end].part in joined:
            end += 1
        if part is DiffPart.CONTEXT and end == len(file):
            # One note tells of it and of the header of the file that follows.
            yield _Group(part, start, end, is_whole=False)
        elif part is DiffPart.CONTEXT:
            yield from _chunks(start, end)
        else:
            yield _Group(DiffPart.DETAIL if joined is _REPEATING else part, start, end)
        is_named = is_named or part is DiffPart.FILE
        start = end


def _chunks(start: int, end: int) -> Iterator[_Group]:
    """Yield a run of context: what is next to the changes apart from what is between."""
    if end - start <= _CHUNK:
        yield _Group(DiffPart.CONTEXT, start, end)
        return
    cuts = [start, *range(start + _NEAR, end - _NEAR, _CHUNK), end - _NEAR, end]
    for first, last in pairwise(cuts):
        yield _Group(DiffPart.CONTEXT, first, last, is_whole=False)


def _part(text: str, file: Sequence[DiffLine], group: _Group, place: _Place) -> Part:
    """Return the part that a group is."""
    start, end = file[group.start].start, file[group.end - 1].end
    count = group.end - group.start
    stand_in = ""
    if group.is_whole and place.needs and group.part in (DiffPart.CONTEXT, DiffPart.DETAIL):
        stand_in = f"[… {_where(place.first + group.start, group)}]\n"
    if group.part in _OPENERS:
        # The line that opens a file stands for it in notes; the others are mere detail.
        count = int(not place.needs)
    rank = _rank(text[start : min(end, start + 80)], group.part, place)
    unit = _UNITS.get(group.part, "line")
    return Part(start, end, rank, unit, count, place.needs, stand_in)


def _where(first: int, group: _Group) -> str:
    """Return what tells the place of a group that is left out.

    Of context it is enough to say how many lines: the header of the hunk numbers them.
    """
    count = group.end - group.start
    if group.part is DiffPart.CONTEXT:
        return str(count)
    return f"L{first}" if count == 1 else f"L{first}-{first + count - 1}"


def _rank(head: str, part: DiffPart, place: _Place) -> float:
    """Return how soon a part of a diff is needed."""
    if part is DiffPart.TEXT:
        is_late = not head.strip() or place.said >= _MESSAGE or bool(_STATISTICS.match(head))
        return _TEXT if is_late else _FILE
    if part in _OPENERS:
        return _FILE
    if part is DiffPart.DETAIL:
        return _DETAIL
    late = _MADE if place.is_made else 0.0
    if part is DiffPart.HUNK:
        return late + _HUNK + 0.1 * place.even
    if part is DiffPart.CONTEXT:
        return max(late, _CONTEXT) + place.even
    # A lone bracket or blank line is part of the change as well: what changed is never half shown.
    return late + place.even if late else _CHANGE + place.even


def _pieces(part: Part) -> Iterator[Part]:
    """Yield `part`, in pieces if it is one very long line."""
    if part.end - part.start <= _MAX_LINE or part.amount > 1:
        yield part
        return
    yield part._replace(end=part.start + _PIECE, stand_in="")
    for number, start in enumerate(range(part.start + _PIECE, part.end, _PIECE), start=1):
        end = min(part.end, start + _PIECE)
        rank = max(part.rank, REQUIRED) + _LATE
        yield Part(start, end, rank, "char", end - start, number)
