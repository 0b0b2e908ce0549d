"""Ranking for a question: BM25 over the words of segments, with identifiers taken apart."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from sharedctx.segments import Document

__all__ = ("COMMON_WORDS", "bm25", "query_terms", "rank_for_query", "stem", "words")

_WORD = re.compile(r"\w+")
_ASCII_PART = re.compile(r"\d+|[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_PART = re.compile(r"\d+|[^\W\d_]+")
# Scripts that are written without spaces; each character is a word of its own.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
COMMON_WORDS = frozenset(
    [
        "a",
        "about",
        "all",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "had",
        "has",
        "have",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "list",
        "me",
        "my",
        "of",
        "on",
        "or",
        "our",
        "please",
        "show",
        "so",
        "some",
        "tell",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
_SUFFIXES = ("ings", "ing", "ies", "ied", "ed", "es", "s")
# Neighbors of this many best matches come right after them.
_WITH_CONTEXT = 12
_MAX_WORD = 200


@lru_cache(maxsize=1 << 16)
def _parts(word: str) -> tuple[str, ...]:
    if word.isascii() and word.isalpha() and (word.islower() or word[1:].islower()):
        return (word.lower(),)
    parts: list[str] = []
    for part in (_ASCII_PART if word.isascii() else _PART).findall(word):
        parts += _UNSPACED.findall(part) if _UNSPACED.search(part) else [part.lower()]
    if len(parts) > 1 and word.isascii():
        parts.append(word.lower())
    return tuple(parts)


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case, in order.

    Identifiers, paths and numbers are taken apart, and followed by the whole of what was between
    punctuation: ``getUserID2`` gives ``get user id 2 getuserid2``.
    """
    found: list[str] = []
    for word in _WORD.findall(text):
        found += _parts(word[:_MAX_WORD])
    return found


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Cut common English endings, so that a question about failures finds what failed."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word


def query_terms(query: str) -> set[str]:
    """Return the stems that count of a question: without its little words, if it has others."""
    asked = words(query)
    return {stem(word) for word in asked if word not in COMMON_WORDS} or {*map(stem, asked)}


def bm25(texts: Sequence[str], query: str, *, k1: float = 1.2, b: float = 0.75) -> list[float]:
    """Return how well each of `texts` answers `query`: 0.0 for no word in common, more is better.

    Rare words count more, and long texts less; see `query_terms` for which words count.
    """
    terms = query_terms(query)
    lengths, hits = [], []
    for text in texts:
        found = words(text)
        lengths.append(len(found))
        hits.append(Counter(term for word in found if (term := stem(word)) in terms))
    average = sum(lengths) / len(texts) or 1.0 if texts else 1.0
    holding = Counter(term for counts in hits for term in counts)
    weights = {t: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for t, n in holding.items()}

    def score(counts: Counter[str], length: int) -> float:
        norm = k1 * (1 - b + b * length / average)
        return sum(weights[t] * n * (k1 + 1) / (n + norm) for t, n in sorted(counts.items()))

    return [score(counts, length) for counts, length in zip(hits, lengths, strict=True)]


def _body(document: Document, i: int) -> range:
    """Return what segment `i` is the head of, such as a signature; at least the one after it."""
    after = document.segments[i + 1 : i + 2]
    size = after[0].stands_for if after and after[0].stand_in else 1
    return range(i + 1, i + 1 + min(size, _WITH_CONTEXT))


def _sources(document: Document) -> list[str]:
    """Return the text of each segment as it is searched: with how it begins, which is none then."""
    segments = document.segments
    begins = ["", *(segment.text if segment.is_lead else "" for segment in segments)]
    return [
        "" if segment.is_lead else begin + segment.text
        for begin, segment in zip(begins, segments, strict=False)
    ]


def _with_context(document: Document, hit: int) -> Iterator[int]:
    """Yield segment `hit`, what it is the head of, and its neighbors, each with how it begins."""
    segments = document.segments
    before = hit - 1 - segments[hit - 1].is_lead
    for i in (hit, *_body(document, hit), before):
        if 0 <= i < len(segments):
            place = i + segments[i].is_lead
            yield place
            if place and segments[place - 1].is_lead:
                yield place - 1


def rank_for_query(document: Document, query: str) -> Document:
    """Return `document` ranked for `query`.

    What answers it comes first, the best matches with their neighbors and what they are the heads
    of, and then everything else in the order it had. What is beyond `Document.enough` and says the
    same as another answer comes after all answers.

    What a segment needs, such as the header of its table, comes with it; other `REQUIRED` segments
    come after the answer. When nothing matches the document is returned as it is.
    """
    segments = document.segments
    scores = bm25(_sources(document), query)
    hits = [i for i in range(len(segments)) if scores[i] > 0]
    if not hits:
        return document
    first: dict[str, int] = {}
    for i in sorted(hits, key=lambda i: segments[i].rank):
        first.setdefault(segments[i].text, i)

    def repeats(i: int) -> bool:
        return segments[i].rank > document.enough and first[segments[i].text] != i

    hits.sort(key=lambda i: (repeats(i), -scores[i], segments[i].rank, i))
    order = dict.fromkeys(i for hit in hits[:_WITH_CONTEXT] for i in _with_context(document, hit))
    order.update(dict.fromkeys(hits))
    rest = sorted(range(len(segments)), key=lambda i: segments[i].rank)
    order.update(dict.fromkeys(rest))
    places = {i: 1.0 + place for place, i in enumerate(order)}
    # Names of what is left out would take the room of answers, and belong to the order before.
    ranked = (replace(segment, rank=places[i], mentions=()) for i, segment in enumerate(segments))
    return replace(document, segments=tuple(ranked))
