"""Where a text holds something of another kind: fenced blocks, JSON, tables, records in prose.

Only places are found here, by grammar alone. Whether a place holds what it seems to hold is for the
compressors to say, which parse it. All of it is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from sharedctx.exact_json import Scannable, scan
from sharedctx.plain import split_lines
from sharedctx_workers.compressors.text_parts import is_underlined

__all__ = ("MIN_EMBEDDED", "Embedded", "embedded_in")

MIN_EMBEDDED = 400
"""Characters below which a block is told best as the text it stands in."""

_MIN_LINES = 5
_MAX_HEAD = 400
_MAX_FRONT = 200
_FENCE = re.compile(r"[ \t]{0,12}(`{3,20}|~{3,20})[^`\n]{0,200}$")
_BREAK = re.compile(r" {0,3}#{1,6}[ \t]|[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]")
_JSON = re.compile(r"\{[ \t]{0,40}(?:[\"}\r\n]|$)|\[[ \t]{0,40}(?:[\[{\"\d\r\n-]|$)")
_MAX_TRIES = 3
_SENTENCE = re.compile(r"[a-z,;] [a-z]+ [a-z]+ [a-z]+")


class Embedded(NamedTuple):
    """``text[start:end]``; what is of another kind is ``text[body:stop]``, without its fences."""

    start: int
    body: int
    stop: int
    end: int

    @property
    def is_fenced(self) -> bool:
        """Whether marks before and after it say that it is not prose."""
        return self.body > self.start


def embedded_in(text: str) -> Iterator[Embedded]:
    """Yield the places of `text` that may hold something of another kind, in order."""
    return _Finder(text).places()


class _Finder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._source = Scannable(text)
        self._lines = list(split_lines(text))
        self._unclosed: set[str] = set()
        # JSON that turns out to be none costs time; there is a limit to what is tried.
        self._patience = 4 * len(text) + 1000

    def places(self) -> Iterator[Embedded]:
        """Yield what `embedded_in` does."""
        place = i = 0
        while i < len(self._lines):
            start, end = self._lines[i]
            found = self._at(i, max(start, place)) if end > place else None
            if found is None:
                i += 1
                continue
            yield found
            place = found.end
            while i < len(self._lines) and self._lines[i][1] <= place:
                i += 1

    def _at(self, i: int, start: int) -> Embedded | None:
        """Return what begins on line `i`, not before `start`."""
        head = self._text[start : min(self._lines[i][1], start + _MAX_HEAD)]
        if not head.strip():
            return None
        if i == 0 and head.rstrip() in ("---", "+++"):
            return self._closed(i, head.rstrip(), _MAX_FRONT)
        before = self._text[slice(*self._lines[i - 1])].strip() if i else ""
        fence = _FENCE.match(head.rstrip())
        if fence and not is_underlined(before, head):
            return self._closed(i, fence[1], len(self._lines))
        json = self._json(start, self._lines[i][1])
        if json:
            return json
        is_first = not before or before.endswith(":")
        after_head = not is_first and bool(_BREAK.match(self._text, self._lines[i - 1][0]))
        return self._paragraph(i, start) if is_first or after_head or "|" in head else None

    def _closed(self, i: int, fence: str, limit: int) -> Embedded | None:
        """Return the block that line `i` opens with `fence`, if a line closes it."""
        if fence in self._unclosed:
            return None
        for j in range(i + 1, min(len(self._lines), i + 1 + limit)):
            start, end = self._lines[j]
            if end - start < _MAX_HEAD:
                line = self._text[start:end].strip()
                if line.startswith(fence) and not line.strip(fence[0]):
                    return Embedded(self._lines[i][0], self._lines[i][1], start, end)
        self._unclosed.add(fence)
        return None

    def _json(self, start: int, end: int) -> Embedded | None:
        """Return the first JSON that begins between `start` and `end` and is large."""
        for opening in islice(_JSON.finditer(self._text, start, end), _MAX_TRIES):
            if self._patience <= 0:
                return None
            stop = self._values_end(opening.start())
            if stop - opening.start() >= MIN_EMBEDDED:
                return Embedded(opening.start(), opening.start(), stop, stop)
        return None

    def _values_end(self, start: int) -> int:
        """Return where the JSON at `start` ends, and the JSON lines after it; `start` if none."""
        stop = start
        while stop < len(self._text) and self._text[stop] in "{[":
            try:
                _, end = scan(self._source, stop)
            except ValueError as error:
                self._patience -= getattr(error, "pos", len(self._text)) - stop + 1
                break
            line_end = self._text.find("\n", end) + 1 or len(self._text)
            if self._text[end:line_end].strip():
                return stop if stop > start else end
            stop = line_end
        if stop - start < MIN_EMBEDDED:
            self._patience -= stop - start
        return stop

    def _paragraph(self, i: int, start: int) -> Embedded | None:
        """Return the paragraph that begins on line `i`, if it is made of records."""
        if self._text[start : self._lines[i][1]].rstrip().endswith(":"):
            return None
        j = i + 1
        while j < len(self._lines) and not self._breaks(j):
            j += 1
        end = self._lines[j - 1][1]
        if end - start < MIN_EMBEDDED or j - i < _MIN_LINES:
            return None
        found = Embedded(start, start, end, end)
        return None if _is_prose(self._text[start:end], j - i) else found

    def _breaks(self, i: int) -> bool:
        """Whether line `i` cannot be a further line of a paragraph."""
        start, end = self._lines[i]
        head = self._text[start : min(end, start + _MAX_HEAD)].rstrip()
        if not head or _BREAK.match(head) or _FENCE.match(head):
            return True
        return head[0] in "{[" and self._json(start, end) is not None


def _is_prose(paragraph: str, lines: int) -> bool:
    """Whether most lines of a paragraph run on as sentences do."""
    if paragraph.lstrip()[:1] in ("<", "|"):
        return False
    running = sum(bool(_SENTENCE.search(line[:_MAX_HEAD])) for line in paragraph.split("\n"))
    return 10 * running >= 7 * lines
