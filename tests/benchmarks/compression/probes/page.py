"""What a browser shows of HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import NamedTuple

__all__ = ("Page", "read_page")

_TAGGED = re.compile(r"<(?:html|body|div|p|h[1-6]|li|table)\b", re.IGNORECASE)
# A page says what it is, even if it was cut off before its body.
_PAGE = re.compile(r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!DOCTYPE html|<html)\b", re.IGNORECASE)
_LEAST_TAGS = 3
_HEAD = 20_000
_HIDDEN = frozenset(("script", "style", "head", "nav", "footer", "template"))
_HEADING = re.compile(r"h[1-6]")
_INLINE = re.compile(
    r"a|abbr|b|bdi|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strong|sub|sup|tt|u"
)


class Page(NamedTuple):
    """A page without tags, scripts, styles and navigation."""

    text: str
    headings: list[str]


def read_page(text: str) -> Page | None:
    """Return what a browser shows of `text`, or None if that is not HTML."""
    if not _PAGE.match(text) and len(_TAGGED.findall(text[:_HEAD])) < _LEAST_TAGS:
        return None
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return Page("".join(reader.parts), [heading for heading in reader.headings if heading])


class _Reader(HTMLParser):
    """Collects text and headings."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.headings: list[str] = []
        self._hidden: list[str] = []
        self._heading: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _HIDDEN:
            self._hidden.append(tag)
        if _HEADING.fullmatch(tag):
            self._heading = []
        self._break_before(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        if _HEADING.fullmatch(tag) and self._heading is not None:
            self.headings.append(" ".join("".join(self._heading).split()))
            self._heading = None
        self._break_before(tag)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        self.parts.append(data)
        if self._heading is not None:
            self._heading.append(data)

    def _break_before(self, tag: str) -> None:
        if not _INLINE.fullmatch(tag):
            self.parts.append("\n")
