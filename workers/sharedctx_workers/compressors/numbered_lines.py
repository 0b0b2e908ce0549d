"""Finds listings whose lines are numbered, and what they list."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, islice, pairwise
from typing import NamedTuple

from sharedctx.plain import split_lines

__all__ = ("Listing", "listing_in")

# A number, and the mark that parts it from its line: one of these, or blanks alone.
_NUMBER = re.compile(r"[ \t]{0,12}(?:L(?:ine )?)?(\d{1,7})( {0,4}[→|│:]|\t|)")
_CLOSE = ("\t", "→")  # what follows these is of the line, also a blank
_MAX_BLANKS = 4
_MIN_LINES = 3
# What a tool says before and after what it shows.
_MAX_AROUND, _MAX_SAID = 4, 400


class Listing(NamedTuple):
    """A numbered listing, ``text[start:end]``.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        first: The number of its first line.
        inner: What it lists: its lines without their numbers.
        lines: For each line, where it begins in the text, and what of it is listed.
        offsets: Where the lines begin in `inner`.
    """

    start: int
    end: int
    first: int
    inner: str
    lines: Sequence[tuple[int, int, int]]
    offsets: Sequence[int]

    def place_of(self, offset: int) -> int:
        """Return where in the text `offset` of `inner` is; where a line begins, its number does."""
        if offset >= len(self.inner):
            return self.end
        line = bisect_right(self.offsets, offset) - 1
        start, body, _ = self.lines[line]
        into = offset - self.offsets[line]
        return body + into if into else start


class _Numbered(NamedTuple):
    """A line with a number, up to the mark after it."""

    start: int
    end: int
    number: int
    mark: str
    body: int


@lru_cache(maxsize=1)
def listing_in(text: str) -> Listing | None:
    """Return the listing that `text` is, but for a few short lines around it; None if it is none.

    Its lines count up by one, and the same mark follows each number. The last answer is remembered:
    it is verified next.
    """
    head = list(islice(split_lines(text), _MAX_AROUND + 2))
    numbered = [_numbered(text, *line) for line in head]
    first = next((a for a, b in pairwise(numbered) if a and b and b.number == a.number + 1), None)
    if first is None or not _is_little(text[: first.start]):
        return None
    if any(_names_columns(line, first.mark.strip(" ")) for line in text[: first.start].split("\n")):
        return None
    lines = list(_counted(text, first))
    end = lines[-1].end
    if len(lines) < _MIN_LINES or not _is_little(text[end:]):
        return None
    blanks = 0 if first.mark.strip(" ") in _CLOSE else _blanks(text, lines)
    if not first.mark and not blanks:
        return None
    bodies = [(line.start, line.body + min(blanks, _room(text, line)), line.end) for line in lines]
    parts = [text[body:end] for _, body, end in bodies]
    inner = "".join(parts)
    if not inner.strip():
        return None
    offsets = [0, *accumulate(map(len, parts))][:-1]
    return Listing(first.start, end, first.number, inner, bodies, offsets)


def _numbered(text: str, start: int, end: int) -> _Numbered | None:
    match = _NUMBER.match(text, start, end)
    return match and _Numbered(start, end, int(match[1]), match[2], match.end())


def _counted(text: str, first: _Numbered) -> Iterator[_Numbered]:
    """Yield the lines from `first` on that count up. One without content may have lost its mark."""
    number, start = first.number, first.start
    while start < len(text):
        line = _numbered(text, start, text.find("\n", start) + 1 or len(text))
        if line is None or line.number != number:
            return
        if not first.mark:
            line = line._replace(mark="", body=line.body - len(line.mark))  # it was of the line
        if line.mark.strip(" ") != first.mark.strip(" ") and _room(text, line):
            return
        yield line
        number, start = number + 1, line.end


def _room(text: str, line: _Numbered) -> int:
    """Return how many characters stand behind the mark, before the line break."""
    return len(text[line.body : line.end].rstrip("\r\n"))


def _blanks(text: str, lines: Sequence[_Numbered]) -> int:
    """Return how many blanks part every number, with its mark, from its line."""
    most = 1 if lines[0].mark else _MAX_BLANKS
    for line in lines:
        body = text[line.body : min(line.end, line.body + most + 1)]
        if body.strip():
            most = min(most, len(body) - len(body.lstrip(" ")))
    return most


def _names_columns(line: str, mark: str) -> bool:
    """Whether `line`, which is above numbers with `mark`, may be the header of a table."""
    if mark == ":":
        return False
    return mark in line if mark else bool(line.strip()) and not line.rstrip().endswith(":")


def _is_little(said: str) -> bool:
    """Whether `said` is no more than what a tool says around what it shows."""
    return len(said) <= _MAX_AROUND * _MAX_SAID and said.count("\n") <= _MAX_AROUND
