"""Search results and listings of files: every file first, then its hits; directories evenly."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache, partial

from sharedctx.notes import unescape_notes
from sharedctx.plain import split_lines
from sharedctx.segments import (
    REQUIRED,
    TARGET,
    Document,
    Guarantee,
    NoteStyle,
    Segment,
    Span,
)
from sharedctx.tokens import Tokenizer
from sharedctx.unfold import unfold_paths
from sharedctx_workers.compressors.counting import tokens_up_to
from sharedctx_workers.compressors.search_fold import fold_search
from sharedctx_workers.compressors.search_folders import folder_index, folder_parts, path_lines
from sharedctx_workers.compressors.search_index import index_parts
from sharedctx_workers.compressors.search_lines import Found, FoundLine, found_lines, has_hits
from sharedctx_workers.compressors.search_listing import TREE, listing_entries, listing_parts
from sharedctx_workers.compressors.search_long import long_parts
from sharedctx_workers.compressors.search_parts import Part, search_parts
from sharedctx_workers.compressors.search_tree import tree_index, tree_parts

__all__ = ("SearchCompressor",)

_MIN_HITS = 3
_SAMPLE = 8_000
_DIAGNOSTIC = re.compile(
    r"(?:\d{1,6}:)? ?(?:fatal )?(?:error|warning|note|info)(?:\[|:|\b)"
    r"|(?:\d{1,6}:)? (?-i:[A-Z]{1,5}\d{2,5}:? )",
    re.IGNORECASE,
)
# A line below a header, as no listing has one.
_RULE = re.compile(r"\n[-=]{8,}[-= ]*\r?\n")
_HEAD = 2_000
_ONLY_COUNT = re.compile(r"\d{1,9}\n?$")
# The headings of what is folded say how much stands below them.
_FOLDED = NoteStyle(implied=("hit", "context line", "line", "entry"))
_PLAIN = NoteStyle()


class SearchCompressor:
    """Folds what grep, ripgrep, find, ``ls -R`` and tree print, and keeps the first of each."""

    kind = "search"

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked parts; None unless it is search results or a listing."""
        if not _can_be(text):
            return None
        lines = _search_lines(text)
        if lines is not None:
            parts = search_parts(text, lines, fold_search(lines))
            found = self._folded(text, parts, tokenizer) or _verbatim(text, parts, tokenizer)
            return self._indexed(text, found, partial(index_parts, text, lines), tokenizer)
        every = list(split_lines(text))
        listed = long_parts(text, every)
        if listed is None and _RULE.search(text, 0, _HEAD):
            return None  # a report about files
        if listed and (document := self._folded(text, listed, tokenizer)):
            return document
        paths = path_lines(text, every)
        folded = self._folded(text, folder_parts(paths), tokenizer) if paths else None
        if not paths or not folded:
            return self._drawn(text, tokenizer)
        return self._indexed(text, folded, partial(folder_index, paths, len(text)), tokenizer)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is `original`, character by character, folded or not."""
        return unescape_notes(whole) == original or unfold_paths(whole) == original

    def _drawn(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as a tree, or a listing line by line; None when it is neither."""
        entries = listing_entries(text)
        if entries is None:
            return None
        parts = listing_parts(text, entries)
        folded = None
        if any(TREE.match(text, part.start) for part in parts):
            folded = self._folded(text, tree_parts(text, parts), tokenizer)
        if not folded:
            return _verbatim(text, parts, tokenizer)
        return self._indexed(text, folded, partial(tree_index, text, entries), tokenizer)

    def _indexed(
        self,
        text: str,
        folded: Document,
        index_parts: Callable[[], Sequence[Part]],
        tokenizer: Tokenizer,
    ) -> Document:
        """Return what takes less to tell what a reader needs: `folded`, or an index of it.

        What fits the target stays folded, because that decodes without the lines themselves.
        """
        required = tokens_up_to(REQUIRED, folded.segments)
        if required <= TARGET * tokenizer.count(text):
            return folded
        index = self._folded(text, index_parts(), tokenizer)
        is_shorter = index is not None and tokens_up_to(REQUIRED, index.segments) < required
        return index if index is not None and is_shorter else folded

    def _folded(self, text: str, parts: Sequence[Part], tokenizer: Tokenizer) -> Document | None:
        """Return the document that `parts` make, if it says all of `text`."""
        shown = [text[p.start : p.end] if p.shown is None else p.shown for p in parts]
        if unfold_paths("".join(shown)) != text:
            return None
        return _document(parts, shown, tokenizer, _FOLDED)


@lru_cache(maxsize=1)
def _can_be(text: str) -> bool:
    """Whether the beginning of a large text is search results or a listing."""
    if len(text) <= 2 * _SAMPLE:
        return True
    head = text[: text.find("\n", _SAMPLE) + 1 or _SAMPLE]
    return (
        _search_lines(head) is not None
        or path_lines(head, list(split_lines(head))) is not None
        or long_parts(head, list(split_lines(head))) is not None
        or listing_entries(head) is not None
    )


def _search_lines(text: str) -> list[FoundLine] | None:
    """Return the lines of `text`, or None when it is no search results."""
    if not has_hits(text, _MIN_HITS):
        return None
    lines = found_lines(text)
    return lines if _is_search(text, lines) else None


def _is_search(text: str, lines: Sequence[FoundLine]) -> bool:
    """Whether nearly all lines are hits and what belongs to them, and not what a compiler found."""
    hits = [line for line in lines if line.found is Found.HIT]
    other = sum(line.found is Found.OTHER for line in lines)
    said = sum(line.found is not Found.BREAK for line in lines)
    if len(hits) < _MIN_HITS or 10 * other > said:
        return False
    sample = hits[:200]
    if all(_ONLY_COUNT.match(text, line.text, line.end) for line in sample):
        return False  # a list of files, with how many hits are in each
    diagnosed = sum(bool(_DIAGNOSTIC.match(text, line.text)) for line in sample)
    return 2 * diagnosed < len(sample)


def _verbatim(text: str, parts: Sequence[Part], tokenizer: Tokenizer) -> Document:
    """Return a document whose parts read as they stand."""
    kept: list[Part] = []
    places: list[int] = []
    for place, part in enumerate(parts):
        above = places[place - part.needs] if part.needs else -1
        is_there = part.end > part.start
        places.append(len(kept) if is_there else -1)
        if is_there:
            kept.append(part._replace(shown=None, needs=len(kept) - above if above >= 0 else 0))
    return _document(kept, [text[part.start : part.end] for part in kept], tokenizer, _PLAIN)


def _document(
    parts: Sequence[Part], shown: Sequence[str], tokenizer: Tokenizer, style: NoteStyle
) -> Document:
    segments = (
        Segment(
            text=text,
            rank=part.rank,
            tokens=tokenizer.count(text),
            span=Span(part.start, part.end),
            unit=part.unit,
            count=part.amount,
            needs=part.needs,
        )
        for part, text in zip(parts, shown, strict=True)
    )
    return Document(
        tuple(segments), "search", Guarantee.LOSSLESS, Guarantee.EXTRACTIVE, note_style=style
    )
