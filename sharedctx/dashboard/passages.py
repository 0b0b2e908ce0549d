"""An entry as two columns: the original with its elided parts marked, the rendition beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sharedctx import tokens, views
from sharedctx.dashboard.text import visible
from sharedctx.errors import CorruptEntry
from sharedctx.lines import LineIndex
from sharedctx.notes import NOTE
from sharedctx.plain import plain_document
from sharedctx.reading import Rendition
from sharedctx.records import Profile, State
from sharedctx.render import Rendering, default_target, render_default
from sharedctx.segment_table import decode_document
from sharedctx.segments import Document, Guarantee, Span

__all__ = ("Comparison", "Line", "Passage", "compare")

_MOST_LINES: Final = 4_000
_MOST_CHARS: Final = 400_000
_MOST_ELIDED_CHARS: Final = 20_000
_LINES_OF_NOTE: Final = re.compile(r"\bL(\d+)(?:-(\d+))?\b")


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the rendition: text that is kept, or a note with the text that it stands for.

    Attributes:
        text: What the reader reads.
        number: For a note, its number, from 1; otherwise 0.
        first: First line of the original that it stands for.
        last: Last line of the original that it stands for.
        elided: What it stands for, as far as it is shown.
        rest: Characters of that which are not shown.
    """

    text: str
    number: int = 0
    first: int = 0
    last: int = 0
    elided: str = ""
    rest: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the original: its number, and its parts with the number of their note, or 0."""

    number: int
    parts: tuple[tuple[str, int], ...]

    @property
    def is_elided(self) -> bool:
        """Whether the rendition leaves out any of it."""
        return any(number for _, number in self.parts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both columns.

    Attributes:
        lines: The original, as far as it is shown.
        hidden_lines: Lines of the original that are not shown.
        passages: The rendition.
        tokens: Tokens of the rendition shown.
        guarantee: What it promises.
    """

    lines: tuple[Line, ...]
    hidden_lines: int
    passages: tuple[Passage, ...]
    tokens: int
    guarantee: Guarantee

    @property
    def notes(self) -> int:
        """How many parts are elided."""
        return sum(bool(passage.number) for passage in self.passages)


def compare(
    original: str,
    rendition: Rendition | None,
    profile: Profile,
    max_tokens: int | None,
    query: str | None,
) -> Comparison:
    """Set `original` beside its rendition, or beside the view that was asked for.

    Args:
        original: The original.
        rendition: Its rendition, if there is one.
        profile: Its profile.
        max_tokens: Budget of another view.
        query: Question for another view.

    Raises:
        InvalidRequest: nobody here knows the tokenizer, or the budget is too small.
    """
    ready = rendition is not None and rendition.record.state is State.READY
    if rendition is not None and ready and max_tokens is None and query is None:
        view = _published(original, rendition, profile)
    elif max_tokens is None and query is None:
        view = Rendering(original, _count(original, rendition, profile), Guarantee.LOSSLESS)
    else:
        view = _asked(original, rendition, profile, max_tokens, query)
    return _columns(original, view)


def _count(original: str, rendition: Rendition | None, profile: Profile) -> int:
    if rendition is not None:
        return rendition.record.original_tokens
    return tokens.load(profile.encoding).count(original)


def _published(original: str, rendition: Rendition, profile: Profile) -> Rendering:
    """Return the published rendition, with the places of its notes.

    They are not stored: rendering the same document again gives them. Where that gives another
    text, as when another version made it, the notes themselves name the lines.
    """
    text, record = rendition.body.text, rendition.record
    tokenizer = tokens.load(profile.encoding)
    try:
        document = decode_document(rendition.body.table, original)
    except CorruptEntry:
        return _from_notes(original, text, rendition)
    total = record.original_tokens
    for basis in dict.fromkeys((document.basis or total, total)):
        target = default_target(basis, profile.percent, total)
        again = render_default(document, original, tokenizer, target)
        if again.text == text:
            return again
    return _from_notes(original, text, rendition)


