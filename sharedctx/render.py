"""The one renderer: any view of a document, with a note for everything it leaves out.

Segments are kept by rank while they fit the budget (`sharedctx.picking`). That choice works with
estimates; the text that is returned is counted exactly, and the aim is corrected by that count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from sharedctx.errors import InvalidRequest
from sharedctx.notes import Elision, escape_notes, write_aside, write_note
from sharedctx.picking import IndexSet, Runs, pick
from sharedctx.segments import REQUIRED, Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer

__all__ = (
    "MIN_TOKENS",
    "Rendering",
    "check_budget",
    "default_target",
    "render",
    "render_default",
)

MIN_TOKENS = 16
"""The smallest budget: about the size of one elision note."""

_ABRIDGED = f"{write_aside('words left out')}\n"
_TRIES = 5
# A rendering that uses this share of its budget is not improved further.
_GOOD_FIT = 0.96
# The first aim leaves room for what the estimates miss.
_AIM = 0.985
_MAX_INDENT = 32


@dataclass(frozen=True, slots=True)
class Rendering:
    """A view of a document.

    Attributes:
        text: What the reader reads.
        tokens: Exact number of tokens in `text`.
        guarantee: What `text` still promises about the original.
        elided: The parts of the original that are left out, joined where they touch.
        notes: For each of them, the part of `text` that stands for it.
    """

    text: str
    tokens: int
    guarantee: Guarantee
    elided: tuple[Span, ...] = ()
    notes: tuple[Span, ...] = ()


def render(
    document: Document,
    original: str,
    tokenizer: Tokenizer,
    *,
    max_tokens: int | None,
    keep_required: bool = False,
    up_to: float = math.inf,
) -> Rendering:
    """Return the view of `document` that makes the best of `max_tokens`.

    Args:
        document: A document made from `original`.
        original: The text whose lines the notes name.
        tokenizer: The tokenizer that counted the segments.
        max_tokens: Budget, at least `MIN_TOKENS`; None keeps everything.
        keep_required: Keep the segments ranked `REQUIRED` even where they exceed the budget.
            Without it the result never has more than `max_tokens` tokens.
        up_to: Keep nothing of a larger rank, unless a kept segment needs it.

    Raises:
        InvalidRequest: `max_tokens` is below `MIN_TOKENS`.
    """
    check_budget(max_tokens)
    # Tokens merge across segments, so the whole can fit although the sum of its parts does not.
    parts = sum(segment.tokens for segment in document.segments)
    if max_tokens is None or parts <= 1.25 * max_tokens:
        text = escape_notes("".join(segment.text for segment in document.segments))
        is_abridged = _is_abridged(document.segments)
        text = f"{_ABRIDGED}{text}" if is_abridged else text
        tokens = tokenizer.count(text)
        if max_tokens is None or tokens <= max_tokens:
            return Rendering(text, tokens, Guarantee.ABRIDGED if is_abridged else document.whole)
    runs = Runs(document, original, tokenizer, max_tokens)
    choose = partial(pick, runs, keep_required=keep_required, up_to=up_to)
    views = _views(document, runs, tokenizer, max_tokens, choose, at_least=keep_required)
    fitting = [view for view in views if view.tokens <= max_tokens]
    if fitting:
        return max(fitting, key=lambda view: view.tokens)
    if keep_required:
        return min(views, key=lambda view: view.tokens)
    return _shortest(document, original, tokenizer, max_tokens)


def check_budget(max_tokens: object) -> None:
    """Raise `InvalidRequest` unless `max_tokens` is None or a budget that a view can keep."""
    if max_tokens is not None and not (isinstance(max_tokens, int) and max_tokens >= MIN_TOKENS):
        raise InvalidRequest(f"max_tokens is {max_tokens!r}; it must be {MIN_TOKENS} or more.")


def default_target(basis: int, percent: int, total: int) -> int:
    """Return the tokens to aim for: `percent` of `basis`, and no more than the `total`."""
    return min(max(basis * percent // 100, MIN_TOKENS), max(total, MIN_TOKENS))


def render_default(
    document: Document, original: str, tokenizer: Tokenizer, target: int
) -> Rendering:
    """Return the view that workers publish for a target of so many tokens."""
    return render(
        document,
        original,
        tokenizer,
        max_tokens=target,
        keep_required=True,
        up_to=document.enough,
    )


def _views(
    document: Document,
    runs: Runs,
    tokenizer: Tokenizer,
    budget: int,
    choose: Callable[[int], IndexSet],
    *,
    at_least: bool,
) -> list[Rendering]:
    """Return the views that a few corrected aims at `budget` give.

    With `at_least`, `choose` keeps some segments whatever the aim, so lower aims may not help.
    """
    views: list[Rendering] = []
    kept, aim = None, int(budget * _AIM)
    for attempt in range(_TRIES):
        last, kept = kept, choose(aim)
        if kept != last:
            views.append(_compose(document, runs, kept, tokenizer))
        elif at_least or views[-1].tokens <= budget:
            break
        room = budget - views[-1].tokens
        if 0 <= room <= (1 - _GOOD_FIT) * budget:
            break
        aim += room if room > 0 else room - attempt * budget // 32
    return views


def _shortest(document: Document, original: str, tokenizer: Tokenizer, budget: int) -> Rendering:
    """Return a view that keeps nothing, for budgets that not even a usual note fits."""
    whole = Span(document.segments[0].span.start, document.segments[-1].span.end)
    lines = (1, original.count("\n") + 1)
    notes = (write_note(Elision({}, None, where)) for where in (lines, None))
    for text in (*notes, "[…]"):
        tokens = tokenizer.count(text)
        if tokens <= budget:
            return Rendering(text, tokens, document.partial, (whole,), (Span(0, len(text)),))
    return Rendering("", 0, document.partial, (whole,), (Span(0, 0),))


def _compose(document: Document, runs: Runs, kept: IndexSet, tokenizer: Tokenizer) -> Rendering:
    """Write the view that keeps the segments in `kept`."""
    segments = document.segments
    pieces: list[str] = []
    elided: list[Span] = []
    notes: list[Span] = []
    place = 0  # in the text that `pieces` make
    start = 0  # of the segments that are kept but not written yet
    is_abridged = is_trimmed = False
    for i, j in _gaps(kept, len(segments)):
        if runs.is_free(i, j):
            continue
        pieces.append(_kept_text(document, start, i))
        is_abridged = is_abridged or _is_abridged(segments[start:i])
        place += len(pieces[-1])
        start = j
        if runs.is_extra(i, j):
            is_trimmed = is_trimmed or any(segment.is_lead for segment in segments[i:j])
            continue
        pieces.append(_stand_for(runs, i, runs.untold(i, j, kept), after=pieces))
        notes.append(Span(place, place + len(pieces[-1])))
        place += len(pieces[-1])
        elided.append(Span(segments[i].span.start, segments[j - 1].span.end))
    pieces.append(_kept_text(document, start, len(segments)))
    text = "".join(pieces)
    guarantee = _guarantee(document, kept) if elided or is_trimmed else document.whole
    if is_abridged or _is_abridged(segments[start:]):
        guarantee, text = Guarantee.ABRIDGED, f"{_ABRIDGED}{text}"
        notes = [Span(start + len(_ABRIDGED), end + len(_ABRIDGED)) for start, end in notes]
    return Rendering(text, tokenizer.count(text), guarantee, tuple(elided), tuple(notes))


def _is_abridged(segments: Sequence[Segment]) -> bool:
    return any(segment.verbatim for segment in segments)


def _kept_text(document: Document, i: int, j: int) -> str:
    """Return how ``segments[i:j]`` read when they are all kept, each with its note."""
    pieces = []
    start = i
    for place in range(i, j):
        note = document.segments[place].note
        if note:
            # Escaped as one piece: an opening bracket may lie across a seam.
            text = escape_notes("".join(s.text for s in document.segments[start : place + 1]))
            body = text.rstrip("\r\n")
            pieces += [body, " ", write_aside(note, document.note_style), text[len(body) :]]
            start = place + 1
    pieces.append(escape_notes("".join(s.text for s in document.segments[start:j])))
    return "".join(pieces)


def _guarantee(document: Document, kept: IndexSet) -> Guarantee:
    """Return what a view promises that elides something: an outline only while it is whole."""
    if document.partial is Guarantee.OUTLINED and any(
        segment.rank <= REQUIRED and i not in kept for i, segment in enumerate(document.segments)
    ):
        return Guarantee.EXTRACTIVE
    return document.partial


def _gaps(kept: IndexSet, size: int) -> Iterator[tuple[int, int]]:
    """Yield the runs ``(i, j)`` of segments that are not kept."""
    i = -1
    while i < size:
        j = kept.after(i)
        if j > i + 1:
            yield i + 1, j
        i = j


def _stand_for(runs: Runs, i: int, j: int, *, after: list[str]) -> str:
    """Return what stands for the elided run, laid out so that it fuses no lines."""
    stand_in = ""
    if stood_in := runs.stood_in(i, j):
        stand_in, i = runs.segments[i].stand_in, i + stood_in
    if i == j:
        return stand_in
    before = stand_in or next((piece for piece in reversed(after) if piece), "\n")
    text = "".join(segment.text for segment in runs.segments[i:j])
    at_end = j == len(runs.segments)
    lead, trail = _margins(text, at_start=before.endswith("\n"), at_end=at_end)
    return f"{stand_in}{lead}{runs.note(i, j)}{trail}"


def _margins(text: str, *, at_start: bool, at_end: bool) -> tuple[str, str]:
    """Return the white space before and after the note that replaces `text`."""
    body = text.strip()
    if not body:
        return "", text[:1]
    start = text.index(body[0])
    lead, trail = text[:start], text[start + len(body) :]
    if at_start:
        lead = min(_indent(text, start), _indent(text, start + len(body)), key=len)
    elif "\n" in lead:
        lead = "\n"
    if "\n" in trail:
        return lead, "\n" * min(trail.count("\n"), 2)
    return lead[:_MAX_INDENT], "\n" if "\n" in body and not at_end else trail[:1]


def _indent(text: str, place: int) -> str:
    """Return the indentation of the line of `text` that `place` is on."""
    start = text.rfind("\n", 0, place) + 1
    line = text[start : start + _MAX_INDENT]
    return line[: len(line) - len(line.lstrip(" \t"))]
