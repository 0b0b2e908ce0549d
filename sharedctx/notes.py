"""Elision notes: what a rendition left out, how much of it, and where to read it.

A note reads ``[… 45 lines elided: L120-164]``: the reader's own units, their numbers when they have
some (``#12-199``), the lines of the original, and sometimes names to be found there. Nothing else
in a rendition can be taken for one: where kept text holds the opening of a note literally,
`escape_notes` puts a backslash into it, and `unescape_notes` takes exactly that backslash out
again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from sharedctx.segments import NoteStyle

__all__ = (
    "NOTE",
    "Elision",
    "escape_notes",
    "split_notes",
    "unescape_notes",
    "write_aside",
    "write_note",
)

_MAX_NOTE = 600
NOTE = re.compile(rf"\[… [^\]\n]{{1,{_MAX_NOTE}}}\]")
"""Matches every note that this module writes, and nothing in escaped text."""

_PLAIN = NoteStyle()
# A backslash run cannot hold "[", so both patterns are linear on any input.
_LOOKALIKE = re.compile(r"\[(\\*)… ")
_ESCAPED = re.compile(r"\[\\(\\*)… ")


class Elision(NamedTuple):
    """A run of neighboring segments that a rendition leaves out.

    Attributes:
        counts: How many of each unit, by the unit's singular, in order of appearance.
        numbers: First and last number of its units in the reader's count, if they have one.
        lines: First and last line of the original; None when the original is a single line.
        mentions: What is to be found in it.
    """

    counts: Mapping[str, int]
    numbers: tuple[int, int] | None
    lines: tuple[int, int] | None
    mentions: Sequence[str] = ()


def _amount(count: int, unit: str) -> str:
    if count == 1:
        return f"1 {unit}"
    plural = unit[:-1] + "ies" if unit.endswith("y") and unit[-2:-1] not in "aeou" else unit + "s"
    return f"{count} {plural}"


def _range(mark: str, first_last: tuple[int, int]) -> str:
    first, last = first_last
    return f"{mark}{first}" if first == last else f"{mark}{first}-{last}"


def write_note(elision: Elision) -> str:
    """Return the note for `elision`, such as ``[… 188 rows elided: #12-199, L340-5600]``."""
    what = ", ".join(_amount(count, unit) for unit, count in elision.counts.items() if count)
    where = [
        _range(mark, numbers)
        for mark, numbers in (("#", elision.numbers), ("L", elision.lines))
        if numbers is not None
    ]
    counted = [f"{what} elided"] if what else []
    said = ": ".join([*counted, *([", ".join(where)] if where else [])]) or "elided"
    return f"[… {said}{_on(elision.mentions, _MAX_NOTE - len(said))}]"


def _on(mentions: Sequence[str], room: int) -> str:
    """Return what a note says of `mentions` in `room` characters, the short ones rather."""
    clean = [_clean(mention) for mention in mentions]
    room -= len(f" on {len(clean)} more")
    sizes = accumulate(sorted(len(mention) + 2 for mention in clean))
    fitting = sum(size <= room for size in sizes)
    chosen = set(sorted(range(len(clean)), key=lambda i: len(clean[i]))[:fitting])
    said = [mention for i, mention in enumerate(clean) if i in chosen]
    if len(said) < len(clean):
        said.append(f"{len(clean) - len(said)} more")
    return f" on {', '.join(said)}" if said else ""


def write_aside(text: str, style: NoteStyle = _PLAIN) -> str:
    """Return the note that says `text`, cut and cleaned so that it is one; see `Segment.note`."""
    return f"{style.before}[… {_clean(text)[:_MAX_NOTE]}]{style.after}"


def _clean(text: str) -> str:
    """Return `text` on one line and without what would close a note."""
    return " ".join(text.replace("]", ")").split())


def escape_notes(text: str) -> str:
    """Return `text` with a backslash in every literal look-alike of a note. Injective."""
    return _LOOKALIKE.sub(r"[\\\1… ", text) if "… " in text else text


def unescape_notes(text: str) -> str:
    """Invert `escape_notes`; real notes stay as they are."""
    return _ESCAPED.sub(r"[\1… ", text) if "… " in text else text


def split_notes(text: str, style: NoteStyle = _PLAIN) -> Iterator[str]:
    """Yield what stands between the notes of a rendition, unescaped and in order."""
    note = f"{re.escape(style.before)}{NOTE.pattern}{re.escape(style.after)}"
    for part in re.split(note, text):
        yield unescape_notes(part)
