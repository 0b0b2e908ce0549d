"""How much each sentence of a passage matters: how much it says, and how central that is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from training.words import Span, Word

__all__ = ("centrality", "density", "sentence_scores")


def density(words: Sequence[Word], scores: Sequence[float], sentence: Span) -> float:
    """Return the share of words of a sentence that carry information, weighted by their score.

    Short sentences are pulled towards nothing: three words, all of them names, say little.
    """
    inside = [
        score
        for word, score in zip(words, scores, strict=True)
        if sentence[0] <= word.start < sentence[1]
    ]
    said = sum(max(0.0, score - 0.35) for score in inside)
    return said / (len(inside) + 3)


def centrality(terms: Sequence[Sequence[str]]) -> list[float]:
    """Return how much each sentence shares with the others (BM25), given the terms of each."""
    documents = [Counter(each) for each in terms]
    present = Counter(term for each in documents for term in each)
    average = sum(map(len, terms)) / max(1, len(terms)) or 1.0
    values = []
    for at, query in enumerate(documents):
        total = 0.0
        for other, document in enumerate(documents):
            if other == at:
                continue
            length = 0.25 + 0.75 * sum(document.values()) / average
            for term in query:
                frequency = document[term]
                if frequency:
                    idf = math.log(1 + len(documents) / present[term])
                    total += idf * frequency * 2.2 / (frequency + 1.2 * length)
        values.append(total / (len(query) + 3))
    return values


def sentence_scores(
    densities: Sequence[float], central: Sequence[float], *, usual: float, share: float
) -> list[float]:
    """Return a score from 0 to 1 per sentence of a passage.

    Args:
        densities: `density` of each.
        central: `centrality` of each.
        usual: The median density of sentences of the whole corpus, which scores 0.5.
        share: Weight of centrality, from 0 to 1.
    """
    highest = max(central, default=0.0) or 1.0
    return [
        (1 - share) * dense / (dense + usual) + share * middle / highest if dense or middle else 0.0
        for dense, middle in zip(densities, central, strict=True)
    ]
