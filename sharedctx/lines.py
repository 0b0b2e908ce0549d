r"""Lines of an original: which line a character is on, and the text of a span of lines.

A line ends with ``\n`` and with nothing else, so that numbers agree with ``grep -n``, editors and
tracebacks; ``\r``, form feeds and Unicode separators are ordinary characters of their line.
"""

from __future__ import annotations

import re
from bisect import bisect_left

from sharedctx.errors import InvalidRequest

__all__ = ("LineIndex", "read_lines")


class LineIndex:
    """Line numbers of one text. Building it is linear; each question is a binary search."""

    def __init__(self, text: str) -> None:
        self._size = len(text)
        self._breaks = [match.start() for match in re.finditer("\n", text)]

    def __len__(self) -> int:
        """Return the number of lines; an unfinished last line counts, an empty text has none."""
        unfinished = self._size > (self._breaks[-1] + 1 if self._breaks else 0)
        return len(self._breaks) + unfinished

    def line_of(self, offset: int) -> int:
        """Return the 1-based number of the line that holds the character at `offset`."""
        return bisect_left(self._breaks, offset) + 1

    def lines_of(self, start: int, end: int) -> tuple[int, int]:
        """Return the first and the last line that ``text[start:end]`` touches."""
        return self.line_of(start), self.line_of(max(start, end - 1))

    def offsets_of(self, first: int, last: int) -> tuple[int, int]:
        """Return ``(start, end)`` such that ``text[start:end]`` is the lines `first` to `last`."""
        start = self._breaks[first - 2] + 1 if first > 1 else 0
        end = self._breaks[last - 1] + 1 if last <= len(self._breaks) else self._size
        return start, end


def read_lines(text: str, first: int, last: int) -> str:
    """Return lines `first` to `last` of `text`, both included, exactly as they stand.

    Args:
        text: The original.
        first: 1-based number of the first line.
        last: 1-based number of the last line; past the end of `text` it means the last line.

    Raises:
        InvalidRequest: the numbers are not a span of lines of `text`.
    """
    if first < 1 or last < first:
        raise InvalidRequest(
            f"lines {first}-{last} is not a span: count lines from 1, the first line first."
        )
    index = LineIndex(text)
    if first > len(index):
        raise InvalidRequest(
            f"lines {first}-{last}: the last line of the original is {len(index)}."
        )
    start, end = index.offsets_of(first, last)
    return text[start:end]
