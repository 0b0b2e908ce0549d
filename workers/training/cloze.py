"""Answers that a reader could be asked for: spans of held-back passages, without questions.

Settings are chosen on these. They are drawn in the proportions of what people ask about a
paragraph: numbers and dates, names, noun phrases, and a few verbs and adjectives.
"""

from __future__ import annotations

import random
from typing import Any, Final

from training.words import Span

__all__ = ("answers",)

_NUMBERS: Final = frozenset({"CARDINAL", "DATE", "MONEY", "ORDINAL", "PERCENT", "QUANTITY", "TIME"})
_SHARES: Final = {"number": 0.2, "name": 0.33, "phrase": 0.35, "verb": 0.06, "adjective": 0.06}


def answers(parsed: Any, count: int, seed: int) -> list[Span]:
    """Return up to `count` spans of a spaCy document, drawn with a fixed `seed`."""
    choice = random.Random(seed)
    pools: dict[str, list[Span]] = {name: [] for name in _SHARES}
    for entity in parsed.ents:
        pools["number" if entity.label_ in _NUMBERS else "name"].append(_span(entity))
    for chunk in parsed.noun_chunks:
        if chunk.root.pos_ != "PRON" and not any(token.ent_type_ for token in chunk):
            pools["phrase"].append(_span(chunk))
    for token in parsed:
        place = (token.idx, token.idx + len(token.text))
        if token.pos_ == "VERB" and not token.is_stop:
            pools["verb"].append(place)
        elif token.pos_ == "ADJ" and token.dep_ in {"acomp", "attr"}:
            pools["adjective"].append(place)
    drawn: set[Span] = set()
    for _ in range(count * 3):
        name = choice.choices(list(_SHARES), list(_SHARES.values()))[0]
        if pools[name] and len(drawn) < count:
            drawn.add(choice.choice(pools[name]))
    return sorted(drawn)


def _span(part: Any) -> Span:
    return (part.start_char, part.end_char)
