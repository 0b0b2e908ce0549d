"""XML as a tree, read by expat, and where each element stands in the text.

Documents that declare entities are refused: an entity can stand for more text than memory holds,
and for files of this machine. So are those that declare values of attributes, which every element
would repeat, and long names of namespaces, which parsers put before every name. Nothing outside the
text is ever read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.parsers import expat

__all__ = ("Element", "Tree", "parse_xml")

_MAX_DEPTH = 90
"""Deeper elements than this are refused. As JSON each takes two levels."""
_MAX_NAMESPACE = 300


@dataclass(slots=True)
class Element:
    """An element.

    Attributes:
        name: Its name, with the prefix of its namespace if it has one.
        attributes: Names and values, in order.
        start: Where its first tag begins, in bytes.
        inside: Where what it holds begins, or -1 when it holds nothing.
        end: Where what it holds ends.
        children: The elements in it.
        texts: What it says outside of these, in pieces.
    """

    name: str
    attributes: Sequence[tuple[str, str]]
    start: int
    inside: int = -1
    end: int = -1
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it says outside of its children, without blanks around it."""
        return "".join(self.texts).strip()


@dataclass(frozen=True, slots=True)
class Tree:
    """A document.

    Attributes:
        root: Its only element that is in no other.
        data: The text in UTF-8.
        comments: How many comments and instructions to programs it has.
    """

    root: Element
    data: bytes
    comments: int


class _Refused(Exception):
    """The document is valid, but not to be read."""


def parse_xml(text: str) -> Tree | None:
    """Return the tree of `text`; None when it is not well-formed, or not to be read."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return None
    builder = _Builder()
    try:
        builder.parser.Parse(data, True)  # noqa: FBT003  # expat takes no name for it
    except (expat.ExpatError, _Refused):
        return None
    if builder.used - builder.declared:
        return None  # a part of a document
    return Tree(builder.roots[0], data, builder.comments)


class _Builder:
    """What the parser calls."""

    def __init__(self) -> None:
        self.roots: list[Element] = []
        self.comments = 0
        self.used: set[str] = set()  # prefixes of names
        self.declared = {"", "xml", "xmlns"}
        self._open: list[Element] = []
        self.parser = parser = expat.ParserCreate("utf-8")
        parser.ordered_attributes = True
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._finish
        parser.CharacterDataHandler = self._say
        parser.CommentHandler = self._comment
        parser.ProcessingInstructionHandler = self._instruct
        parser.EntityDeclHandler = self._refuse
        parser.AttlistDeclHandler = self._declare

    def _begin(self, name: str, attributes: Sequence[str]) -> None:
        place = self._enter()
        if len(self._open) >= _MAX_DEPTH:
            raise _Refused
        pairs = list(zip(attributes[::2], attributes[1::2], strict=True))
        for each, value in ((name, ""), *pairs):
            prefix, _, local = each.rpartition(":")
            self.used.add(prefix)
            if prefix == "xmlns":
                self.declared.add(local)
            if "xmlns" in (prefix, each) and len(value) > _MAX_NAMESPACE:
                raise _Refused
        element = Element(name, pairs, place)
        (self._open[-1].children if self._open else self.roots).append(element)
        self._open.append(element)

    def _finish(self, _: str) -> None:
        element = self._open.pop()
        element.end = self.parser.CurrentByteIndex

    def _say(self, text: str) -> None:
        self._enter()
        self._open[-1].texts.append(text)

    def _comment(self, _: str) -> None:
        self._enter()
        self.comments += 1

    def _instruct(self, _: str, __: str) -> None:
        self._comment("")

    def _declare(self, _: str, __: str, ___: str, value: str | None, ____: bool) -> None:  # noqa: FBT001  # expat calls it
        if value is not None:
            raise _Refused

    def _refuse(self, *_: object) -> None:
        raise _Refused

    def _enter(self) -> int:
        """Note where the content of the innermost element begins; return where the parser is."""
        place = self.parser.CurrentByteIndex
        if self._open and self._open[-1].inside < 0:
            self._open[-1].inside = place
        return place
