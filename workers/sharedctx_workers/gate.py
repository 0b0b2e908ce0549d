"""The verification gate: nothing is published that does not keep what its guarantee promises.

Every level is checked against the original itself, never against what a compressor says it did. A
level without an entry in `CHECKS` cannot be published.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol, runtime_checkable

from sharedctx.notes import NOTE, escape_notes, split_notes
from sharedctx.render import Rendering
from sharedctx.segments import EXTRA, Document, Guarantee
from sharedctx_workers.compressors import Compressor
from sharedctx_workers.prose.survival import find_loss

__all__ = ("CHECKS", "Evidence", "Outliner", "find_fault")

# What a stand-in may put around its note: comment marks, an empty body, the end of a doc string.
_MARKS = " \t\r\n#!/*.:\"'-;%()"


class Evidence(NamedTuple):
    """A rendering and what it is judged by.

    Attributes:
        compressor: What made the document.
        document: The document that the rendering is a view of.
        rendering: The view to judge.
        original: The original.
        original_tokens: Its tokens.
    """

    compressor: Compressor
    document: Document
    rendering: Rendering
    original: str
    original_tokens: int


@runtime_checkable
class Outliner(Protocol):
    """A compressor that can tell whether an outline is whole."""

    def outline_fault(self, original: str, rendering: str) -> str | None:
        """Return what `rendering` lacks of the outline of `original`, or None."""
        ...


def find_fault(evidence: Evidence) -> str | None:
    """Return why the rendering must not be published, or None when it may be."""
    rendering = evidence.rendering
    if rendering.tokens >= evidence.original_tokens:
        return f"{rendering.tokens} tokens are no fewer than the original's"
    if not rendering.text or NOTE.fullmatch(rendering.text.strip()):
        return "nothing of the original fits the target"
    check = CHECKS.get(rendering.guarantee)
    return check(evidence) if check else f"nothing checks that it is {rendering.guarantee}"


def _lossless(evidence: Evidence) -> str | None:
    """It decodes back to the data of the original."""
    same = evidence.compressor.same_data(evidence.original, evidence.rendering.text)
    return None if same else "it does not decode back to the original"


def _extractive(evidence: Evidence) -> str | None:
    """All segments together hold the original's data, and what is kept is verbatim of them."""
    whole = "".join(segment.text for segment in evidence.document.segments)
    if not evidence.compressor.same_data(evidence.original, escape_notes(whole)):
        return "its segments do not add up to the original"
    return _verbatim(evidence, whole)


def _verbatim(evidence: Evidence, whole: str) -> str | None:
    """Return what is kept that is not of `whole`, the text of all segments, in its order."""
    document = evidence.document
    # Stand-ins write notes in the comments of their language, whose marks are not of the original.
    stand_ins = {segment.stand_in.strip() for segment in document.segments} - {""}
    if any(not NOTE.fullmatch(stand_in) for stand_in in stand_ins):
        return _stray(_lines(evidence.rendering.text), whole, _MARKS)
    if any(segment.unit == EXTRA for segment in document.segments):
        return _stray(_lines(evidence.rendering.text), whole, None)
    return _stray(split_notes(evidence.rendering.text, document.note_style), whole, None)


def _lines(rendering: str) -> Iterator[str]:
    """Yield what is between notes, by line.

    What a stand-in tells of besides, such as a comment before it, leaves no note where it was, nor
    does a row of an index.
    """
    for part in split_notes(rendering):
        yield from part.split("\n")


def _stray(parts: Iterable[str], text: str, marks: str | None) -> str | None:
    """Return what of `parts`, but for `marks` at their ends, is not in `text` in their order."""
    place = 0
    for part in parts:
        kept = part.strip(marks)
        found = text.find(kept, place)
        if found < 0:
            return f"{kept[:40]!r} is not in the original"
        place = found + len(kept)
    return None


def _outlined(evidence: Evidence) -> str | None:
    """What is kept is verbatim, it parses, and it defines what the original defines."""
    compressor, original = evidence.compressor, evidence.original
    if not isinstance(compressor, Outliner):
        return "its compressor knows no outlines"
    stray = _stray(_lines(evidence.rendering.text), original, _MARKS)
    return stray or compressor.outline_fault(original, evidence.rendering.text)


def _abridged(evidence: Evidence) -> str | None:
    """Its sentences lost nothing that is needed, and what is kept is verbatim of what is left."""
    segments = evidence.document.segments
    for segment in segments:
        loss = find_loss(segment.verbatim, segment.text) if segment.verbatim else None
        if loss is not None:
            return f"an abridged sentence lost {loss[:40]!r}"
    whole = "".join(segment.verbatim or segment.text for segment in segments)
    if not evidence.compressor.same_data(evidence.original, escape_notes(whole)):
        return "its segments do not add up to the original"
    return _verbatim(evidence, "".join(segment.text for segment in segments))


CHECKS: Mapping[Guarantee, Callable[[Evidence], str | None]] = {
    Guarantee.LOSSLESS: _lossless,
    Guarantee.EXTRACTIVE: _extractive,
    Guarantee.OUTLINED: _outlined,
    Guarantee.ABRIDGED: _abridged,
}
