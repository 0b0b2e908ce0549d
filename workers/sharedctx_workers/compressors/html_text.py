"""HTML as structured text: headings, items, tables and links as Markdown writes them."""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from typing import NamedTuple

from sharedctx_workers.compressors.html_scan import Token, scan_html

__all__ = ("Aside", "Outline", "outline_html")

_SPACE = re.compile(r"\s+")
_HREF = re.compile(
    r"\b(?:href|src)\s{0,9}=\s{0,9}(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^\s>]+))",
    re.IGNORECASE,
)
_ALT = re.compile(r"\balt\s{0,9}=\s{0,9}(?:\"([^\"]{1,500})\"|'([^']{1,500})')", re.IGNORECASE)
_ASIDES = frozenset(("nav", "footer", "aside"))
_PARAGRAPHS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption "  # noqa: SIM905  # words read best as words
    "figure footer form head header html main nav ol p section summary table tbody thead tfoot "
    "title ul hr option select".split()
)
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)} | {"title": "#"}


class Aside(NamedTuple):
    """A range of the structured text that nobody reads a page for."""

    start: int
    end: int
    unit: str


class Outline:
    """Structured text, and where each part of it stands in the HTML."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self._at: list[int] = []  # where a part begins in the structured text
        self._from: list[tuple[int, int]] = []  # and which part of the HTML it stands for
        self.asides: list[Aside] = []

    def __len__(self) -> int:
        return self._size

    @property
    def text(self) -> str:
        """The structured text."""
        return "".join(self._parts)

    def ends_with(self, mark: str) -> bool:
        """Whether the text so far is empty or ends with `mark`."""
        tail = "".join(self._parts[-2:])
        return not self._size or tail.endswith(mark)

    def add(self, text: str, start: int, end: int) -> None:
        """Add `text`, which stands for the HTML between `start` and `end`."""
        if text:
            self._at.append(self._size)
            self._from.append((start, end))
            self._parts.append(text)
            self._size += len(text)

    def source_of(self, place: int) -> int:
        """Return the place in the HTML of a place in the structured text."""
        i = bisect_right(self._at, place) - 1
        if i < 0:
            return 0
        start, end = self._from[i]
        return min(end, start + place - self._at[i])


def outline_html(source: str) -> Outline:
    """Return the structured text of `source`."""
    writer = _Writer(source)
    for token in scan_html(source):
        writer.take(token)
    writer.end_aside(len(source))
    return writer.outline


class _Writer:
    def __init__(self, source: str) -> None:
        self._source = source
        self.outline = Outline()
        self._pre = 0  # depth of elements whose white space counts
        self._links: list[str] = []
        self._aside = ""
        self._aside_depth = self._aside_start = 0
        self._cells = 0
        self._header_cells = 0

    def take(self, token: Token) -> None:
        """Write what a token stands for."""
        if token.kind == "text":
            self._text(token)
        elif token.kind == "raw":
            self._raw(token)
        elif token.kind == "open":
            self._open(token)
        else:
            self._close(token)

    def _add(self, text: str, token: Token) -> None:
        self.outline.add(text, token.start, token.end)

    def _text(self, token: Token) -> None:
        text = html.unescape(self._source[token.start : token.end])
        if not self._pre:
            text = _SPACE.sub(" ", text)
            if self.outline.ends_with("\n") or self.outline.ends_with(" "):
                text = text.lstrip()
        self._add(text, token)

    def _raw(self, token: Token) -> None:
        """Write scripts and styles as they stand, aside; comments are markup."""
        source = self._source[token.start : token.end].strip()
        if token.name in ("", "comment", "textarea") or self._aside or self._cells:
            return
        self._break(token, 2)
        start = len(self.outline)
        self._add(f"{source}\n\n", token)
        self.outline.asides.append(Aside(start, len(self.outline), token.name))

    def _break(self, token: Token, lines: int) -> None:
        """End the line, and the paragraph if `lines` is 2; not right after the mark of an item."""
        if self.outline.ends_with("- ") or self.outline.ends_with("| "):
            return
        for count in range(1, lines + 1):
            if not self.outline.ends_with("\n" * count):
                self._add("\n", token)

    def _open(self, token: Token) -> None:
        name = token.name
        if name in _ASIDES:
            self._begin_aside(token)
        if name in _HEADINGS:
            self._break(token, 2)
            self._add(f"{_HEADINGS[name]} ", token)
        elif name == "pre":
            self._break(token, 2)
            self._add("```\n", token)
            self._pre += 1
        elif name == "li":
            self._break(token, 1)
            self._add("- ", token)
        elif name == "br":
            self._break(token, 1)
        elif name in ("tr", "td", "th"):
            self._cell(token)
        elif name == "a":
            self._link(token)
        elif name == "img":
            alt = _ALT.search(token.rest)
            self._add(html.unescape(alt[1] or alt[2]) if alt else "", token)
        elif name in _PARAGRAPHS:
            self._break(token, 2)

    def _cell(self, token: Token) -> None:
        """Begin a row or a cell of a table."""
        if token.name == "tr":
            self._break(token, 1)
            self._cells = self._header_cells = 0
            return
        self._add(" | " if self._cells else "| ", token)
        self._cells += 1
        self._header_cells += token.name == "th"

    def _link(self, token: Token) -> None:
        found = _HREF.search(token.rest)
        target = html.unescape(found[1] or found[2] or found[3]) if found else ""
        is_useful = target and not target.startswith(("#", "javascript:")) and not self._pre
        self._links.append(target if is_useful else "")
        if is_useful:
            self._add("[", token)

    def _close(self, token: Token) -> None:
        name = token.name
        if name == "a" and self._links:
            target = self._links.pop()
            self._add(f"]({target})" if target else "", token)
        elif name == "pre" and self._pre:
            self._pre -= 1
            self._break(token, 1)
            self._add("```\n\n", token)
        elif name == "tr" and self._cells:
            self._add(" |\n", token)
            if self._header_cells == self._cells > 1:
                self._add("|---" * self._cells + "|\n", token)
            self._cells = 0
        elif name in _HEADINGS or name in _PARAGRAPHS:
            self._break(token, 2)
        if name == self._aside:
            self._aside_depth -= 1
            if not self._aside_depth:
                self.end_aside(token.end)

    def _begin_aside(self, token: Token) -> None:
        if not self._aside:
            self._break(token, 2)
            self._aside, self._aside_start = token.name, len(self.outline)
        self._aside_depth += token.name == self._aside

    def end_aside(self, end: int) -> None:
        """Note the range of a navigation or footer that is over."""
        if self._aside:
            if len(self.outline) > self._aside_start:
                self._break(Token(end, end, "close"), 2)
                self.outline.asides.append(Aside(self._aside_start, len(self.outline), "line"))
            self._aside, self._aside_depth = "", 0
