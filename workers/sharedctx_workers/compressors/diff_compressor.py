"""Diffs: every file and every changed line, context as far as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sharedctx.decode_diff import decode_diff
from sharedctx.notes import escape_notes, unescape_notes
from sharedctx.segments import Document, Guarantee, NoteStyle, Segment
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.diff_changes import merged, rewritten
from sharedctx_workers.compressors.diff_lines import (
    CHANGES,
    DiffLine,
    DiffPart,
    can_be_diff,
    diff_lines,
)
from sharedctx_workers.compressors.diff_parts import Part, parts_of
from sharedctx_workers.compressors.verbatim import verbatim_segment

__all__ = ("DiffCompressor",)

_MAX_SEGMENTS = 60_000


class DiffCompressor:
    """Compression of diffs: of git, of merges, and plain ones, with context or without.

    Lines in which only words changed are shown as `sharedctx.decode_diff` reads them; everything
    else that is kept is verbatim.
    """

    kind = "diff"

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked lines; None unless most of it parses as files and hunks."""
        if not can_be_diff(text):
            return None
        lines = list(diff_lines(text))
        if not _is_diff(lines):
            return None
        parts = parts_of(text, lines)
        segments = _segments(text, rewritten(text, parts, tokenizer), tokenizer)
        if _decoded(escape_notes("".join(segment.text for segment in segments))) != text:
            segments = _segments(text, parts, tokenizer)
        return Document(
            tuple(segments),
            self.kind,
            Guarantee.LOSSLESS,
            Guarantee.EXTRACTIVE,
            NoteStyle(implied=("context line", "line")),
        )

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` decodes to `original`, character by character."""
        return original in (_decoded(whole), unescape_notes(whole))


def _segments(text: str, parts: Sequence[Part], tokenizer: Tokenizer) -> list[Segment]:
    """Return parts as segments, in a bounded number."""
    segments = []
    for part in merged(parts, len(text) // _MAX_SEGMENTS):
        segment = verbatim_segment(text, part, tokenizer, part.stand_in)
        if part.text:
            segment = replace(segment, text=part.text, tokens=tokenizer.count(part.text))
        segment = replace(segment, note=part.note)
        segments.append(segment)
    return segments


def _decoded(whole: str) -> str | None:
    """Return the diff that `whole` stands for; None if it is no whole rendition."""
    try:
        return decode_diff(whole)
    except ValueError:
        return None


def _is_diff(lines: Sequence[DiffLine]) -> bool:
    """Whether there are files with changes, and more of them than of anything else."""
    text = sum(line.end - line.start for line in lines if line.part is DiffPart.TEXT)
    opened = sum(line.opens for line in lines)
    changed = any(line.part in CHANGES for line in lines)
    return bool(opened) and (changed or opened > 1) and 2 * text <= lines[-1].end
