"""Diffs: every file and every changed line verbatim, context as far as there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sharedctx.notes import unescape_notes
from sharedctx.segments import Document, Guarantee
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.diff_lines import CHANGES, DiffLine, DiffPart, diff_lines
from sharedctx_workers.compressors.diff_parts import Part, parts_of
from sharedctx_workers.compressors.verbatim import verbatim_segment

__all__ = ("DiffCompressor",)

_MAX_SEGMENTS = 60_000
_JOINED = frozenset(("added line", "removed line", "context line"))


class DiffCompressor:
    """Extractive compression of unified diffs: of git, of merges, and plain ones."""

    kind = "diff"

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked lines; None unless most of it parses as files and hunks."""
        if "@@ -" not in text and "diff --" not in text:
            return None
        lines = list(diff_lines(text))
        if not _is_diff(lines):
            return None
        segments = [
            verbatim_segment(text, part, tokenizer, part.stand_in)
            for part in _merged(parts_of(text, lines), len(text) // _MAX_SEGMENTS)
        ]
        return Document(tuple(segments), self.kind, Guarantee.LOSSLESS, Guarantee.EXTRACTIVE)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is `original`, character by character."""
        return unescape_notes(whole) == original


def _is_diff(lines: Sequence[DiffLine]) -> bool:
    """Whether there are files with changes, and more of them than of anything else."""
    text = sum(line.end - line.start for line in lines if line.part is DiffPart.TEXT)
    opened = sum(line.opens for line in lines)
    changed = any(line.part in CHANGES for line in lines)
    return bool(opened) and (changed or opened > 1) and 2 * text <= lines[-1].end


def _merged(parts: Sequence[Part], size: int) -> Iterator[Part]:
    """Yield `parts`, with changed lines of one unit joined while they are no longer than `size`.

    So the number of segments stays bounded, however large the diff. The places that `needs` counts
    become fewer by what is joined.
    """
    places: list[int] = []  # of each part, among those that are yielded
    last: Part | None = None
    place = -1
    for i, part in enumerate(parts):
        header = places[i - part.needs] if part.needs else place + 1
        joins = (
            last is not None
            and part.unit == last.unit
            and part.unit in _JOINED
            and header == place - last.needs
            and part.end - last.start <= size
        )
        if last is not None and joins:
            last = last._replace(end=part.end, amount=last.amount + part.amount, stand_in="")
        else:
            if last is not None:
                yield last
            place += 1
            last = part._replace(needs=place - header)
        places.append(place)
    if last is not None:
        yield last
