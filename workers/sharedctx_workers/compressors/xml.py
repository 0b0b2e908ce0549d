"""XML: as JSON, whose layout knows rows, columns, counts, ranges and what is odd.

Elements that say what went wrong follow the row that they belong to, as they stand.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple
from xml.etree import ElementTree as ET

from sharedctx.decode import decode_values
from sharedctx.exact_json import Value, parse_spans
from sharedctx.notes import escape_notes, unescape_notes
from sharedctx.plain import split_lines, split_long
from sharedctx.salience import looks_wrong
from sharedctx.segments import REQUIRED, Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.counting import count_each
from sharedctx_workers.compressors.html import is_html
from sharedctx_workers.compressors.json_layout import Line, lay_out
from sharedctx_workers.compressors.json_ranks import ENOUGH
from sharedctx_workers.compressors.json_strings import Strings
from sharedctx_workers.compressors.search_fold import plural
from sharedctx_workers.compressors.xml_json import (
    TEXT,
    Failure,
    Outline,
    is_failure,
    outline_xml,
)
from sharedctx_workers.compressors.xml_tree import Element, Tree, parse_xml

__all__ = ("XmlCompressor",)

_MIN_TAGS = 6  # fewer around sentences are no data
_TAG = re.compile(r"</|/>")
_SPACE = re.compile(r"\s+")
_ESCAPED = 4  # times, as in a text about texts about XML; for more the time is not worth it
# So many failures, and so many lines of one, are told whatever they cost.
_MANY = 20
_TELLING = 2  # lines at the end of a failure
# What is needed sooner than this is, beside failures, needed whatever these cost.
_SOON = 0.15
_LATER, _LATE = 0.2, 0.3
_PART = 400


class _Reading(NamedTuple):
    """XML as it is shown.

    Attributes:
        title: What is said before it.
        json: The JSON, laid out.
        lines: All lines, also those of failures; their ends are places in the XML.
    """

    title: str
    json: str
    lines: Sequence[Line]


class XmlCompressor:
    """Compression of XML other than HTML and documents of sentences.

    Comments are left out, so a rendition is extractive in what the elements say, not in markup.
    """

    kind = "xml"

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked lines of JSON; None unless it is XML whose elements are data."""
        reading = _read(text)
        if reading is None:
            return None
        shown = [line.text for line in reading.lines]
        shown[0] = reading.title + shown[0]
        segments = []
        start = 0
        counts = count_each(shown, tokenizer)
        for i, (line, said, tokens) in enumerate(zip(reading.lines, shown, counts, strict=True)):
            end = len(text) if i + 1 == len(shown) else max(start, line.end)
            segments.append(
                Segment(
                    text=said,
                    rank=line.rank,
                    tokens=tokens,
                    span=Span(start, end),
                    unit=line.unit,
                    first=line.first,
                    count=line.amount,
                    needs=i - line.parent if line.parent >= 0 else 0,
                )
            )
            start = end
        return Document(
            tuple(segments), self.kind, Guarantee.EXTRACTIVE, Guarantee.EXTRACTIVE, enough=ENOUGH
        )

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` has all that another parser finds in `original`, in order."""
        reading = _read(original)
        if reading is None:
            return False
        shown = "".join(line.text for line in reading.lines)
        if unescape_notes(whole) != reading.title + shown:
            return False
        try:
            said = iter("".join(map(_plain, _strings(decode_values(escape_notes(reading.json))))))
            root = ET.fromstring(original)  # noqa: S314  # `parse_xml` refused what declares entities
        except (ValueError, ET.ParseError):
            return False
        # Among the words of sentences stand tags, and comments.
        return all(character in said for wanted in map(_plain, _said(root)) for character in wanted)


@lru_cache(maxsize=1)
def _read(text: str) -> _Reading | None:
    """Return how `text` is shown, remembered because it is verified next; None if it is no data."""
    inner = text.strip("\ufeff \t\r\n")
    if not (inner.startswith("<") and inner.endswith(">")) or is_html(text):
        return None
    tree = parse_xml(text)
    if tree is None:
        return None
    tags = sum(1 for _ in zip(_TAG.finditer(text), range(_MIN_TAGS), strict=False))
    if tags < _MIN_TAGS and 2 * _spoken(tree.root) > len(text):
        return None
    outline = outline_xml(tree)
    if 2 * outline.prose > len(text):
        return None
    try:
        laid_out = lay_out(outline.json, parse_spans(outline.json), Strings())
    except ValueError:
        return None
    lines = list(_lines(text, outline, laid_out))
    return _Reading(_title(tree, outline), "".join(line.text for line in laid_out), lines)


def _spoken(root: Element) -> int:
    """Return how many characters elements say outside of their tags."""
    pending, size = [root], 0
    while pending:
        element = pending.pop()
        size += len(element.text)
        pending += element.children
    return size


def _title(tree: Tree, outline: Outline) -> str:
    below = ", and failures as they stand" if outline.failures else ""
    left_out = f", without {plural(tree.comments, 'comment')}" if tree.comments else ""
    return f"# XML as JSON, with @ before attributes{below}{left_out}:\n"


def _lines(text: str, outline: Outline, laid_out: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines of the JSON, and after each those of the failures that it has."""
    failures = list(reversed(outline.failures))
    places: list[int] = []
    count = told = 0
    for line in laid_out:
        own = []
        while failures and failures[-1].at <= line.end:
            own.append(failures.pop())
        places.append(count)
        parent = places[line.parent] if line.parent >= 0 else -1
        is_needed = (own and told < _MANY) or (outline.failures and line.rank < _SOON)
        rank = REQUIRED if is_needed else line.rank
        end = own[0].start if own else outline.source_of(line.end)
        yield line._replace(end=end, rank=rank, parent=parent)
        row, count = count, count + 1
        for failure in own:
            for part in _failure(text, failure, row, count, is_late=told >= _MANY):
                yield part
                count += 1
            told += 1


def _failure(text: str, failure: Failure, row: int, count: int, *, is_late: bool) -> Iterator[Line]:
    """Yield the lines of a failure: what it says, where it begins and ends, then the rest."""
    lines = [
        (failure.start + start, failure.start + end)
        for start, end in split_lines(text[failure.start : failure.end])
    ]
    wrong = 0
    for i, (start, end) in enumerate(lines):
        is_wrong = looks_wrong(text[start:end])
        is_soon = not i or i >= len(lines) - _TELLING or (is_wrong and wrong < _MANY)
        wrong += is_wrong
        rank = _LATER if is_late else REQUIRED if is_soon else _LATE
        head = count
        for k, (begin, stop) in enumerate(split_long(text, start, end, _PART)):
            is_last = stop == failure.end
            said = text[begin:stop] + "\n" * is_last
            own = _LATE if k else rank
            unit = "char" if k else "line"
            yield Line(said, stop, own, unit, 0, stop - begin if k else 1, head if k else row)
            count += 1


def _said(root: ET.Element) -> Iterator[str]:
    """Yield what elements say, in order; of failures only that there are some."""
    pending = [root]
    while pending:
        element = pending.pop()
        yield element.tag.rpartition("}")[2]
        if not len(element) and is_failure(element.tag, element.text or ""):
            yield "true"
            continue
        for name, value in element.attrib.items():
            yield from (name.rpartition("}")[2], value)
        if any((text or "").strip() for text in (element.text, *(each.tail for each in element))):
            yield from element.itertext()
        else:
            pending += reversed(element)


def _strings(value: Value) -> Iterator[str]:
    """Yield what the elements of which `value` was made say, as `_said` does."""
    pending = [value]
    while pending:
        value = pending.pop()
        if type(value) is tuple:
            for key, inner in reversed(value):
                items = inner if type(inner) is list and key != TEXT else [inner]
                pending += [part for item in reversed(items) for part in (item, key)]
        elif type(value) is list:
            pending += reversed(value)
        elif type(value) is bytes:
            yield value.decode()
        else:
            yield value if type(value) is str else str(value).lower()


def _plain(text: str) -> str:
    """Return `text` without blanks and escapes; between tags, what was escaped still is."""
    for _ in range(_ESCAPED):
        text = html.unescape(text)
    return _SPACE.sub("", text)
