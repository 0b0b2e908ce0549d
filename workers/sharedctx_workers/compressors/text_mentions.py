"""What a note says of a part of a text that is left out: the names in it, as index terms.

A name says what is to be found in a part, for a fraction of the tokens of its sentences. So does
what is denied or required in it, in the words of the text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from sharedctx.ranking import COMMON_WORDS
from sharedctx.segments import Segment
from sharedctx_workers.compressors.text_facts import definitions_in, denials_in, names_in
from sharedctx_workers.compressors.text_parts import Part, Role

__all__ = ("mentions_of", "names_left_out")

_MAX_MENTION = 200
_MAX_TITLE = 80
_MARKS = " \t\r\n#*=-~_^:."
_WORDS = re.compile(r"(?:[\w'’-]+\s+){1,6}[\w'’-]+")
_STOPS = ".,:;⟩"  # after an address
_NUMBER = re.compile(r"\d[\d.,:]*%?")
_COUNTED = re.compile(r" ?%| [a-z]{2,12}\b")


def mentions_of(part: Part, source: str, new: Collection[str]) -> tuple[str, ...]:
    """Return what to mention of a part, in its order and as it is written there; titles whole.

    Args:
        part: A part.
        source: Its text.
        new: The facts that nothing before it in the order of reading states.
    """
    if part.role is Role.HEADING and len(source) <= _MAX_TITLE:
        return tuple(filter(_is_mentionable, [" ".join(source.strip(_MARKS).split())]))
    if part.role is Role.LINE and part.opens and part.amount > 1:  # of a table
        cells = (" ".join(cell.split()) for cell in source.strip().split("\n")[0].split("|"))
        return tuple(dict.fromkeys(filter(_is_mentionable, cells)))
    is_code = part.role is Role.CODE
    found = [
        (start, _counted(source, name, end) if _NUMBER.fullmatch(name) else name.rstrip(_STOPS))
        for start, end, name in names_in(source)
        if name in new and not (is_code and " " in name) and name.lower() not in COMMON_WORDS
    ]
    if is_code:
        found += [(start, fact) for start, _, fact in definitions_in(source) if fact in new]
    else:
        found += [
            (start, " ".join(source[start:end].split()))
            for start, end, fact in denials_in(source)
            if fact in new and _WORDS.fullmatch(source, start, end)
        ]
    return tuple(dict.fromkeys(said for _, said in sorted(found) if _is_mentionable(said)))


def names_left_out(segments: Sequence[Segment], ranks: Sequence[float]) -> list[tuple[str, ...]]:
    """Return what to mention of each segment of code or a table with a rank above 1.0."""
    pairs = list(zip(segments, ranks, strict=True))
    known = {name for segment, rank in pairs if rank <= 1 for _, _, name in names_in(segment.text)}
    mentions: list[tuple[str, ...]] = []
    for segment, rank in pairs:
        new = {name for _, _, name in names_in(segment.text)} - known if rank > 1 else set()
        known |= new
        part = Part(0, len(segment.text), Role.CODE, segment.unit)
        mentions.append(mentions_of(part, segment.text, new))
    return mentions


def _counted(source: str, number: str, end: int) -> str:
    """Return a number with what it counts; nothing of one that is alone and has one digit."""
    counted = _COUNTED.match(source, end)
    if counted and counted[0].strip() not in COMMON_WORDS:
        return number + counted[0]
    return number if len(number) > 1 else ""


def _is_mentionable(said: str) -> bool:
    """Whether a note can hold `said`, which must not close it or break its line."""
    return 1 < len(said) <= _MAX_MENTION and not any(mark in said for mark in "[]\n")
