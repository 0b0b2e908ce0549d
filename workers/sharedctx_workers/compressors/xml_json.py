"""XML as JSON: elements are members, those that repeat are arrays, attributes have an ``@``.

``<a id="1"><b>x</b><b>y</b></a>`` is ``{"a":{"@id":1,"b":["x","y"]}}``. What an element says
besides attributes and elements is its ``#text``: lines, if there are several; and where words and
elements alternate, as in sentences, all that is inside, with the tags. Values that read as numbers
are numbers. So whatever is known about JSON holds for XML: rows, columns, ranges, what is odd.

What a failure says, such as its trace in a report of tests, reads best as it stands: for it there
is only ``true``, and its place.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from sharedctx.exact_json import dump_string, is_number
from sharedctx_workers.compressors.xml_tree import Element, Tree

__all__ = ("TEXT", "Failure", "Outline", "is_failure", "outline_xml")

TEXT = "#text"
_LITERALS = ("true", "false")
# What stands in a text and is left out of it, with its line breaks.
_ASIDE = re.compile(rb"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)", re.DOTALL)
_FAILURE = re.compile("error|fail|exception|fault|trace", re.IGNORECASE)


class Failure(NamedTuple):
    """An element that says what went wrong: where its ``true`` ends in the JSON, and where it is.

    Attributes:
        at: Where the JSON goes on after it.
        start: Where it begins in the XML, in characters.
        end: Where it ends.
    """

    at: int
    start: int
    end: int


def is_failure(name: str, text: str) -> bool:
    """Whether an element called `name` tells, in several lines of `text`, what went wrong."""
    local = re.split("[:}]", name)[-1]
    return bool(_FAILURE.search(local)) and "\n" in text.strip()


class Outline:
    """JSON, and where each part of it stands in the XML."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self._at: list[int] = []
        self._from: list[int] = []
        self.prose = 0  # characters that are words and elements by turns
        self.failures: list[Failure] = []

    @property
    def json(self) -> str:
        """The JSON."""
        return "".join(self._parts)

    def add(self, text: str) -> None:
        """Add `text`."""
        self._parts.append(text)
        self._size += len(text)

    @property
    def size(self) -> int:
        """How many characters of JSON there are so far."""
        return self._size

    def mark(self, place: int) -> None:
        """Note that what is added next stands at `place` of the XML, in characters."""
        self._at.append(self._size)
        self._from.append(max(place, self._from[-1] if self._from else 0))

    def source_of(self, place: int) -> int:
        """Return the place in the XML of a place in the JSON."""
        i = bisect_right(self._at, place) - 1
        return self._from[i] if i >= 0 else 0


def outline_xml(tree: Tree) -> Outline:
    """Return the JSON of a document."""
    return _Writer(tree).outline


class _Writer:
    def __init__(self, tree: Tree) -> None:
        self._data = tree.data
        self._byte = self._character = 0  # the same place, in bytes and in characters
        self._repeated = set(_repeated(tree.root))
        self.outline = Outline()
        self.outline.add("{")
        self._members([tree.root], "")
        self.outline.add("}")

    def _members(self, elements: Sequence[Element], parent: str) -> None:
        """Write elements as members of an object, neighbors of one name as an array."""
        for i, (name, run) in enumerate(groupby(elements, lambda element: element.name)):
            same = list(run)
            self._separate(i)
            self._mark(same[0].start)
            self.outline.add(f"{dump_string(name)}:")
            is_array = (parent, name) in self._repeated
            self.outline.add("[" if is_array else "")
            for k, element in enumerate(same):
                self._separate(k)
                self._mark(element.start)
                self._element(element)
            self.outline.add("]" if is_array else "")

    def _element(self, element: Element) -> None:
        """Write what an element holds."""
        if not element.children and is_failure(element.name, element.text):
            start = self._position(element.start)
            self.outline.add("true")
            end = self._position(self._data.find(b">", element.end) + 1)
            self.outline.failures.append(Failure(self.outline.size, start, end))
            return
        text = element.text
        is_mixed = bool(text and element.children)
        if is_mixed:
            text = self._data[element.inside : element.end].decode().strip()
            self.outline.prose += len(text)
        is_object = element.attributes or element.children or "\n" in text
        if not is_object:
            self.outline.add(_scalar(text) if text else "null")
            return
        self.outline.add("{")
        for i, (name, value) in enumerate(element.attributes):
            self._separate(i)
            self.outline.add(f"{dump_string(f'@{name}')}:{_scalar(value)}")
        if text:
            self._separate(len(element.attributes))
            self.outline.add(f'"{TEXT}":')
            self._text(element, text)
        elif element.children:
            self._separate(len(element.attributes))
            self._members(element.children, element.name)
        self.outline.add("}")

    def _text(self, element: Element, text: str) -> None:
        """Write what an element says, each of several lines with its place."""
        lines = text.split("\n")
        if len(lines) == 1:
            self.outline.add(_scalar(text))
            return
        inside = self._data[element.inside : element.end]
        inside = _ASIDE.sub(lambda found: b" " * len(found[0]), inside)
        place = len(inside) - len(inside.lstrip())
        self.outline.add("[")
        for i, line in enumerate(lines):
            self._separate(i)
            self._mark(element.inside + place)
            self.outline.add(dump_string(line.rstrip("\r")))
            place = inside.find(b"\n", place) + 1 or len(inside)
        self.outline.add("]")

    def _separate(self, index: int) -> None:
        if index:
            self.outline.add(",")

    def _mark(self, place: int) -> None:
        """Note where what is written next stands, with the blanks before it on its line."""
        line = self._data.rfind(b"\n", self._byte, place) + 1 or self._byte
        self.outline.mark(self._position(place if self._data[line:place].strip() else line))

    def _position(self, place: int) -> int:
        """Return a place in characters; places never go back."""
        if place > self._byte:
            self._character += len(self._data[self._byte : place].decode())
            self._byte = place
        return self._character


def _repeated(root: Element) -> Iterator[tuple[str, str]]:
    """Yield names of elements that follow their like anywhere, with those of what they are in."""
    pending = [root]
    while pending:
        element = pending.pop()
        pending += element.children
        names = [child.name for child in element.children]
        for name, following in pairwise(names):
            if name == following:
                yield element.name, name


def _scalar(text: str) -> str:
    return text if text in _LITERALS or is_number(text) else dump_string(text)
