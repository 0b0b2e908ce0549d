"""Markdown: headings, then the telling sentences and items of every section, and its blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sharedctx.plain import split_lines
from sharedctx.segments import Document
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.mixed_documents import combine, pieces_of, says_all

__all__ = ("MarkdownCompressor",)

_MIN_MARKS = 3
_MAX_HEAD = 400
_HEADING = re.compile(r" {0,3}#{1,6} +[^\s#]")
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})\s*$")
_BLOCK = re.compile(r" {0,3}(?:```|~~~|[-*+] +\S|\d{1,3}[.)] +\S|>|\|)")
_INLINE = re.compile(r"\[[^\]\n]{1,200}\]\([^)\s]{1,300}\)|\*\*[^*\n]{1,200}\*\*|`[^`\n]{1,200}`")


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
        if not _is_markdown(text):
            return None
        return combine(text, pieces_of(text, self._compressors, tokenizer), tokenizer, self.kind)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is the prose of `original`, and of each block what says all of it."""
        return says_all(original, whole, self._compressors)


def _is_markdown(text: str) -> bool:
    """Whether a text has headings as Markdown writes them, among other marks of its own."""
    headings = alone = marks = 0
    before = ""
    lines = _heads(text)
    for line in lines:
        is_heading = bool(_HEADING.match(line))
        headings += is_heading
        # A comment of a script has more comments or its code beside it.
        alone += is_heading and not before.strip()
        if before.strip() and not _BLOCK.match(before) and _UNDERLINE.match(line):
            headings, alone = headings + 1, alone + 1
        marks += bool(_BLOCK.match(line) or _INLINE.search(line))
        before = line
    return headings > 0 and 3 * alone >= 2 * headings and alone + marks >= _MIN_MARKS


def _heads(text: str) -> Iterator[str]:
    """Yield the beginnings of the lines outside fenced blocks."""
    fence = ""
    for start, end in split_lines(text):
        line = text[start : min(end, start + _MAX_HEAD)]
        mark = line.strip()[:3]
        if mark in ("```", "~~~") and mark == (fence or mark):
            fence = "" if fence else mark
            yield line
        elif not fence:
            yield line
