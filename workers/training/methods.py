"""Ways to shorten a text to a number of tokens; each returns the places of the words it keeps."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from training.questions import STOP_WORDS, bare
from training.sentences import centrality
from training.words import Span, Word

__all__ = (
    "Method",
    "Text",
    "best_words",
    "kept_words",
    "random_words",
    "sentence_method",
    "stop_words",
    "textrank",
    "truncation",
    "two_stage",
)

_DAMPING: Final = 0.85


@dataclass(frozen=True, slots=True)
class Text:
    """A text as methods see it.

    Attributes:
        words: Its words.
        costs: Target tokens of each.
        sentences: Its sentences.
        is_free: Whether each word may be dropped by the worker's rules.
        keep: How much each word matters, from the model; empty for methods without it.
        sentence: How much each sentence matters, from the model.
    """

    words: Sequence[Word]
    costs: Sequence[int]
    sentences: Sequence[Span]
    is_free: Sequence[bool]
    keep: Sequence[float] = ()
    sentence: Sequence[float] = ()

    def inside(self, sentence: Span) -> range:
        """Return the places of the words of a sentence."""
        starts = [word.start for word in self.words]
        return range(bisect_left(starts, sentence[0]), bisect_left(starts, sentence[1]))


Method = Callable[[Text, int], set[int]]


def best_words(text: Text, scores: Sequence[float], budget: int) -> set[int]:
    """Keep the words with the highest scores that fit, the earlier one of two alike."""
    kept: set[int] = set()
    for at in sorted(range(len(scores)), key=lambda at: (-scores[at], at)):
        if text.costs[at] <= budget:
            kept.add(at)
            budget -= text.costs[at]
    return kept


def truncation(text: Text, budget: int) -> set[int]:
    """Keep the beginning."""
    kept: set[int] = set()
    for at, cost in enumerate(text.costs):
        budget -= cost
        if budget < 0:
            break
        kept.add(at)
    return kept


def random_words(text: Text, budget: int) -> set[int]:
    """Keep words drawn at random, the same ones each time."""
    choice = random.Random(len(text.words))
    return best_words(text, [choice.random() for _ in text.words], budget)


def stop_words(rarity: Mapping[str, float] | None) -> Method:
    """Drop stop-words first, then words at random, or the most frequent ones first.

    Args:
        rarity: How rare words are, from 0 to 1; a word that is not there is the rarest.
    """

    def method(text: Text, budget: int) -> set[int]:
        choice = random.Random(len(text.words))
        scores = []
        for word in text.words:
            plain = bare(word.text)
            value = choice.random() if rarity is None else rarity.get(plain, 1.0)
            scores.append(value if plain in STOP_WORDS else 1 + value)
        return best_words(text, scores, budget)

    return method


def sentence_method(rank: Callable[[Text], Sequence[float]]) -> Method:
    """Keep the sentences that `rank` puts first, and what fits of the one after them."""

    def method(text: Text, budget: int) -> set[int]:
        return _best_sentences(text, rank(text), budget)

    return method


def _best_sentences(text: Text, ranks: Sequence[float], budget: int) -> set[int]:
    kept: set[int] = set()
    order = sorted(range(len(text.sentences)), key=lambda at: (-ranks[at], at))
    for sentence in (text.sentences[at] for at in order):
        for at in text.inside(sentence):
            if text.costs[at] > budget:
                return kept
            kept.add(at)
            budget -= text.costs[at]
    return kept


def bm25(text: Text) -> list[float]:
    """Rank sentences by how much they share with the others."""
    return centrality(_terms(text))


def textrank(text: Text) -> list[float]:
    """Rank sentences by a random walk over the words they share (Mihalcea and Tarau, 2004)."""
    sets = [Counter(each) for each in _terms(text)]
    lengths = [math.log(sum(each.values()) + 1) for each in sets]
    count = len(sets)
    links = [
        [
            sum((one & two).values()) / (lengths[a] + lengths[b] or 1.0) if a != b else 0.0
            for b, two in enumerate(sets)
        ]
        for a, one in enumerate(sets)
    ]
    totals = [sum(row) or 1.0 for row in links]
    ranks = [1.0] * count
    for _ in range(40):
        ranks = [
            1 - _DAMPING + _DAMPING * sum(links[b][a] / totals[b] * ranks[b] for b in range(count))
            for a in range(count)
        ]
    return ranks


def _terms(text: Text) -> list[list[str]]:
    plain = [bare(word.text) for word in text.words]
    return [
        [plain[at] for at in text.inside(sentence) if plain[at] not in STOP_WORDS]
        for sentence in text.sentences
    ]


def kept_words(text: Text, budget: int, *, must_keep: bool) -> set[int]:
    """Keep the words that the model finds important, on request the protected ones first."""
    if not must_keep:
        return best_words(text, text.keep, budget)
    return best_words(text, _protected(text), budget)


def _protected(text: Text) -> list[float]:
    """Return the scores of words, those of words that may not be dropped above all others."""
    return [score + (not is_free) for score, is_free in zip(text.keep, text.is_free, strict=True)]


def two_stage(text: Text, budget: int, *, inner: float) -> set[int]:
    """Keep the sentences that matter most, and of them the words that do.

    Args:
        text: The text.
        budget: Tokens that may be kept.
        inner: The share of tokens that is kept of the sentences that are.
    """
    room = budget / inner
    order = sorted(range(len(text.sentences)), key=lambda at: (-text.sentence[at], at))
    inside: list[int] = []
    spent = 0
    for sentence in (text.sentences[at] for at in order):
        if spent >= room:
            break
        places = text.inside(sentence)
        inside += places
        spent += sum(text.costs[at] for at in places)
    protected = _protected(text)
    scores = [-1.0] * len(text.words)
    for at in inside:
        scores[at] = protected[at]
    return best_words(text, scores, budget).intersection(inside)
