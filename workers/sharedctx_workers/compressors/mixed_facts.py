"""How much of what cannot be guessed a part of a text says: numbers, names, and what is not so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sharedctx_workers.compressors.text_parts import Part, Role

__all__ = ("fact_densities",)

_FACT = re.compile(
    r"`[^`\n]{1,80}`"  # what the writer marked as a name
    r"|https?://[^\s)>\]]{1,200}"
    r"|\d(?:[\d.,:]{0,30}\d)?"
    r"|\w{0,60}[a-z][A-Z]\w{0,60}|\w{1,60}_\w{1,60}"
    r"|--[a-z][\w-]{0,40}"
    r"|(?<=[a-z,;] )[A-Z]\w{1,40}(?: [A-Z]\w{1,40}){0,3}"
    r"|[A-Z]\w{1,40}(?: [A-Z]\w{1,40}){1,3}"
)
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|nor|without|cannot|unless|except|only|must)\b|n['’]t\b",
    re.IGNORECASE,
)
_OVERHEAD = 12  # characters that keeping any part costs beside its own


def fact_densities(text: str, parts: Sequence[Part]) -> list[float]:
    """Return how many new facts each part states for its length."""
    seen: set[str] = set()
    densities = []
    for part in parts:
        source = text[part.start : part.end]
        facts = set(_FACT.findall(source))
        negations = len(_NEGATION.findall(source)) if part.role is not Role.CODE else 0
        gain = len(facts - seen) + 0.1 * len(facts & seen) + 3 * negations
        densities.append(gain / (len(source.strip()) + _OVERHEAD))
        seen |= facts
    return densities
