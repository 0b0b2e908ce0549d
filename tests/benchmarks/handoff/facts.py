"""What a receiver needs to know of what it was handed, and how it asks when it cannot tell."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.compression.documents import CorpusDocument
from tests.benchmarks.compression.needle_questions import make_needle
from tests.benchmarks.compression.probes import Probe, make_probes
from tests.benchmarks.handoff.swarm import NOTE, Handoff

__all__ = ("DETAIL_SHARE", "MUST_FACTS", "Fact", "facts_of")

MUST_FACTS: Final = 3
"""Facts in each handoff that whoever works with the content needs, such as an error."""
DETAIL_SHARE: Final = 0.5
"""Share of the handoffs whose receiver needs some detail besides, such as a field of one row."""
_AROUND_CHARS: Final = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a content.

    Attributes:
        question: What its receiver asks, which does not give the answer away.
        told: Whether a reader of a text can tell it.
        must: Whether everybody needs it; else it is a detail that one question is about.
    """

    question: str
    told: Callable[[str], bool]
    must: bool


def facts_of(handoff: Handoff, seed: int) -> list[Fact]:
    """Return what the receiver of `handoff` needs to know, chosen from the original alone."""
    content = handoff.content
    if content.kind == NOTE:
        return []
    numbers = random.Random(f"facts {seed} {handoff.number}")
    probes = _must_probes(content.document)
    chosen = numbers.sample(probes, min(MUST_FACTS, len(probes)))
    facts = [Fact(_question(probe, content.text), probe.found, must=True) for probe in chosen]
    if numbers.random() < DETAIL_SHARE:
        needle = make_needle(content.document, handoff.number)
        if needle is not None:
            facts.append(Fact(needle.question, needle.answered, must=False))
    return facts


@functools.lru_cache(maxsize=512)
def _must_probes(document: CorpusDocument) -> tuple[Probe, ...]:
    return tuple(probe for probe in make_probes(document) if probe.must)


def _question(probe: Probe, original: str) -> str:
    """Return the first half of the words of a fact, or what stands around a single word."""
    words = [word for word in probe.fact.split() if word not in {"…", "~"}]
    if len(words) > 1:
        return " ".join(words[: len(words) // 2])
    before, _, after = original.partition(probe.fact)
    around = " ".join((before[-_AROUND_CHARS:] + " " + after[:_AROUND_CHARS]).split())
    return around.replace(probe.fact, "") if after else probe.group
