"""Text: verbatim sentences, lines and blocks, ranked by how much of the content they carry."""

from __future__ import annotations

from collections.abc import Sequence

from sharedctx.notes import unescape_notes
from sharedctx.segments import TARGET, Document, Guarantee, NoteStyle, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.text_parts import Part, Role, is_prose, parts_of
from sharedctx_workers.compressors.text_ranks import SHARE, rank_parts

__all__ = ("PROSE_NOTES", "TextCompressor")

PROSE_NOTES = NoteStyle(implied=("sentence", "line", "item", "heading"))
"""Notes between sentences: line numbers say how many, in half the tokens."""


class TextCompressor:
    """Extractive compression of any text, in any language. Accepts everything."""

    kind = "text"

    def document(self, text: str, tokenizer: Tokenizer) -> Document:
        """Return `text` as ranked sentences, lines and blocks."""
        parts = parts_of(text)
        ranks, enough, mentions = rank_parts(text, parts)
        segments = []
        for part, rank, need, said in zip(parts, ranks, _headings(parts), mentions, strict=True):
            source = text[part.start : part.end]
            segments.append(
                Segment(
                    text=source,
                    rank=rank,
                    tokens=tokenizer.count(source),
                    span=Span(part.start, part.end),
                    unit=part.unit,
                    count=part.amount,
                    needs=need,
                    is_prose=is_prose(part, source),
                    mentions=said,
                )
            )
        return Document(
            segments=tuple(segments),
            kind=self.kind,
            whole=Guarantee.LOSSLESS,
            partial=Guarantee.EXTRACTIVE,
            note_style=PROSE_NOTES,
            enough=enough,
            basis=round(tokenizer.count(text) * SHARE / TARGET),
        )

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is `original`, character by character."""
        return unescape_notes(whole) == original


def _headings(parts: Sequence[Part]) -> list[int]:
    """Return how many places before each part its heading stands; 0 where there is none."""
    needs, heading = [], -1
    for i, part in enumerate(parts):
        is_heading = part.role is Role.HEADING
        needs.append(i - heading if heading >= 0 and not is_heading else 0)
        heading = i if is_heading else heading
    return needs
