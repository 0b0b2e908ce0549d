"""Passages of a text, and a small index of their words, from which BM25 ranks them.

Each content has an immutable index of its own, about as large as its text, so that adding and
removing contents costs nothing else. Words are kept as 32-bit checksums: two words of a corpus
rarely share one, and if they do a passage is found too much, never too little.
"""

from __future__ import annotations

import heapq
import math
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from sharedctx.plain import split_lines, split_long
from sharedctx.ranking import query_terms, stem, words

__all__ = ("Passages", "Ranked", "query_codes", "rank_passages")

_MAX_CHARS = 800
_ENOUGH_CHARS = 300
"""A passage of this size ends at the next blank line."""
_COUNT_BITS = 8
_MAX_COUNT = (1 << _COUNT_BITS) - 1


class Ranked(NamedTuple):
    """A passage that answers a question: its score, its content, its number in that content."""

    score: float
    content: int
    passage: int


@dataclass(frozen=True, slots=True)
class Passages:
    """The passages of one text, each some whole lines or a part of a long line, and their words.

    Attributes:
        starts: Where each passage starts, in characters, and where the text ends.
        lines: Number of the line on which each starts, from 1.
        lengths: Words of each.
        terms: Codes of all words, sorted.
        offsets: Where the postings of each term start, and where all end.
        postings: The passages that hold a term, ``passage << 8 | count``, in order.
    """

    starts: array[int]
    lines: array[int]
    lengths: array[int]
    terms: array[int]
    offsets: array[int]
    postings: array[int]

    @classmethod
    def of(cls, text: str) -> Passages:
        """Cut `text` into passages and index them."""
        starts, lines, lengths = array("I"), array("I"), array("I")
        held: defaultdict[int, array[int]] = defaultdict(lambda: array("I"))
        for number, (start, end, line) in enumerate(_cut(text)):
            counts = Counter(map(_code, words(text[start:end])))
            starts.append(start)
            lines.append(line)
            lengths.append(counts.total())
            for term, count in counts.items():
                held[term].append(number << _COUNT_BITS | min(count, _MAX_COUNT))
        starts.append(len(text))
        return cls(starts, lines, lengths, *_joined(held.items()))

    @property
    def nbytes(self) -> int:
        """Bytes of memory that it takes, about."""
        parts = (
            self.starts,
            self.lines,
            self.lengths,
            self.terms,
            self.offsets,
            self.postings,
        )
        return 500 + sum(part.itemsize * len(part) for part in parts)

    def holding(self, term: int) -> array[int]:
        """Return the postings of `term`."""
        place = bisect_left(self.terms, term)
        if place == len(self.terms) or self.terms[place] != term:
            return array("I")
        return self.postings[self.offsets[place] : self.offsets[place + 1]]

    def only(self, terms: Iterable[int]) -> Passages:
        """Return what a search for `terms` needs of this."""
        terms, offsets, postings = _joined((term, self.holding(term)) for term in terms)
        return replace(self, terms=terms, offsets=offsets, postings=postings)


def _joined(
    held: Iterable[tuple[int, array[int]]],
) -> tuple[array[int], array[int], array[int]]:
    terms, offsets, postings = array("I"), array("I"), array("I")
    for term, held_by in sorted(held, key=lambda item: item[0]):
        terms.append(term)
        offsets.append(len(postings))
        postings.extend(held_by)
    offsets.append(len(postings))
    return terms, offsets, postings


@lru_cache(maxsize=1 << 16)
def _code(word: str) -> int:
    return crc32(stem(word).encode("utf-8", "surrogatepass"))


def query_codes(query: str) -> frozenset[int]:
    """Return the codes of the words that count of a question."""
    return frozenset(crc32(term.encode("utf-8", "surrogatepass")) for term in query_terms(query))


def _cut(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield ``(start, end, first line)`` of consecutive passages that together are `text`."""
    begin, first = 0, 1
    for number, (start, end) in enumerate(split_lines(text), 1):
        if begin < start and end - begin > _MAX_CHARS:
            yield begin, start, first
            begin, first = start, number
        if end - begin > _MAX_CHARS:
            for part_start, part_end in split_long(text, start, end, _MAX_CHARS):
                yield part_start, part_end, number
            begin, first = end, number + 1
        elif end - begin >= _ENOUGH_CHARS and not text[start:end].strip():
            yield begin, end, first
            begin, first = end, number + 1
    if begin < len(text):
        yield begin, len(text), first


def rank_passages(
    contents: Sequence[Passages],
    codes: Iterable[int],
    limit: int,
    *,
    k1: float = 1.2,
    b: float = 0.75,
) -> list[Ranked]:
    """Return the up to `limit` passages of `contents` that answer best, by BM25, best first.

    Passages without a word in common with the question are left out. Of equals the earlier content
    comes first.
    """
    total = sum(len(content.lengths) for content in contents)
    average = sum(sum(content.lengths) for content in contents) / total or 1.0 if total else 1.0
    scores: defaultdict[tuple[int, int], float] = defaultdict(float)
    for code in sorted(codes):
        held = [(i, found) for i, each in enumerate(contents) if (found := each.holding(code))]
        holding = sum(len(found) for _, found in held)
        weight = math.log(1 + (total - holding + 0.5) / (holding + 0.5)) * (k1 + 1)
        for i, found in held:
            lengths = contents[i].lengths
            for posting in found:
                passage, count = posting >> _COUNT_BITS, posting & _MAX_COUNT
                norm = k1 * (1 - b + b * lengths[passage] / average)
                scores[i, passage] += weight * count / (count + norm)
    best = heapq.nsmallest(limit, scores.items(), key=lambda item: (-item[1], item[0]))
    return [Ranked(score, content, passage) for (content, passage), score in best]
