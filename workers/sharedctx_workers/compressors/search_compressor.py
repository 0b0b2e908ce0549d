"""Search results and listings of files: every file first, then its hits; directories evenly."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sharedctx.notes import unescape_notes
from sharedctx.segments import Document, Guarantee
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.search_lines import Found, FoundLine, found_lines
from sharedctx_workers.compressors.search_listing import listing_entries, listing_parts
from sharedctx_workers.compressors.search_parts import Part, search_parts
from sharedctx_workers.compressors.verbatim import verbatim_segment

__all__ = ("SearchCompressor",)

_MIN_HITS = 3
_SAMPLE = 24_000
_DIAGNOSTIC = re.compile(
    r"(?:\d{1,6}:)? ?(?:fatal )?(?:error|warning|note|info)(?:\[|:|\b)", re.IGNORECASE
)


class SearchCompressor:
    """Extractive compression of what grep, ripgrep, find, ``ls -R`` and tree print."""

    kind = "search"

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked lines; None unless it is search results or a listing."""
        if not _can_be(text):
            return None
        lines = found_lines(text)
        if _is_search(text, lines):
            return _document(text, search_parts(text, lines), tokenizer)
        entries = listing_entries(text)
        return _document(text, listing_parts(text, entries), tokenizer) if entries else None

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is `original`, character by character."""
        return unescape_notes(whole) == original


def _can_be(text: str) -> bool:
    """Whether the beginning of a large text is search results or a listing."""
    if len(text) <= 2 * _SAMPLE:
        return True
    head = text[: text.find("\n", _SAMPLE) + 1 or _SAMPLE]
    return _is_search(head, found_lines(head)) or listing_entries(head) is not None


def _is_search(text: str, lines: Sequence[FoundLine]) -> bool:
    """Whether nearly all lines are hits and what belongs to them, and not what a compiler found."""
    hits = [line for line in lines if line.found is Found.HIT]
    other = sum(line.found is Found.OTHER for line in lines)
    said = sum(line.found is not Found.BREAK for line in lines)
    if len(hits) < _MIN_HITS or 10 * other > said:
        return False
    sample = hits[:200]
    diagnosed = sum(bool(_DIAGNOSTIC.match(text, line.text)) for line in sample)
    return 2 * diagnosed < len(sample)


def _document(text: str, parts: Sequence[Part], tokenizer: Tokenizer) -> Document:
    segments = [verbatim_segment(text, part, tokenizer) for part in parts]
    return Document(tuple(segments), "search", Guarantee.LOSSLESS, Guarantee.EXTRACTIVE)
