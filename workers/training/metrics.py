"""What is still there after words were dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from training.questions import Document, bare, fact_survives, support, wanted
from training.words import Span, Word

__all__ = ("CLASSES", "answered", "benefits", "class_counts", "facts_kept", "supported")

_SUPPORT: Final = 0.6
_NEGATIONS: Final = frozenset(
    "no not never none nothing nobody neither nor without cannot unless except".split()
)
_MODALS: Final = frozenset("must should shall may might could would can cannot".split())
CLASSES: Final = ("numbers", "negations", "modals", "paths", "identifiers")
_PATH: Final = re.compile(r"^[`'\"(]*(?:~|\.{1,2})?/\w|\w/\w+[/.]\w|^[`'\"(]*[A-Za-z]:\\")
_IDENTIFIER: Final = re.compile(r"\w_\w|[a-z][A-Z]|\w\.\w+\.\w|\w\(\)|::|^[`'\"(]*--?[a-z]")


def answered(words: Sequence[Word], kept: set[int], answer: Span) -> bool:
    """Tell whether all content words of an answer are kept where it stands."""
    return kept.issuperset(wanted(words, answer))


def supported(
    words: Sequence[Word], kept: set[int], answer: Span, question: str, sentences: Sequence[Span]
) -> bool:
    """Tell whether the answer is kept with 60 % of the question's words in its sentence."""
    if not answered(words, kept, answer):
        return False
    around = next((each for each in sentences if each[0] <= answer[0] < each[1]), (0, 0))
    asked = support(words, around, question)
    return len(kept.intersection(asked)) >= _SUPPORT * len(asked)


def facts_kept(document: Document, words: Sequence[Word], kept: set[int]) -> list[bool]:
    """Return which facts of a document survive."""
    texts = [words[at].text for at in sorted(kept)]
    return [fact_survives(fact, texts) for fact in document.facts]


@cache
def classes_of(word: str) -> frozenset[str]:
    """Return which of `CLASSES` a word belongs to."""
    plain = bare(word)
    found = set()
    if any(character.isdigit() for character in word):
        found.add("numbers")
    if plain in _NEGATIONS or re.search(r"n['’]t\b", word):
        found.add("negations")
    if plain in _MODALS:
        found.add("modals")
    if _PATH.search(word):
        found.add("paths")
    if _IDENTIFIER.search(word):
        found.add("identifiers")
    return frozenset(found)


def class_counts(words: Sequence[Word], kept: set[int]) -> dict[str, tuple[int, int]]:
    """Return, for each class, how many of its words are kept, and how many there are."""
    counts = dict.fromkeys(CLASSES, (0, 0))
    for at, word in enumerate(words):
        for name in classes_of(word.text):
            there, total = counts[name]
            counts[name] = (there + (at in kept), total + 1)
    return counts


def benefits(none: Sequence[float], whole: Sequence[float], short: Sequence[float]) -> list[float]:
    """Return what each shortened text is worth, so that their mean is the share that is kept.

    Args:
        none: Nats of each answer without a text.
        whole: With the whole text.
        short: With the shortened one.
    """
    gain = sum(none) / len(none) - sum(whole) / len(whole)
    return [(without - each) / gain for without, each in zip(none, short, strict=True)]
