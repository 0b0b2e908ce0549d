"""HTML as a stream of tags, texts and raw elements, each with its place. Linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ("KNOWN_TAGS", "Token", "scan_html")

KNOWN_TAGS = frozenset(
    "a abbr address area article aside audio b base blockquote body br button canvas caption cite "  # noqa: SIM905  # words read best as words
    "center code col colgroup dd del details dfn dialog div dl dt em embed fieldset figcaption "
    "figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img "
    "input ins kbd label legend li link main map mark menu meta nav noscript object ol optgroup "
    "option p param path picture pre q s samp script section select small source span strong style "
    "sub summary sup svg table tbody td template textarea tfoot th thead time title tr tt u ul var "
    "video wbr".split()
)
# Quotes hold a value only after "="; those that templates write elsewhere are mere characters.
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][A-Za-z0-9:_-]{0,40})"
    r"(?P<rest>(?:[^<>=]++|=\s{0,9}+(?:\"[^\"]{0,9999}+\"|'[^']{0,9999}+')?+)*+)>"
)
_RAW = {
    name: re.compile(rf"</{name}[^>]{{0,40}}>", re.IGNORECASE)
    for name in ("script", "style", "template", "svg", "textarea")
}


class Token(NamedTuple):
    """``text[start:end]``.

    Attributes:
        kind: ``open``, ``close``, ``text`` or ``raw``.
        name: Name of the tag in lower case; of raw ones also ``comment``.
        rest: Attributes of the tag, as they are written.
    """

    start: int
    end: int
    kind: str
    name: str = ""
    rest: str = ""


def scan_html(text: str) -> Iterator[Token]:
    """Yield the tokens of `text`, in order and without gaps."""
    scanner = _Scanner(text)
    place = start = 0
    while (place := text.find("<", place)) >= 0:
        token = scanner.markup(place)
        if token is None:
            place += 1
            continue
        if place > start:
            yield Token(start, place, "text")
        yield token
        place = start = token.end
    if start < len(text):
        yield Token(start, len(text), "text")


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._unclosed: set[str] = set()  # what nothing closes any more is looked for once

    def markup(self, place: int) -> Token | None:
        """Return what begins with the ``<`` at `place`, or None when it is text."""
        if self._text.startswith(("<!", "<?"), place):
            is_comment = self._text.startswith("<!--", place)
            end = self._find("-->" if is_comment else ">", place)
            return Token(place, end, "raw", "comment" if is_comment else "") if end else None
        tag = _TAG.match(self._text, place)
        if tag is None:
            return None
        name = tag["name"].lower()
        if tag["close"]:
            return Token(place, tag.end(), "close", name)
        if name in _RAW and not tag["rest"].endswith("/") and name not in self._unclosed:
            closing = _RAW[name].search(self._text, tag.end())
            if closing:
                return Token(place, closing.end(), "raw", name)
            self._unclosed.add(name)
        return Token(place, tag.end(), "open", name, tag["rest"])

    def _find(self, mark: str, place: int) -> int:
        """Return where `mark` ends after `place`; 0 if nowhere."""
        if mark in self._unclosed:
            return 0
        found = self._text.find(mark, place)
        if found < 0:
            self._unclosed.add(mark)
            return 0
        return found + len(mark)
