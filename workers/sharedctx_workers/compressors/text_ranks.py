"""How soon a reader of prose needs each part of it.

Facts come first: numbers, names of things, what is not so, the headings, the first words of every
section. A text is read in the order that states most of them in the fewest tokens. Beside them a
part counts for what it is about (words the text keeps coming back to), for signs of trouble, for
its place, and less for what was said before.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from sharedctx.ranking import COMMON_WORDS, words
from sharedctx.segments import TARGET
from sharedctx_workers.compressors.text_cover import cover
from sharedctx_workers.compressors.text_facts import facts_of
from sharedctx_workers.compressors.text_mentions import mentions_of
from sharedctx_workers.compressors.text_parts import Part, Role

__all__ = ("SHARE", "Ranking", "rank_parts")

SHARE = 0.8
"""What the default rendering takes at most of prose, whose facts are spread thinly."""


_TROUBLE = frozenset(
    "error errors fail failed fails failure failures exception traceback fatal critical panic "  # noqa: SIM905  # words read best as words
    "crash crashed warning warnings denied refused rejected invalid corrupt timeout unavailable "
    "bug important must required note caution danger deprecated breaking vulnerability".split()
)
_NEGATIONS = frozenset(
    ("no", "not", "never", "none", "nothing", "neither", "nor", "without", "cannot", "unless")
)
_NAMES = re.compile(r"`[^`\n]{1,80}`|https?://|\w/\w|\w_\w|[a-z][A-Z]|\w\(\)|--\w|\w\.\w")
_DIGITS = str.maketrans("0123456789", "0000000000")
_LITERAL = frozenset((Role.CODE, Role.LINE))
_OWN_SHARE = 0.6
_CHARS_PER_TOKEN = 4.2
_FIRST = 0.001  # nothing of a text is required whatever it costs
_SHORT = 4  # lines of a block that is there to be copied, with its fences and a blank one
_FAIR = TARGET  # of a text that states few facts, or the same again and again


class Ranking(NamedTuple):
    """The ranks of the parts of a text.

    Attributes:
        ranks: Rank of each part, smallest for what is needed first; at 1.0 the parts so far take
            the share of the text that was given.
        enough: The rank at which nearly every fact is stated and a fair share of the text is shown.
        mentions: What to mention of each part where it is left out; nothing of those that the
            default rendering shows.
    """

    ranks: list[float]
    enough: float
    mentions: list[tuple[str, ...]]


def rank_parts(
    text: str,
    parts: Sequence[Part],
    share: float = SHARE,
    asides: AbstractSet[int] = frozenset(),
) -> Ranking:
    """Return the ranks of the parts of `text`.

    Args:
        text: The text.
        parts: Its parts.
        share: How much of it is to be shown at most.
        asides: Indices of parts that come after all others, such as the targets of links.
    """
    worth = _smoothed(parts, _scores(text, parts))
    if worth:
        worth[0] += 2
        worth[-1] += 0.5
    costs = [(part.end - part.start) / _CHARS_PER_TOKEN for part in parts]
    facts = _facts(text, parts)
    order, covered, new = cover(
        [frozenset() if i in asides else stated for i, stated in enumerate(facts)], worth, costs
    )
    shown = set(order[:covered]).difference(asides)
    order = [*(i for i in order if i not in asides), *sorted(asides)]
    ranks = [0.0] * len(parts)
    taken, whole = 0.0, share * sum(costs) or 1.0
    enough = _FAIR / share
    for i in order:
        ranks[i] = _FIRST + taken / whole
        taken += costs[i]
        if i in shown:
            enough = max(enough, ranks[i])
    known = set[str]().union(*new)
    for i in sorted(asides):
        new[i] = facts[i] - known
        known |= new[i]
    last = min(enough, 1.0)
    mentions = [
        mentions_of(part, text[part.start : part.end], told) if rank > last or i in asides else ()
        for i, (part, rank, told) in enumerate(zip(parts, ranks, new, strict=True))
    ]
    return Ranking(ranks, enough, mentions)


def _facts(text: str, parts: Sequence[Part]) -> list[frozenset[str]]:
    """Return the facts that each part states; what structures the text counts as some itself."""
    stated = []
    after_heading = True
    for i, part in enumerate(parts):
        facts = facts_of(text[part.start : part.end], is_code=part.role is Role.CODE)
        is_heading = part.role is Role.HEADING
        is_short = part.role is Role.CODE and part.opens and part.amount <= _SHORT
        is_head = part.role is Role.LINE and part.opens and part.amount > 1  # of a table
        if is_heading or after_heading or is_head or is_short or part.role is Role.ITEM:
            facts.append(f"\n{i}")
        if is_heading or after_heading or is_head:
            facts.append(f"\n\n{i}")
        if part.role in _LITERAL and not _TROUBLE.isdisjoint(words(text[part.start : part.end])):
            facts.append(f"\n{i}")
        after_heading = is_heading
        stated.append(frozenset(facts))
    return stated


def _scores(text: str, parts: Sequence[Part]) -> list[float]:
    bags = [words(text[part.start : part.end]) for part in parts]
    contents = [{word for word in bag if word not in COMMON_WORDS} for bag in bags]
    spread = Counter(word for content in contents for word in content)
    top = math.log(1 + max(spread.values(), default=1))
    weights = {word: math.log(count) / top for word, count in spread.items()}
    seen: set[str] = set()
    said: Counter[str] = Counter()
    scores = []
    after_heading = False
    for part, bag, content in zip(parts, bags, contents, strict=True):
        source = text[part.start : part.end]
        key = source.strip().translate(_DIGITS)[:200]
        score = _score(part, bag, content, source)
        # fsum, because the order of a set depends on the hash seed and plain sums on the order.
        score += math.fsum(weights[word] for word in content) / (len(content) + 4)
        score += 0.3 * len(content - seen) / (len(content) + 4)
        score += 0.3 * (after_heading and part.role is Role.SENTENCE)
        after_heading = part.role is Role.HEADING
        scores.append(score - min(1.0, 0.5 * said[key]))
        said[key] += 1
        seen |= content
    return scores


def _score(part: Part, bag: Sequence[str], content: set[str], source: str) -> float:
    """Return what counts for a part whatever the rest of the text says."""
    if part.role is Role.HEADING:
        return 0.8
    score = 0.25 * part.opens
    score += 0.4 * (not _TROUBLE.isdisjoint(content))
    score += 0.15 * (not _NEGATIONS.isdisjoint(bag))
    score += 0.15 * any(word[0].isdigit() for word in content)
    score += 0.15 * bool(_NAMES.search(source))
    score -= 0.4 * (len(bag) < 4) + 0.3 * (part.role in _LITERAL) + (not bag)
    return score


def _smoothed(parts: Sequence[Part], scores: Sequence[float]) -> list[float]:
    """Mix each score with those of its neighbors in the same block."""
    share = (1 - _OWN_SHARE) / 2
    smoothed = []
    for i, score in enumerate(scores):
        before = scores[i - 1] if i and not parts[i].opens else score
        after = scores[i + 1] if i + 1 < len(parts) and not parts[i + 1].opens else score
        smoothed.append(_OWN_SHARE * score + share * (before + after))
    return smoothed
