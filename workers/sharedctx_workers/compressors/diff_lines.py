"""The grammar of unified diffs: files, hunks, changed lines, context, and what is around them.

A hunk is read by the numbers in its header, as `patch` does it, so that a changed line that looks
like a header stays a changed line. Git's diffs, combined diffs of merges, and plain ``diff -u`` are
understood, with commit messages or other text before, between and after the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from sharedctx.plain import split_lines

__all__ = ("CHANGES", "DiffLine", "DiffPart", "diff_lines")

_MAX_HEAD = 400
_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_COMBINED = re.compile(r"(@{3,9})((?: -\d{1,9}(?:,\d{1,9})?){2,8}) \+\d{1,9}(?:,(\d{1,9}))? @")
_COUNT = re.compile(r"-\d+(?:,(\d+))?")
_OPENS = re.compile(r"diff --(?:git|cc|combined) |(?:Index: |diff -|Only in |Binary files )\S")
_EXTENDED = re.compile(
    r"(?:old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    r"|similarity index|dissimilarity index|Binary files|GIT binary patch|mode) "
)
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


class _Reader:
    """Reads one line after the other, knowing what the last header announced."""

    def __init__(self) -> None:
        self._left = [0]  # lines that are to come of each old side, and of the new one
        self._in_file = False
        self._last = DiffPart.TEXT

    def read(self, head: str, following: str) -> tuple[DiffPart, bool]:
        """Return what the line is that begins with `head`, and whether it opens a file."""
        part = self._in_hunk(head) if any(self._left) else None
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

    def _outside(self, head: str, following: str) -> tuple[DiffPart, bool]:
        """Return what a line between hunks is, and whether it opens a file."""
        if head.startswith("\\") and self._last in CHANGES:
            return self._last, False
        if head.startswith("@@") and self._in_file and self._open_hunk(head):
            return DiffPart.HUNK, False
        in_header = self._in_file and self._last in _HEADERS
        part, opens = DiffPart.TEXT, False
        if _OPENS.match(head):
            part, opens = DiffPart.FILE, not (in_header and head.startswith("Binary files "))
        elif head.startswith("--- ") and following.startswith("+++ "):
            part, opens = DiffPart.NAME, not in_header
        elif head.startswith("+++ ") and self._last is DiffPart.NAME:
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
