"""The grammar of search results: ``path:line:text``, context lines, and files as headings.

A context line (``path-12-text``) is only taken for one next to a hit in the same file, and a number
at the start of a line (``12:text``) only under a line that is a path. So times of day, ratios and
keys of settings files are not taken for hits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import islice
from typing import NamedTuple

from sharedctx.plain import split_lines

__all__ = ("Found", "FoundLine", "found_lines", "has_hits", "is_path", "is_rooted")

_MAX_HEAD = 500
_HIT = re.compile(r"((?:[A-Za-z]:[\\/])?[^\s:][^:\n]{0,300}):([1-9]\d{0,8}):")
# The end of what stands before the minutes of a time of day.
_HOUR = re.compile(r"(?:[\dT\[(,-][T ]?|\d[ /:])\d\d$")
_PLAIN_HIT = re.compile(r"([^\s:]{1,400}):(?![:/])")
# How every hit begins, and some other lines.
_LIKE_A_HIT = re.compile(
    r"\n(?:(?:[A-Za-z]:[\\/])?[^\s:][^:\n]{0,300}:[1-9]\d{0,8}:|[1-9]\d{0,8}:"
    r"|[^\s:/]{0,400}/[^\s:]{0,400}:(?![:/]))"
)
# After a number, ``-`` marks a line around a hit, ``=`` the function that the hit is in.
_NUMBERED = re.compile(r"([1-9]\d{0,8})([:=-])")
_CONTEXT = re.compile(r"([=-])[1-9]\d{0,8}\1|-")
_PATH = re.compile(r"(?:[A-Za-z]:)?[\w.~@+%$#=,(){}\[\]\\/-]{1,400}$")
_LETTER = re.compile(r"[^\W\d_]")
_NAME = re.compile(r"\.{0,2}[\w@+-][\w.@+-]{0,120}\.\w{1,10}$|[A-Z][a-z]{2,20}file$|[A-Z]{3,20}$")
_WHATEVER = re.compile(r"Binary file \S|(?:\S{0,80}/)?[a-z]{0,3}(?:grep|rg|find|ls): \S")


class Found(Enum):
    """What a line of search results is."""

    FILE = "file"
    """The path of a file, on a line of its own."""
    HIT = "hit"
    """What was searched for."""
    CONTEXT = "context"
    """A line next to a hit."""
    BREAK = "break"
    """What separates results: a blank line, or ``--``."""
    NOTE = "note"
    """What the search tool says itself."""
    OTHER = "other"
    """Anything else."""


class FoundLine(NamedTuple):
    """A line of search results.

    Attributes:
        path: The file that it is in; empty for breaks, notes and other lines.
        text: Where what stands in the file begins.
    """

    start: int
    end: int
    found: Found
    path: str = ""
    text: int = 0


def is_path(word: str) -> bool:
    """Whether `word` looks like the path of a file or directory, which dates do not."""
    if "://" in word or not _PATH.match(word) or not _LETTER.search(word):
        return False
    return "/" in word or "\\" in word or bool(_NAME.match(word))


def has_hits(text: str, least: int) -> bool:
    """Whether at least so many lines of `text` may be hits, found out much faster than which."""
    return any(islice(_LIKE_A_HIT.finditer(f"\n{text}"), least - 1, None))


def is_rooted(line: str) -> bool:
    """Whether a line is a path by how it begins, with blanks in it, but not in columns."""
    return line.startswith(("./", "/")) and ": " not in line and "  " not in line.rstrip()


def found_lines(text: str) -> list[FoundLine]:
    """Return the lines of `text`, each as what it is among search results."""
    heads = [(a, b, text[a : min(b, a + _MAX_HEAD)].rstrip("\r\n")) for a, b in split_lines(text)]
    lines = list(_numbered(heads))
    if not any(line.found is Found.HIT for line in lines):
        lines = [_unnumbered(*head) for head in heads]
    return _with_context(heads, lines)


def _numbered(heads: Sequence[tuple[int, int, str]]) -> Iterator[FoundLine]:
    """Yield hits that have line numbers, and what stands under paths on lines of their own."""
    heading = ""
    for i, (start, end, head) in enumerate(heads):
        hit = _HIT.match(head)
        number = _NUMBERED.match(head) if heading else None
        if not head or head == "--":
            yield FoundLine(start, end, Found.BREAK)
            heading = heading if head else ""
        elif number:
            found = Found.HIT if number[2] == ":" else Found.CONTEXT
            yield FoundLine(start, end, found, heading, start + number.end())
        elif hit and _can_be_path(hit[1]):
            yield FoundLine(start, end, Found.HIT, hit[1], start + hit.end())
        elif i + 1 < len(heads) and _NUMBERED.match(heads[i + 1][2]) and is_path(head):
            heading = head
            yield FoundLine(start, end, Found.FILE, head, end)
        else:
            found = Found.NOTE if _WHATEVER.match(head) else Found.OTHER
            yield FoundLine(start, end, found)


def _can_be_path(name: str) -> bool:
    """Whether what stands before a line number can be a path, which a time of day cannot."""
    if _HOUR.search(name):
        return False
    return "/" in name or "\\" in name if " " in name else not name.isdigit()


def _unnumbered(start: int, end: int, head: str) -> FoundLine:
    """Return a line as a hit without number: ``path:text``."""
    hit = _PLAIN_HIT.match(head)
    if hit and "/" in hit[1]:
        return FoundLine(start, end, Found.HIT, hit[1], start + hit.end())
    if not head or head == "--":
        return FoundLine(start, end, Found.BREAK)
    return FoundLine(start, end, Found.NOTE if _WHATEVER.match(head) else Found.OTHER)


def _with_context(heads: Sequence[tuple[int, int, str]], lines: list[FoundLine]) -> list[FoundLine]:
    """Return `lines` with those that stand next to a hit in the same file as its context."""
    for order in (range(len(lines)), range(len(lines) - 1, -1, -1)):
        path = ""
        for i in order:
            line = lines[i]
            if line.found in (Found.HIT, Found.CONTEXT):
                path = line.path
            elif line.found is Found.BREAK:
                path = ""
            elif line.found is Found.OTHER and path and heads[i][2].startswith(path):
                mark = _CONTEXT.match(heads[i][2], len(path))
                if mark:
                    text = line.start + mark.end()
                    lines[i] = FoundLine(line.start, line.end, Found.CONTEXT, path, text)
    return lines
