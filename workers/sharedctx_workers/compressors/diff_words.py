"""Changes of single words: a removed line and the one that replaces it, shown as one line.

`sharedctx.decode_diff` describes the notation and reads it back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from sharedctx.decode_diff import MARK, decode_pair
from sharedctx.tokens import Tokenizer

__all__ = ("MAX_CHANGE", "write_change")

MAX_CHANGE = 400
"""Lines of a change that are looked at; what replaces what in larger ones says little."""

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_MARKS = ("[-", "-]", "{+", "+}")
_MAX_LINE = 2_000
# A line is looked for among so many that may replace it.
_NEAR = 24
_ALIKE = 0.4
# Changes with fewer characters between them may read better as one.
_NEAR_WORDS = 3


class _Span(NamedTuple):
    """Words of the old line, and those of the new line in their place."""

    old: int
    old_end: int
    new: int
    new_end: int


def write_change(
    removed: Sequence[str], added: Sequence[str], tokenizer: Tokenizer
) -> Iterator[str]:
    """Yield the lines of a change, with their signs, those that are much alike as one.

    Args:
        removed: The removed lines, each with its sign and line break.
        added: The lines that stand in their place.
        tokenizer: Tells which way to write a pair is shorter.
    """
    i = j = 0
    for place, other in _aligned(removed, added):
        pair = _pair(removed[place], added[other], tokenizer)
        if pair:
            yield from removed[i:place]
            yield from added[j:other]
            yield pair
            i, j = place + 1, other + 1
    yield from removed[i:]
    yield from added[j:]


def _aligned(removed: Sequence[str], added: Sequence[str]) -> list[tuple[int, int]]:
    """Return which lines are most alike, by place, in the order of both sides."""
    olds, news = (
        [frozenset(_WORD.findall(line[1:_MAX_LINE])) for line in side] for side in (removed, added)
    )
    # best[i][j]: how much alike the lines from i and from j on are at most, if aligned in order.
    following = [0.0] * (len(news) + 1)
    best = [following]
    for i in range(len(olds) - 1, -1, -1):
        row = following.copy()
        near = i * len(news) // len(olds)
        for j in range(len(news) - 1, -1, -1):
            score = max(following[j], row[j + 1])
            if abs(j - near) <= _NEAR:
                alike = _likeness(olds[i], news[j])
                if alike >= _ALIKE:
                    score = max(score, alike + following[j + 1])
            row[j] = score
        following = row
        best.append(row)
    best.reverse()
    return list(_path(olds, news, best))


def _path(
    olds: Sequence[frozenset[str]], news: Sequence[frozenset[str]], best: Sequence[Sequence[float]]
) -> Iterator[tuple[int, int]]:
    """Yield the pairs of the best alignment."""
    i = j = 0
    while i < len(olds) and j < len(news):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            yield i, j
            i, j = i + 1, j + 1


def _likeness(old: frozenset[str], new: frozenset[str]) -> float:
    """Return the share of words that two lines have in common."""
    return 2 * len(old & new) / (len(old) + len(new) or 1)


def _pair(removed: str, added: str, tokenizer: Tokenizer) -> str:
    """Return the line that stands for both; empty when there is no shorter one."""
    old, new = removed[1:].rstrip("\r\n"), added[1:].rstrip("\r\n")
    ending = removed[1 + len(old) :]
    long = len(old) + len(new) > _MAX_LINE
    if long or old == new or any(mark in old or mark in new for mark in _MARKS):
        return ""
    words, others = _WORD.findall(old), _WORD.findall(new)
    written = [
        f"{MARK}{''.join(_marked(words, others, spans))}{ending}"
        for spans in _changes(words, others)
    ]
    tokens, line = min((tokenizer.count(line), line) for line in written)
    is_shorter = tokens < tokenizer.count(removed + added)
    return line if is_shorter and decode_pair(line) == (removed, added) else ""


def _changes(old: Sequence[str], new: Sequence[str]) -> Iterator[list[_Span]]:
    """Yield ways to say what changed: word by word, with near changes joined, and all as one."""
    opcodes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    spans = [_Span(*places) for tag, *places in opcodes if tag != "equal"]
    yield spans
    joined = spans[:1]
    for span in spans[1:]:
        last = joined[-1]
        if len("".join(old[last.old_end : span.old]).strip()) < _NEAR_WORDS:
            joined[-1] = _Span(last.old, span.old_end, last.new, span.new_end)
        else:
            joined.append(span)
    yield joined
    yield [_Span(spans[0].old, spans[-1].old_end, spans[0].new, spans[-1].new_end)]


def _marked(old: Sequence[str], new: Sequence[str], spans: Sequence[_Span]) -> Iterator[str]:
    """Yield the text of a line with marks around what changed."""
    place = 0
    for span in spans:
        yield from old[place : span.old]
        if span.old < span.old_end:
            yield f"[-{''.join(old[span.old : span.old_end])}-]"
        if span.new < span.new_end:
            yield f"{{+{''.join(new[span.new : span.new_end])}+}}"
        place = span.old_end
    yield from old[place:]
