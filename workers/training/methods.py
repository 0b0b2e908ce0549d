"""Ways to shorten a text to a number of tokens; each returns the places of the words it keeps."""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sharedctx_workers.prose.cutting import word_price
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
_OPENING: Final = 5.0  # tokens


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
    """Keep the words that the model finds important, on request as workers choose them.

    These are the protected words, and then those that are worth most for their tokens.
    """
    if not must_keep:
        return best_words(text, text.keep, budget)
    prices = zip(_prices(text), text.is_free, strict=True)
    return best_words(text, [price + (not is_free) for price, is_free in prices], budget)


def two_stage(text: Text, budget: int) -> set[int]:
    """Keep the sentences that are worth their tokens, and of them the words that are.

    The price of a token is the lowest at which all that is worth it fits. What room is left goes to
    words of the next sentence, of which not all protected ones may fit, and of those before it.
    """
    prices = _prices(text)
    insides = [text.inside(sentence) for sentence in text.sentences]
    offers = [_sentence_price(text, prices, inside) for inside in insides]

    def bought(price: float) -> set[int]:
        return {
            at
            for offer, inside in zip(offers, insides, strict=True)
            if offer >= price
            for at in inside
            if not text.is_free[at] or prices[at] >= price
        }

    def fits(price: float) -> bool:
        return sum(text.costs[at] for at in bought(price)) <= budget

    market = [*sorted({*prices, *offers}), math.inf]
    place = bisect_left(market, x=True, key=fits)
    kept = bought(market[place])
    budget -= sum(text.costs[at] for at in kept)
    least = market[max(0, place - 1)]
    opened = [
        at for offer, inside in zip(offers, insides, strict=True) if offer >= least for at in inside
    ]
    for at in sorted(set(opened) - kept, key=lambda at: (-prices[at], at)):
        if text.costs[at] <= budget:
            kept.add(at)
            budget -= text.costs[at]
    return kept


def _prices(text: Text) -> list[float]:
    """Return what each token of each word may cost."""
    scores = [0.0] * len(text.words)
    for place, score in zip(text.sentences, text.sentence, strict=True):
        for at in text.inside(place):
            scores[at] = score
    return list(map(word_price, text.keep, scores, text.costs))


def _sentence_price(text: Text, prices: Sequence[float], inside: Iterable[int]) -> float:
    """Return the most that a token may cost for a sentence to be worth what is kept of it.

    These are its protected words and those that are worth that price. It costs a few tokens more:
    of a sentence of which a few words are left no reader knows what it was about.
    """
    worth, tokens = 0.0, _OPENING
    for at in sorted(inside, key=lambda at: (text.is_free[at], -prices[at])):
        if text.is_free[at] and prices[at] <= worth / tokens:
            break
        worth += prices[at] * text.costs[at]
        tokens += text.costs[at]
    return worth / tokens
