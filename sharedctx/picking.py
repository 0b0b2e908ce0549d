"""Which segments of a document fit a budget, once the notes for the others are paid for.

Keeping a segment in the middle of an elided run splits one note into two; keeping the last one of a
run saves its note; a run that is shorter than its note is kept for nothing. So the price of a
segment depends on its neighbors, and is asked anew at every pick.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain

from sharedctx.lines import LineIndex
from sharedctx.notes import Elision, write_aside, write_note
from sharedctx.segments import EXTRA, REQUIRED, Document, Segment
from sharedctx.tokens import Tokenizer

__all__ = ("IndexSet", "Runs", "pick")

# After so many segments in a row that did not fit, the rest is taken not to fit either.
_PATIENCE = 256
# No note is shorter than this many tokens, so what is shorter is never left out.
_FREE = 4
# The most of a budget that goes to names of what is left out.
_MENTIONS = 0.4
_WORD = 1024


class IndexSet:
    """A set of integers below `size` that finds neighbors fast: bits in two levels."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._words = [0] * (size // _WORD + 1)
        self._used = 0

    def __contains__(self, index: int) -> bool:
        return bool(self._words[index // _WORD] >> index % _WORD & 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IndexSet) and self._words == other._words

    __hash__ = None  # type: ignore[assignment]  # mutable

    def add(self, index: int) -> None:
        """Add `index`."""
        self._words[index // _WORD] |= 1 << index % _WORD
        self._used |= 1 << index // _WORD

    def discard(self, index: int) -> None:
        """Take `index` out, if it is a member."""
        at = index // _WORD
        self._words[at] &= ~(1 << index % _WORD)
        if not self._words[at]:
            self._used &= ~(1 << at)

    def before(self, index: int) -> int:
        """Return the largest member below `index`, or -1."""
        at, bit = divmod(index, _WORD)
        word = self._words[at] & ((1 << bit) - 1)
        if not word:
            at = (self._used & ((1 << at) - 1)).bit_length() - 1
            if at < 0:
                return -1
            word = self._words[at]
        return at * _WORD + word.bit_length() - 1

    def after(self, index: int) -> int:
        """Return the smallest member above `index`, or `size`."""
        at, bit = divmod(index, _WORD)
        word = self._words[at] >> (bit + 1) << (bit + 1)
        if not word:
            used = self._used >> (at + 1) << (at + 1)
            if not used:
                return self._size
            at = (used & -used).bit_length() - 1
            word = self._words[at]
        return at * _WORD + (word & -word).bit_length() - 1


class Runs:
    """What it takes to leave out any run ``segments[i:j]`` of a document.

    Of what they leave out, notes mention as many names as a share of `budget` holds, short ones
    rather, and none where all of them would take all of it.
    """

    def __init__(
        self, document: Document, original: str, tokenizer: Tokenizer, budget: float = math.inf
    ) -> None:
        self.segments = document.segments
        self._style = document.note_style
        self._count = tokenizer.count
        self._stand_ins: dict[str, int] = {}
        self._notes: dict[tuple[int, ...], int] = {}
        self._tokens = [0, *accumulate(map(self._kept_tokens, self.segments))]
        self._units = list(dict.fromkeys(segment.unit for segment in self.segments))
        self._sums = [
            [0, *accumulate(s.count if s.unit == unit else 0 for s in self.segments)]
            for unit in self._units
        ]
        self._extras = [0, *accumulate(segment.unit == EXTRA for segment in self.segments)]
        self._longest = self._longest_mention(budget)
        self._mentions = [0, *accumulate(map(self._mentioned_tokens, self.segments))]
        self._numbered = [i for i, segment in enumerate(self.segments) if segment.first]
        index = LineIndex(original)
        self._lines = [_lines(index, original, s) for s in self.segments] if len(index) > 1 else []

    def _kept_tokens(self, segment: Segment) -> int:
        """Tokens that a segment has when it is kept, with its note."""
        note = segment.note
        return segment.tokens + (self._count(write_aside(note, self._style)) if note else 0)

    def _longest_mention(self, budget: float) -> int:
        """Return the tokens of the longest names that notes mention; 0 if they mention none."""
        mentions = chain.from_iterable(segment.mentions for segment in self.segments)
        sizes = sorted(map(self._mention_tokens, mentions))
        if not sizes or sum(sizes) > budget:
            return 0
        fitting = bisect_right(list(accumulate(sizes)), _MENTIONS * budget)
        return sizes[-1] if fitting == len(sizes) else sizes[fitting] - 1

    def _mention_tokens(self, mention: str) -> int:
        return self._count(f" {mention},")

    def _told(self, segment: Segment) -> Iterator[str]:
        """Yield what is mentioned of a segment that is left out."""
        return (said for said in segment.mentions if self._mention_tokens(said) <= self._longest)

    def _mentioned_tokens(self, segment: Segment) -> int:
        return sum(map(self._mention_tokens, self._told(segment)))

    def tokens(self, i: int, j: int) -> int:
        """Tokens that the run has when it is kept, up to merges at the seams."""
        return self._tokens[j] - self._tokens[i]

    def is_extra(self, i: int, j: int) -> bool:
        """Whether the run only repeats what others tell, so that no note is due for it."""
        return self._extras[j] - self._extras[i] == j - i

    def stood_in(self, i: int, j: int) -> int:
        """How many segments of the run, which comes after a kept one, its stand-in stands for."""
        if not 0 < i < j:
            return 0
        first = self.segments[i]
        return first.stands_for if first.stand_in and i + first.stands_for <= j else 0

    def untold(self, i: int, j: int, kept: IndexSet | None = None) -> int:
        """Return where the run ends without those at its end that a later stand-in tells of.

        Args:
            i: Where the run starts.
            j: Where it ends.
            kept: The segments that are kept; without it stand-ins are taken to be shown.
        """
        start = i + self.stood_in(i, j)
        while j > start and (told_by := self.segments[j - 1].told_by):
            if kept is not None and not self._shows_stand_in(j - 1 + told_by, kept):
                break
            j -= 1
        return j

    def _shows_stand_in(self, i: int, kept: IndexSet) -> bool:
        """Whether segment `i` and more are left out and its stand-in is in their place."""
        if i in kept or i - 1 not in kept:
            return False
        j = kept.after(i)
        return self.stood_in(i, j) > 0 and not self.is_free(i, j)

    def note(self, i: int, j: int) -> str:
        """Return the note for the run, in the style of the document."""
        return self._bare_note(i, j, self._mentioned(i, j))

    def _bare_note(self, i: int, j: int, mentions: Sequence[str]) -> str:
        amounts = zip(self._units, self._sums, strict=True)
        counts = {unit: sums[j] - sums[i] for unit, sums in amounts if sums[j] > sums[i]}
        if self._lines and counts.keys() <= {*self._style.implied}:
            counts = {}
        lines = (self._lines[i][0], self._lines[j - 1][1]) if self._lines else None
        note = write_note(Elision(counts, self._numbers(i, j), lines, mentions))
        return f"{self._style.before}{note}{self._style.after}"

    def _mentioned(self, i: int, j: int) -> list[str]:
        if self._mentions[i] == self._mentions[j]:
            return []
        return list(dict.fromkeys(chain.from_iterable(map(self._told, self.segments[i:j]))))

    def _numbers(self, i: int, j: int) -> tuple[int, int] | None:
        """Numbers of the units that have some, if they are one unbroken sequence of one unit."""
        start, end = bisect_left(self._numbered, i), bisect_left(self._numbered, j)
        if start == end:
            return None
        first, last = (self.segments[self._numbered[at]] for at in (start, end - 1))
        sums = self._sums[self._units.index(first.unit)]
        stop = last.first + last.count
        unbroken = first.unit == last.unit and stop - first.first == sums[j] - sums[i]
        return (first.first, stop - 1) if unbroken else None

    def cost(self, i: int, j: int) -> int:
        """Tokens that the run takes when it is left out; at most what it takes when kept."""
        if self.is_extra(i, j):
            return 0
        kept = self._tokens[j] - self._tokens[i]
        if kept <= _FREE:
            return kept
        cost = 0
        if stood_in := self.stood_in(i, j):
            cost, i = self._stand_in_cost(i), i + stood_in
        j = self.untold(i, j)
        if i < j:
            cost += self._note_cost(i, j)
        return min(cost, kept)

    def is_free(self, i: int, j: int) -> bool:
        """Whether keeping the run costs no more than saying that it is left out."""
        return self.cost(i, j) == self.tokens(i, j)

    def _stand_in_cost(self, i: int) -> int:
        text = self.segments[i].stand_in
        if text not in self._stand_ins:
            self._stand_ins[text] = self._count(text)
        return self._stand_ins[text]

    def _note_cost(self, i: int, j: int) -> int:
        """Tokens of the note for the run, or of one that is alike: same units, similar numbers.

        Names are counted one by one, as if there was room for all of them.
        """
        alike = [(sums[j] - sums[i]).bit_length() for sums in self._sums]
        if self._lines:
            first, last = self._lines[i][0], self._lines[j - 1][1]
            alike.append((last.bit_length() << 1) + (first == last))
        key = tuple(alike)
        cost = self._notes.get(key)
        if cost is None:
            cost = self._notes[key] = self._count(self._bare_note(i, j, ()))
        return cost + self._mentions[j] - self._mentions[i]


def _lines(index: LineIndex, original: str, segment: Segment) -> tuple[int, int]:
    """Lines of a segment, not counting the white space around what it says."""
    start, end = segment.span
    source = original[start:end]
    body = source.strip()
    if body:
        start += source.index(body[0])
        end = start + len(body)
    return index.lines_of(start, end)


class _Choice:
    """Segments kept so far, and what the result is going to cost."""

    def __init__(self, runs: Runs, kept: Iterable[int]) -> None:
        self._runs = runs
        self._costs: dict[int, int] = {}  # of elided runs, by their start
        self.kept = IndexSet(len(runs.segments))
        self.spent = start = 0
        for i in kept:
            for index in self._chain(i):
                self.kept.add(index)
        size = len(runs.segments)
        while start <= size:
            end = self.kept.after(start - 1)
            self._costs[start] = runs.cost(start, end)
            self.spent += self._costs[start] + (runs.tokens(end, end + 1) if end < size else 0)
            start = end + 1

    def keep(self, i: int, budget: int) -> bool:
        """Keep segment `i` and what it needs, if that fits; return whether it does."""
        steps: list[tuple[int, int, int]] = []
        for index in self._chain(i):
            left, right = self.kept.before(index) + 1, self.kept.after(index)
            steps.append((index, left, self._costs[left]))
            before, after = self._runs.cost(left, index), self._runs.cost(index + 1, right)
            self.spent += self._runs.tokens(index, index + 1) + before + after - self._costs[left]
            self._costs[left] = before
            self._costs[index + 1] = after
            self.kept.add(index)
        if self.spent <= budget:
            return True
        spent = self.spent
        for index, left, cost in reversed(steps):
            spent += cost - self._costs[left] - self._costs.pop(index + 1)
            spent -= self._runs.tokens(index, index + 1)
            self._costs[left] = cost
            self.kept.discard(index)
        self.spent = spent
        return False

    def _chain(self, i: int) -> list[int]:
        """Segment `i` and those it needs that are not kept yet, outermost first."""
        chain = [i]
        while (needs := self._runs.segments[i].needs) and (i := i - needs) not in self.kept:
            chain.append(i)
        return chain[::-1]


def pick(
    runs: Runs, budget: int, *, keep_required: bool = False, up_to: float = math.inf
) -> IndexSet:
    """Return the segments to keep for `budget` tokens, an estimate good to a few percent.

    Args:
        runs: The segments.
        budget: Tokens to spend.
        keep_required: Keep what is `REQUIRED` whatever it costs.
        up_to: Keep nothing of a larger rank.
    """
    segments = runs.segments
    required = (i for i, segment in enumerate(segments) if segment.rank <= REQUIRED)
    choice = _Choice(runs, required if keep_required else ())
    if choice.spent > budget:
        return choice.kept
    misses = 0
    for i in sorted(range(len(segments)), key=lambda index: segments[index].rank):
        if segments[i].rank > up_to:
            break
        if i in choice.kept or (segments[i].is_lead and i + 1 not in choice.kept):
            continue
        if choice.keep(i, budget):
            misses = 0
        elif (misses := misses + 1) > _PATIENCE:
            break
    return choice.kept
