"""The grammar of diffs: files, hunks, changed lines, context, and what is around them.

A hunk is read by the numbers in its header, as `patch` does it, so that a changed line that looks
like a header stays a changed line. Git's diffs, combined diffs of merges, plain ``diff -u``, and
what ``diff`` prints without it or with ``-c`` are understood, with commit messages or other text
before, between and after the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from sharedctx.plain import split_lines

__all__ = ("CHANGES", "DiffLine", "DiffPart", "can_be_diff", "diff_lines")

_MAX_HEAD = 400
_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_COMBINED = re.compile(r"(@{3,9})((?: -\d{1,9}(?:,\d{1,9})?){2,8}) \+\d{1,9}(?:,(\d{1,9}))? @")
_COUNT = re.compile(r"-\d+(?:,(\d+))?")
# "12,14c12,15" of a normal diff, before its first line.
_NORMAL = re.compile(r"(\d{1,9})(?:,(\d{1,9}))?([acd])(\d{1,9})(?:,(\d{1,9}))?\s*$")
_MARKED = re.compile(r"[<>](?: |$)")
# "*** 12,14 ****" and "--- 12,15 ----" of a context diff, and what is before them.
_CONTEXT = re.compile(r"([*-])\1\1 (\d{1,9})(?:,(\d{1,9}))? \1{4}\s*$")
_STARS = "*" * 15
_OTHER_HUNK = re.compile(r"^(?:\d{1,9}(?:,\d{1,9})?[acd][\d,]{1,20}\r?\n[<>]|\*{15})", re.MULTILINE)
_OPENS = re.compile(r"diff --(?:git|cc|combined) |(?:Index: |diff -|Only in |Binary files )\S")
_EXTENDED = re.compile(
    r"(?:old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    r"|similarity index|dissimilarity index|Binary files|GIT binary patch|mode) "
)
_NAMED = (("--- ", "+++ "), ("*** ", "--- "))  # how the names of the old and the new file begin
_DETAIL = re.compile(r"index [0-9a-f]{4,64}[.,]|={20,80}\s*$")


class DiffPart(Enum):
    """What a line of a diff is."""

    TEXT = "text"
    """Text around the diff, such as a commit message."""
    FILE = "file"
    """Opens a file, or says what became of it as a whole."""
    DETAIL = "detail"
    """Says nothing about a file that the opening line does not say."""
    NAME = "name"
    """Names the old or the new file: ``--- a/x``."""
    HUNK = "hunk"
    """Header of a hunk."""
    REMOVED = "removed"
    """A line that was taken out."""
    ADDED = "added"
    """A line that was put in."""
    CONTEXT = "context"
    """A line that did not change."""


class DiffLine(NamedTuple):
    """One line, with its line break.

    Attributes:
        opens: Whether a file begins here.
    """

    start: int
    end: int
    part: DiffPart
    opens: bool = False


_HEADERS = frozenset((DiffPart.FILE, DiffPart.DETAIL, DiffPart.NAME))
CHANGES = frozenset((DiffPart.ADDED, DiffPart.REMOVED, DiffPart.CONTEXT))
"""The lines of a hunk."""


class _Side(NamedTuple):
    """What is to come of one of the files of a hunk.

    Attributes:
        left: How many lines.
        marks: What they are, by the character that they begin with.
    """

    left: int
    marks: Mapping[str, DiffPart]


_OLD_MARKS = {" ": DiffPart.CONTEXT, "!": DiffPart.REMOVED, "-": DiffPart.REMOVED}
_NEW_MARKS = {" ": DiffPart.CONTEXT, "!": DiffPart.ADDED, "+": DiffPart.ADDED}


def _sides(head: str, following: str) -> list[_Side]:
    """Return what the header of a hunk of a normal or a context diff announces."""
    normal = _NORMAL.match(head) if _MARKED.match(following) else None
    if normal:
        old, new = _amount(normal[1], normal[2]), _amount(normal[4], normal[5])
        return [
            _Side(old * (normal[3] != "a"), {"<": DiffPart.REMOVED}),
            _Side(new * (normal[3] != "d"), {">": DiffPart.ADDED}),
        ]
    context = _CONTEXT.match(head)
    if context:
        marks = _OLD_MARKS if context[1] == "*" else _NEW_MARKS
        return [_Side(_amount(context[2], context[3]), marks)]
    return []


def _amount(first: str, last: str | None) -> int:
    """Return how many lines ``first,last`` are; line 0 is none."""
    return max(0, int(last or first) - max(int(first), 1) + 1)


class _Reader:
    """Reads one line after the other, knowing what the last header announced."""

    def __init__(self) -> None:
        self._left = [0]  # lines that are to come of each old side, and of the new one
        self._sides: list[_Side] = []  # the same, where each side stands for itself
        self._in_file = False
        self._last = DiffPart.TEXT

    def read(self, head: str, following: str) -> tuple[DiffPart, bool]:
        """Return what the line is that begins with `head`, and whether it opens a file."""
        part = self._in_hunk(head) if any(self._left) else self._in_sides(head)
        if part is None:
            part, opens = self._outside(head, following)
        else:
            opens = False
        self._last = part
        return part, opens

    def _in_hunk(self, head: str) -> DiffPart | None:
        """Return what a line of a hunk is; None when the hunk breaks off."""
        sides = len(self._left) - 1
        marks = head[:sides]
        if head.startswith("\\"):
            return self._last
        if not head.strip("\r\n"):
            marks = " " * sides
        if len(marks) < sides or marks.strip(" +-"):
            self._left = [0]
            return None
        is_new = "-" not in marks
        for side, mark in enumerate(marks):
            self._left[side] -= mark != "+" if is_new else mark == "-"
        self._left[-1] -= is_new
        if min(self._left) < 0:
            self._left = [0]
            return None
        if not marks.strip():
            return DiffPart.CONTEXT
        return DiffPart.ADDED if is_new else DiffPart.REMOVED

    def _in_sides(self, head: str) -> DiffPart | None:
        """Return what a line of a normal or a context diff is; None when the hunk is over."""
        self._sides = [side for side in self._sides if side.left]
        if not self._sides:
            return None
        if head.startswith("\\") or (head.rstrip() == "---" and self._last is DiffPart.REMOVED):
            return self._last
        left, marks = self._sides[0]
        part = None if head[1:2].strip() else marks.get(head[:1].strip("\r\n") or " ")
        self._sides[0] = _Side(left - 1 if part else 0, marks)
        return part

    def _outside(self, head: str, following: str) -> tuple[DiffPart, bool]:
        """Return what a line between hunks is, and whether it opens a file."""
        if head.startswith("\\") and self._last in CHANGES:
            return self._last, False
        if head.startswith("@@") and self._in_file and self._open_hunk(head):
            return DiffPart.HUNK, False
        if sides := _sides(head, following):
            self._sides = sides
            opens, self._in_file = not self._in_file, True
            return DiffPart.HUNK, opens
        if head.startswith(_STARS) and self._in_file:
            return DiffPart.DETAIL, False
        in_header = self._in_file and self._last in _HEADERS
        part, opens = DiffPart.TEXT, False
        if _OPENS.match(head):
            part, opens = DiffPart.FILE, not (in_header and head.startswith("Binary files "))
        elif (head[:4], following) in _NAMED:
            part, opens = DiffPart.NAME, not in_header
        elif head.startswith(("+++ ", "--- ")) and self._last is DiffPart.NAME:
            part = DiffPart.NAME
        elif in_header and _EXTENDED.match(head):
            part = DiffPart.FILE
        elif in_header and _DETAIL.match(head):
            part = DiffPart.DETAIL
        self._in_file = part is not DiffPart.TEXT
        return part, opens

    def _open_hunk(self, head: str) -> bool:
        hunk = _HUNK.match(head)
        if hunk:
            self._left = [int(count or 1) for count in hunk.groups(default="1")]
            return True
        combined = _COMBINED.match(head)
        if combined and len(combined[1]) == combined[2].count("-") + 1:
            old = [int(count or 1) for count in _COUNT.findall(combined[2])]
            self._left = [*old, int(combined[3] or 1)]
            return True
        return False


def can_be_diff(text: str) -> bool:
    """Whether a hunk may begin somewhere in `text`, or a file of git."""
    return "@@ -" in text or "diff --" in text or _OTHER_HUNK.search(text) is not None


def diff_lines(text: str) -> Iterator[DiffLine]:
    """Yield the lines of `text`, each as what it is in a diff."""
    reader = _Reader()
    spans = split_lines(text)
    span = next(spans, None)
    while span is not None:
        following = next(spans, None)
        start, end = span
        after = text[following[0] : following[0] + 4] if following else ""
        part, opens = reader.read(text[start : min(end, start + _MAX_HEAD)], after)
        yield DiffLine(start, end, part, opens)
        span = following
