"""Which words go: one rule for all backends.

Words go by what they are worth for the tokens they take, the least first and everywhere at once,
until the text is within its budget of tokens. Protected words and those that their backend calls
needed stay, so the budget may be missed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sharedctx_workers.prose.backend import LEVELS, Scores, leveled
from sharedctx_workers.prose.words import Word

__all__ = ("ScoredSentence", "cut_level", "levels_of", "without", "word_price")


class ScoredSentence(NamedTuple):
    """A sentence, its words, and from 0 to `LEVELS` how long each of them is to stay."""

    text: str
    words: Sequence[Word]
    levels: Sequence[int]


def word_price(keep: float, sentence: float, tokens: int) -> float:
    """Return the most that each token of a word may cost, from 0 to 1, for it to be worth them.

    What it is worth is the square of the product of its score and that of its sentence. Rare words
    have more tokens and say more, so that it grows with the root of their number.

    Args:
        keep: How much the word is needed, from 0 to 1.
        sentence: How much its sentence is, from 0 to 1.
        tokens: What the word costs, 1 or more.
    """
    return (keep * sentence) ** 2 / math.sqrt(tokens)


def levels_of(
    words: Sequence[Word], scores: Scores, least: int, count: Callable[[str], int]
) -> list[int]:
    """Return the root of the price of each word of a sentence, from 0 to `LEVELS`.

    Args:
        words: The words.
        scores: What they and their sentence are worth.
        least: The score from which on words are never dropped; these are on the highest level.
        count: Counts tokens.
    """
    levels = []
    for word, keep in zip(words, scores.keep, strict=True):
        tokens = count(f" {word.name}") if word.is_free else 1
        price = word_price(keep / LEVELS, scores.sentence / LEVELS, tokens)
        levels.append(LEVELS if keep >= least else min(leveled(math.sqrt(price)), LEVELS - 1))
    return levels


def cut_level(
    sentences: Sequence[ScoredSentence], excess: float, count: Callable[[str], int]
) -> int:
    """Return the level below which free words are to be dropped.

    Args:
        sentences: All sentences that may be shortened.
        excess: Tokens to save.
        count: Counts tokens.
    """
    found: list[Counter[str]] = [Counter() for _ in range(LEVELS + 1)]
    for _, words, levels in sentences:
        for word, level in zip(words, levels, strict=True):
            if word.is_free:
                found[level][word.name] += 1
    level = 0
    while level < LEVELS and excess > 0:
        excess -= sum(n * count(f" {name}") for name, n in found[level].items())
        level += 1
    return level


def without(sentence: ScoredSentence, level: int) -> str:
    """Return `sentence` without its free words below `level`.

    Line breaks and the punctuation that ends sentences stay, so the result has the same lines;
    several blanks between words become one. Its characters are those of the sentence, in order.
    """
    text, words, levels = sentence
    pieces: list[str] = []
    gap, place, is_carried = "", 0, False
    for word, own in zip(words, levels, strict=True):
        between = text[place : word.start]
        if not is_carried or (pieces and "\n" in between):
            gap = between
        place = word.end
        ending = text[word.stop : word.end].lstrip(",") if word.is_free else ""
        is_carried = word.is_free and own < level and not (ending and "\n" in gap)
        if not is_carried:
            is_inside = len(gap) > 1 and pieces and "\n" not in gap
            pieces += (gap[0] if is_inside else gap, text[word.start : word.end])
        elif ending and pieces:
            pieces.append(ending)
            is_carried = False
    return "".join((*pieces, text[place:]))