def _from_notes(original: str, text: str, rendition: Rendition) -> Rendering:
    index = LineIndex(original)
    elided, notes = [], []
    for note in NOTE.finditer(text):
        lines = _LINES_OF_NOTE.search(note[0])
        if lines is not None:
            first, last = int(lines[1]), int(lines[2] or lines[1])
            if 1 <= first <= last <= len(index):
                elided.append(Span(*index.offsets_of(first, last)))
                notes.append(Span(*note.span()))
    record = rendition.record
    return Rendering(text, record.compressed_tokens, record.guarantee, tuple(elided), tuple(notes))


def _asked(
    original: str,
    rendition: Rendition | None,
    profile: Profile,
    max_tokens: int | None,
    query: str | None,
) -> Rendering:
    tokenizer = tokens.load(profile.encoding)
    document: Document
    if rendition is not None and rendition.record.state is State.READY:
        document = decode_document(rendition.body.table, original)
        usual = rendition.record.compressed_tokens
    else:
        document = plain_document(original, tokenizer)
        usual = tokenizer.count(original) * profile.percent // 100
    return views.view(
        document, original, tokenizer, max_tokens=max_tokens, query=query, usual=usual
    )


def _columns(original: str, view: Rendering) -> Comparison:
    lines = tuple(_lines(original, view.elided))
    return Comparison(
        lines=lines,
        hidden_lines=max(0, len(LineIndex(original)) - len(lines)),
        passages=tuple(_passages(original, view)),
        tokens=view.tokens,
        guarantee=view.guarantee,
    )


def _passages(original: str, view: Rendering) -> Iterator[Passage]:
    index = LineIndex(original)
    place = 0
    for number, (span, note) in enumerate(zip(view.elided, view.notes, strict=True), 1):
        if note.start > place:
            yield Passage(visible(view.text[place : note.start]))
        place = note.end
        text = original[span.start : span.end]
        # As notes count: without the white space around what is elided.
        ahead, behind = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
        blank = ahead == len(text)
        first, last = index.lines_of(
            span.start + (0 if blank else ahead), span.end - (0 if blank else behind)
        )
        shown = visible(text[:_MOST_ELIDED_CHARS])
        rest = max(0, len(text) - _MOST_ELIDED_CHARS)
        before, body, after = _trimmed(view.text[note.start : note.end])
        if before:
            yield Passage(before)
        yield Passage(visible(body), number, first, last, shown.strip("\n"), rest)
        if after:
            yield Passage(after)
    if place < len(view.text):
        yield Passage(visible(view.text[place:]))


def _trimmed(text: str) -> tuple[str, str, str]:
    """Return the white space before `text`, what it says, and the white space after it."""
    body = text.strip()
    start = text.index(body) if body else 0
    return text[:start], body, text[start + len(body) :]


def _lines(original: str, elided: tuple[Span, ...]) -> Iterator[Line]:
    """Yield the lines of the original, each cut where an elided part begins or ends."""
    cuts = [(span.start, span.end, number) for number, span in enumerate(elided, 1)]
    place = at = 0
    for number, line in enumerate(original[:_MOST_CHARS].removesuffix("\n").split("\n"), 1):
        if number > _MOST_LINES:
            return
        end = place + len(line)
        parts: list[tuple[str, int]] = []
        while not parts or place < end:
            while at < len(cuts) and cuts[at][1] <= place:
                at += 1
            inside = at < len(cuts) and cuts[at][0] <= place
            border = (cuts[at][1] if inside else cuts[at][0]) if at < len(cuts) else end
            stop = min(end, border)
            # With its line break, so that a carriage return before that is no odd character.
            part = visible(original[place : stop + (original[stop : stop + 1] == "\n")])
            parts.append((part.removesuffix("\n"), cuts[at][2] if inside else 0))
            place = stop
        yield Line(number, tuple(parts))
        place = end + 1
