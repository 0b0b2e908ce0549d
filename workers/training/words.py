"""Words of a text with their places, and values of tokens brought to the words they lie in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ("Span", "Word", "mean_by_span", "percentiles", "split_words", "values_by_word")

Span = tuple[int, int]

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters between white space, punctuation included.

    Attributes:
        text: The characters.
        start: Offset of the first character in the text.
        end: Offset after the last one.
    """

    text: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """Return the words of `text` in order."""
    return [Word(found[0], found.start(), found.end()) for found in _WORD.finditer(text)]


def values_by_word(
    words: Sequence[Word], spans: Sequence[Span], values: Sequence[float]
) -> list[list[float]]:
    """Return, for each word, the values of the spans that begin in it.

    A span that begins in the white space before a word belongs to that word: tokens of causal
    language models carry the blank in front of them.

    Args:
        words: The words, in order.
        spans: Start and end offsets of tokens, in order.
        values: One value per span.
    """
    found: list[list[float]] = [[] for _ in words]
    at = 0
    for (start, end), value in zip(spans, values, strict=True):
        if end <= start:
            continue
        while at < len(words) and words[at].end <= start:
            at += 1
        if at < len(words) and end > words[at].start:
            found[at].append(value)
    return found


def mean_by_span(
    spans: Sequence[Span], places: Sequence[Span], values: Sequence[float]
) -> list[float]:
    """Return the mean of the values whose places begin inside each of `spans`; 0 where none do."""
    means = []
    for start, end in spans:
        inside = [
            value
            for (first, last), value in zip(places, values, strict=True)
            if start <= first < end and last > first
        ]
        means.append(sum(inside) / len(inside) if inside else 0.0)
    return means


def percentiles(values: Sequence[float]) -> list[float]:
    """Return the rank of each value among all of them, from 0 to 1; equal values share one."""
    if len(values) < 2:
        return [0.5 for _ in values]
    ordered = sorted(values)
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for index, value in enumerate(ordered):
        first.setdefault(value, index)
        last[value] = index
    return [(first[value] + last[value]) / 2 / (len(values) - 1) for value in values]
