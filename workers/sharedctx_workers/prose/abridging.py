"""From a document to one with shorter sentences, where choosing sentences does not save enough.

Choosing whole sentences keeps what is shown verbatim, so it goes first: only a document whose
chosen sentences take more than their share of tokens is abridged, and only as far as needed. What
the default rendering does not show stays verbatim.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from sharedctx.segments import Document, Segment
from sharedctx.tokens import Tokenizer
from sharedctx_workers.prose.backend import LEVELS, Backend
from sharedctx_workers.prose.cutting import ScoredSentence, cut_level, levels_of, without
from sharedctx_workers.prose.survival import find_loss
from sharedctx_workers.prose.words import Word, is_long, is_sentence, words_of

__all__ = ("Abridged", "abridge")

_LEAST_WINS = 0.05
# Below this share of its tokens a sentence is a list of words that no longer says what it said.
_LEAST_LEFT = 0.8


class Abridged(NamedTuple):
    """A document with abridged sentences.

    Attributes:
        document: The document.
        label: What was done, as in ``transforms``: the backend, and the share of the tokens of
            these sentences that is left.
    """

    document: Document
    label: str


class _Candidate(NamedTuple):
    place: int
    words: list[Word]


def abridge(
    document: Document, tokens: int, share: float, tokenizer: Tokenizer, backend: Backend
) -> Abridged | None:
    """Return `document` with shorter sentences, or None where they need not or cannot be shorter.

    Args:
        document: A document that a compressor made.
        tokens: Tokens that its default rendering has too many.
        share: What is to be left of its prose, at least, as a share of the tokens of all of it.
        tokenizer: What counts.
        backend: What knows the words.
    """
    segments = document.segments
    prose = [i for i, segment in enumerate(segments) if segment.is_prose]
    shown = [i for i in prose if segments[i].rank <= document.enough]
    excess = min(tokens, _tokens(segments, shown) - share * _tokens(segments, prose))
    if excess <= 0:
        return None
    candidates = _candidates(segments, shown)
    if not 0 < sum(len(words) for _, words in candidates) <= backend.capacity:
        return None
    texts = [[segments[i].text[w.start : w.end] for w in words] for i, words in candidates]
    scores = backend.score(texts)
    count = cache(tokenizer.count)
    sentences = [
        ScoredSentence(segments[i].text, words, levels_of(words, score, backend.least, count))
        for (i, words), score in zip(candidates, scores, strict=True)
    ]
    level = cut_level(sentences, excess, count)
    shorter = list(segments)
    before = after = 0
    for (i, _), sentence in zip(candidates, sentences, strict=True):
        made = _shortened(segments[i], sentence, level, tokenizer)
        before, after = before + segments[i].tokens, after + made.tokens
        shorter[i] = made
    if after > (1 - _LEAST_WINS) * before:
        return None
    label = f"kompress:{backend.name}:{after / before:.2f}"
    return Abridged(replace(document, segments=tuple(shorter)), label)


def _tokens(segments: tuple[Segment, ...], indices: list[int]) -> int:
    return sum(segments[i].tokens for i in indices)


def _candidates(segments: tuple[Segment, ...], shown: list[int]) -> list[_Candidate]:
    """Return the sentences that may be shortened; none of a text whose sentences are not English.

    A few of its sentences may look as if they were.
    """
    long = [_Candidate(i, words) for i in shown if is_long(words := words_of(segments[i].text))]
    candidates = [each for each in long if is_sentence(each.words)]
    return candidates if 2 * len(candidates) >= len(long) else []


def _shortened(
    segment: Segment, sentence: ScoredSentence, level: int, tokenizer: Tokenizer
) -> Segment:
    """Return `segment` without words below `level`; as it is where it would lose what it needs.

    Of a sentence that would lose too much, fewer words go, again the least needed first.
    """
    least = _LEAST_LEFT * segment.tokens
    text = without(sentence, level)
    tokens = tokenizer.count(text)
    if tokens < least:
        text = _as_short_as(least, sentence, level, tokenizer)
        tokens = tokenizer.count(text)
    if not text.strip() or tokens >= segment.tokens or find_loss(segment.text, text) is not None:
        return segment
    return replace(segment, text=text, tokens=tokens, verbatim=segment.text)


def _as_short_as(least: float, sentence: ScoredSentence, level: int, tokenizer: Tokenizer) -> str:
    """Return `sentence` without as many of its words below `level` as leave it `least` tokens."""
    words, levels = sentence.words, sentence.levels
    first_to_go = sorted(
        (at for at, word in enumerate(words) if word.is_free and levels[at] < level),
        key=levels.__getitem__,
    )

    def without_first(count: int) -> str:
        gone = frozenset(first_to_go[:count])
        return without(
            sentence._replace(levels=[0 if at in gone else LEVELS for at in range(len(words))]), 1
        )

    # The more words go, the less is left.
    counts = range(1, len(first_to_go))
    place = bisect_left(
        counts, x=True, key=lambda count: tokenizer.count(without_first(count)) < least
    )
    return without_first(place)
