"""The parts of a text: headings, list items, code blocks, lines and sentences.

Only structure that any reader would agree on is used, and every character of the text is in exactly
one part. All of it is linear in the text, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from sharedctx.plain import split_long

__all__ = ("Part", "Role", "is_prose", "is_underlined", "level_of", "parts_of")

_MAX_PART = 400
_MAX_CODE = 160
_MAX_SEGMENTS = 50_000
_MAX_ITEM = 400
_MAX_HEAD = 200
_MAX_TITLE = 80
_MIN_SENTENCE = 12
_FENCE = re.compile(r" {0,3}(```|~~~)")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)|\*\*[^*\n]{1,100}\*\*:?\s*$")
_ITEM = re.compile(r"[ \t]*(?:[-*+•‣–]|\(?\d{1,3}[.)]|\(?[A-Za-z][.)])[ \t]")
_RULE = re.compile(r"[ \t]*([=\-~*_#^\"'`.+])\1{2,}\s*$")
_NUMBERED_TITLE = re.compile(r"\d{1,3}(?:\.\d{1,3})*\.? +[A-Z][^.!?:;]*\.?$")
_TITLE = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*\.? +)?\w[^.!?:;,]*[^\s.!?:;,][.:]?$")
_TABLE_HEAD = re.compile(
    r"[ \t]{0,40}\|[^\n]{1,390}\|[ \t]{0,40}\n[ \t]{0,40}\|[-: \t|]{3,390}\|[ \t]{0,40}\n"
)
_ATX = re.compile(r" {0,3}(#{1,6})")
_NUMBERS = re.compile(r"\s*(\d{1,3}(?:\.\d{1,3})*)\.? ")
_QUOTE = re.compile(r"\s*>")
_STOP = re.compile(r"[.!?…。！？｡।؟۔]+[\"'”’)\]»」』]*")
_UNSPACED_STOPS = frozenset("。！？｡」』")
_ABBREVIATIONS = frozenset(
    "e.g i.e etc cf vs al mr mrs ms dr prof st no nos fig figs eq sec ch vol pp approx inc ltd co "  # noqa: SIM905  # words read best as words
    "jr sr dept est ca viz resp incl".split()
)


class Role(Enum):
    """What a part is for the reader."""

    HEADING = "heading"
    ITEM = "item"
    CODE = "code"
    LINE = "line"
    SENTENCE = "sentence"


class Part(NamedTuple):
    """``text[start:end]``, with the white space that follows it.

    Attributes:
        role: What it is.
        unit: What a reader calls it.
        amount: How many of these it is.
        opens: Whether a block of text begins with it.
    """

    start: int
    end: int
    role: Role
    unit: str
    amount: int = 1
    opens: bool = False


def is_prose(part: Part, source: str) -> bool:
    """Whether a part is sentences in their writer's own words, neither quoted nor cut in pieces.

    Args:
        part: A part.
        source: Its text.
    """
    is_sentences = part.role is Role.SENTENCE or part.role is Role.ITEM
    return is_sentences and part.unit != "char" and not _QUOTE.match(source)


def is_underlined(title: str, line: str) -> bool:
    """Whether `line` is a rule of tildes that makes the line above it a `title`, and no fence."""
    rule = line.strip()
    return len(rule) >= len(title.strip()) > 0 and not rule.strip("~")


def level_of(heading: str) -> int:
    """Return how deep a heading is, 1 for the title."""
    if atx := _ATX.match(heading):
        return len(atx[1])
    below = heading.strip().rpartition("\n")[2].strip()
    if below[:1] in ("=", "-") and not below.strip(below[:1]):
        return 1 if below[0] == "=" else 2
    numbers = _NUMBERS.match(heading)
    return 2 + numbers[1].count(".") if numbers else 6


def parts_of(text: str) -> list[Part]:
    """Return the parts of `text`, in order and without gaps."""
    parts: list[Part] = []
    for start, end, role in _blocks(text):
        block = list(_split_block(text, start, end, role))
        block[0] = block[0]._replace(opens=True)
        parts += block
    return list(_merged(parts, len(text) // _MAX_SEGMENTS))


def _merged(parts: Sequence[Part], size: int) -> Iterator[Part]:
    """Yield `parts`, with neighbors of one kind joined while they are no longer than `size`.

    So the number of parts stays bounded, however large the text and however short its lines.
    """
    if not parts:
        return
    last = parts[0]
    for part in parts[1:]:
        if last.role is part.role and last.unit == part.unit and part.end - last.start <= size:
            last = last._replace(end=part.end, amount=last.amount + part.amount)
        else:
            yield last
            last = part
    yield last


def _blocks(text: str) -> Iterator[tuple[int, int, Role]]:
    """Yield blocks ``(start, end, role)``, each with the blank lines that follow it."""
    start, role = 0, Role.SENTENCE
    lines = blank = 0  # lines of the open block before any blank one, and blank ones after them
    unclosed: set[str] = set()
    place = 0
    while place < len(text):
        line, place = place, text.find("\n", place) + 1 or len(text)
        head = text[line : min(place, line + _MAX_HEAD)]
        if not head.strip() and not text[line:place].strip():
            blank += 1
            continue
        if lines == 1 and not blank and role is Role.SENTENCE and _RULE.match(head):
            role, lines = Role.HEADING, 2
            continue
        fence = _FENCE.match(head)
        close = _fence_end(text, place, fence[1], unclosed) if fence else 0
        opened = Role.CODE if close else _role_of(head)
        place = close or place
        if opened is Role.SENTENCE and not blank and role not in (Role.CODE, Role.HEADING):
            lines += 1
            continue
        if line:
            yield start, line, _settled(text[start:line], role, lines=lines, blank=blank)
        start, role, lines, blank = line, opened, 1, 0
    if text:
        yield start, len(text), _settled(text[start:], role, lines=lines, blank=blank)


def _fence_end(text: str, start: int, fence: str, unclosed: set[str]) -> int:
    """Return where the code block ends whose inside begins at `start`; 0 if nothing closes it.

    Fences that nothing closes any more are added to `unclosed`, so that each is looked for once.
    """
    if fence in unclosed:
        return 0
    close = re.compile(rf"^ {{0,3}}{fence}[`~]*[ \t]*$", re.MULTILINE).search(text, start)
    if close is None:
        unclosed.add(fence)
        return 0
    return text.find("\n", close.end()) + 1 or len(text)


def _role_of(head: str) -> Role:
    """Return the role of a block, not fenced code, that begins with a line with this `head`."""
    if _HEADING.match(head):
        return Role.HEADING
    return Role.ITEM if _ITEM.match(head) else Role.SENTENCE


def _settled(block: str, role: Role, *, lines: int, blank: int) -> Role:
    """Return the role of a whole block: lines that stand alone are headings, tables are lines."""
    alone = lines == 1 and blank and len(block) < _MAX_TITLE
    if role is Role.ITEM and alone and _NUMBERED_TITLE.match(block.strip()):
        return Role.HEADING
    if role is not Role.SENTENCE:
        return role
    if alone and _TITLE.match(block.strip()):
        return Role.HEADING
    return Role.SENTENCE if lines < 2 or _is_prose(block, lines) else Role.LINE


def _is_prose(block: str, lines: int) -> bool:
    """Whether lines are the wrapped lines of sentences rather than records of their own."""
    body = block.strip()
    if len(body) < 40 * lines:
        return False
    sample = body[:4000]
    letters = sum(map(str.isalpha, sample)) + sample.count(" ") + sample.count("\n")
    return letters >= 0.85 * len(sample)


def _split_block(text: str, start: int, end: int, role: Role) -> Iterator[Part]:
    """Yield the parts of a block."""
    if role is Role.CODE or role is Role.LINE:
        limit = _MAX_CODE if role is Role.CODE else 0
        head = _TABLE_HEAD.match(text, start, end) if role is Role.LINE else None
        if head:
            yield Part(start, head.end(), role, "line", 2)
            start = head.end()
        for first, last, count in _group_lines(text, start, end, limit):
            yield from _bounded(text, Part(first, last, role, "line", count))
    elif role is Role.SENTENCE or end - start > _MAX_ITEM:
        for first, last in _sentences(text, start, end):
            yield from _bounded(text, Part(first, last, Role.SENTENCE, "sentence"))
    else:
        yield from _bounded(text, Part(start, end, role, role.value))


def _bounded(text: str, part: Part) -> Iterator[Part]:
    """Yield `part`, in pieces if it is very long."""
    if part.end - part.start <= 1.5 * _MAX_PART:
        yield part
        return
    for start, end in split_long(text, part.start, part.end, _MAX_PART):
        yield part._replace(start=start, end=end, unit="char", amount=end - start)


def _group_lines(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int, int]]:
    """Yield ``(start, end, lines)``: groups of lines of a little more than `limit` characters."""
    first, count = start, 0
    while start < end:
        start = text.find("\n", start, end) + 1 or end
        count += 1
        if start - first > limit or start == end:
            yield first, start, count
            first, count = start, 0


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the sentences of ``text[start:end]``, each with the white space after it."""
    first = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and not _ends_sentence(text, first, stop):
            continue
        after = stop.end()
        while after < end and text[after].isspace():
            after += 1
        if after - first >= _MIN_SENTENCE or after == end:
            yield first, after
            first = after
    if first < end:
        yield first, end


def _ends_sentence(text: str, first: int, stop: re.Match[str]) -> bool:
    """Whether the punctuation `stop` ends the sentence that starts at `first`."""
    if not text[stop.end()].isspace():
        return not _UNSPACED_STOPS.isdisjoint(stop[0])
    if stop[0] != ".":
        return True
    following = text[stop.end() : stop.end() + 40].lstrip()
    if following[:1].islower():
        return False
    before = text[max(first, stop.start() - 12) : stop.start()].split()
    word = before[-1].lower().strip("([\"'") if before else ""
    return len(word) > 1 and word not in _ABBREVIATIONS
