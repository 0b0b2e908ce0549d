"""Source code: an outline that parses, with bodies as far as a reader asks for them."""

from __future__ import annotations

from collections import Counter

from sharedctx.notes import unescape_notes
from sharedctx.segments import Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.code_detect import detect, read_as
from sharedctx_workers.compressors.code_folds import Fold, definitions
from sharedctx_workers.compressors.code_generic import outline_by_lines
from sharedctx_workers.compressors.code_pieces import pieces_of
from sharedctx_workers.compressors.code_ranks import enough_of, rank_pieces
from sharedctx_workers.compressors.code_roles import Role
from sharedctx_workers.compressors.languages import Language

__all__ = ("CodeCompressor",)

_HARMLESS = 0.002
# An outline takes what it takes; what is added to it may fill the target of so much of the text.
# Where headings are no definitions they are added, and may fill that of all of it.
_BASIS = 0.5


class CodeCompressor:
    """Outlines source code of the languages in `sharedctx_workers.compressors.languages`.

    Args:
        language: Name of the language to read a text as, if it can be read so at all; empty finds
            the one that parses it best.
        by_lines: Outline what no grammar reads by its lines. Much else is indented and bracketed,
            so this is for texts that nothing stricter has accepted.
    """

    kind = "code"

    def __init__(self, language: str = "", *, by_lines: bool = False) -> None:
        self._language = language
        self._by_lines = by_lines

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked pieces; None unless it parses as source code."""
        outline = self._outline(text)
        if outline is None:
            return None
        language, root, partial = outline
        pieces = pieces_of(text, language, root)
        ranks = rank_pieces(text, pieces)
        basis = 1.0 if any(piece.role is Role.GROUP for piece in pieces) else _BASIS
        segments = []
        for i, (piece, rank) in enumerate(zip(pieces, ranks, strict=True)):
            source = text[piece.start : piece.end]
            words = source.strip()
            segments.append(
                Segment(
                    text=source,
                    rank=rank,
                    tokens=tokenizer.count(source),
                    span=Span(piece.start, piece.end),
                    count=words.count("\n") + bool(words),
                    stand_in=piece.stand_in,
                    stands_for=piece.stands_for,
                    told_by=piece.told_by,
                    needs=i - piece.header if piece.header >= 0 else 0,
                )
            )
        return Document(
            segments=tuple(segments),
            kind=self.kind,
            whole=Guarantee.LOSSLESS,
            partial=partial,
            note_style=language.style,
            enough=enough_of(pieces, ranks),
            basis=int(basis * sum(segment.tokens for segment in segments)),
        )

    def _outline(self, text: str) -> tuple[Language, Fold, Guarantee] | None:
        """Return what can be folded in `text`, and what a view of that promises."""
        code = detect(text, self._language)
        if code is not None:
            # A parser that has lost its way does not find the same names again in an outline.
            lost = code.parsed.damage > _HARMLESS * len(text)
            partial = Guarantee.EXTRACTIVE if lost else Guarantee.OUTLINED
            return code.language, code.root, partial
        outline = outline_by_lines(text, self._language) if self._by_lines else None
        return None if outline is None else (*outline, Guarantee.EXTRACTIVE)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is `original`, character by character."""
        return unescape_notes(whole) == original

    def outline_fault(self, original: str, rendering: str) -> str | None:
        """Return what `rendering` lacks of the outline of `original`, or None.

        It must parse with no more errors than the original, and define the same names.
        """
        code = detect(original, self._language)
        view = None if code is None else read_as(unescape_notes(rendering), code)
        if code is None or view is None:
            return "it does not parse"
        if view.parsed.errors > code.parsed.errors:
            return f"{view.parsed.errors} places of it do not parse"
        missing = Counter(definitions(code.root)) - Counter(definitions(view.root))
        return f"it does not define {min(missing)!r}" if missing else None
