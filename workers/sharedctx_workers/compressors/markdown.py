"""Markdown: headings, then the telling sentences and items of every section, and its blocks."""

from __future__ import annotations

from collections.abc import Sequence

from sharedctx.segments import Document
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.markdown_scan import has_sections
from sharedctx_workers.compressors.mixed_documents import combine, pieces_of, says_all

__all__ = ("MarkdownCompressor",)


class MarkdownCompressor:
    """Compression by section: every section has its say, its blocks go to their own compressors.

    Args:
        compressors: What fenced blocks, tables and other blocks are offered to, in this order.
    """

    kind = "markdown"

    def __init__(self, compressors: Sequence[Compressor]) -> None:
        self._compressors = tuple(compressors)

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as headings, sentences, items and blocks; None unless it has sections."""
        if not has_sections(text):
            return None
        return combine(text, pieces_of(text, self._compressors, tokenizer), tokenizer, self.kind)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is the prose of `original`, and of each block what says all of it."""
        return says_all(original, whole, self._compressors)
