"""Which words go: one rule for all backends.

Words go by their scores, the least needed first and everywhere at once, until the text is within
its budget of tokens. Protected words and those that their backend calls needed stay, so the budget
may be missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sharedctx.tokens import Tokenizer
from sharedctx_workers.prose.backend import LEVELS
from sharedctx_workers.prose.words import Word

__all__ = ("ScoredSentence", "cut_level", "without")


class ScoredSentence(NamedTuple):
    """A sentence, its words, and from 0 to `LEVELS` how much each of them is needed."""

    text: str
    words: Sequence[Word]
    scores: Sequence[int]


def cut_level(
    sentences: Sequence[ScoredSentence], excess: float, least: int, tokenizer: Tokenizer
) -> int:
    """Return the score below which free words are to be dropped.

    Args:
        sentences: All sentences that may be shortened.
        excess: Tokens to save.
        least: The score from which on words are never dropped.
        tokenizer: What counts.
    """
    found: list[Counter[str]] = [Counter() for _ in range(LEVELS + 1)]
    for _, words, scores in sentences:
        for word, score in zip(words, scores, strict=True):
            if word.is_free:
                found[score][word.name] += 1
    level = 0
    while level < least and excess > 0:
        excess -= sum(n * tokenizer.count(f" {name}") for name, n in found[level].items())
        level += 1
    return level


def without(sentence: ScoredSentence, level: int) -> str:
    """Return `sentence` without its free words that score less than `level`.

    Line breaks and the punctuation that ends sentences stay, so the result has the same lines;
    several blanks between words become one. Its characters are those of the sentence, in order.
    """
    text, words, scores = sentence
    pieces: list[str] = []
    gap, place, is_carried = "", 0, False
    for word, score in zip(words, scores, strict=True):
        between = text[place : word.start]
        if not is_carried or (pieces and "\n" in between):
            gap = between
        place = word.end
        ending = text[word.stop : word.end].lstrip(",") if word.is_free else ""
        is_carried = word.is_free and score < level and not (ending and "\n" in gap)
        if not is_carried:
            is_inside = len(gap) > 1 and pieces and "\n" not in gap
            pieces += (gap[0] if is_inside else gap, text[word.start : word.end])
        elif ending and pieces:
            pieces.append(ending)
            is_carried = False
    return "".join((*pieces, text[place:]))
