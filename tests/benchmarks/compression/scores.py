"""Scores of renditions, and their means over documents and kinds."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.benchmarks.compression.documents import KINDS, CorpusDocument
from tests.benchmarks.compression.probes import Probe
from tests.benchmarks.compression.systems import Rendition

__all__ = ("Mean", "Score", "mean", "mean_of_kinds", "score", "share", "worst")


@dataclass(frozen=True, slots=True)
class Score:
    """How well a system did on a document; shares are 0.0 to 1.0, None when nothing was asked."""

    kind: str
    name: str
    test: bool
    system: str
    label: str
    original_tokens: int
    tokens: int
    must: float | None
    information: float | None
    seconds: float
    missed: tuple[str, ...] = ()

    @property
    def saved(self) -> float:
        """Share of the tokens that a reader is spared; negative when there are more."""
        return 1 - self.tokens / self.original_tokens if self.original_tokens else 0.0


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean scores over documents, or over kinds."""

    documents: int
    saved: float | None
    must: float | None
    information: float | None
    seconds: float


def share(found: Iterable[bool]) -> float | None:
    """Return the share of true values, None of no values."""
    values = list(found)
    return sum(values) / len(values) if values else None


def score(
    document: CorpusDocument,
    original_tokens: int,
    rendition: Rendition,
    probes: Sequence[Probe],
) -> Score:
    """Ask `rendition` of `document` all `probes`."""
    answers = [(probe, probe.found(rendition.text)) for probe in probes]
    return Score(
        kind=document.kind,
        name=document.name,
        test=document.test,
        system=rendition.system,
        label=rendition.label,
        original_tokens=original_tokens,
        tokens=rendition.tokens,
        must=share(found for probe, found in answers if probe.must),
        information=share(found for probe, found in answers if not probe.must),
        seconds=rendition.seconds,
        missed=tuple(probe.describe() for probe, found in answers if probe.must and not found),
    )


def mean(scores: Sequence[Score]) -> Mean:
    """Return the mean over documents: each counts the same, whatever its size."""
    return Mean(
        len(scores),
        _mean(each.saved for each in scores),
        _mean(each.must for each in scores),
        _mean(each.information for each in scores),
        sum(each.seconds for each in scores),
    )


def mean_of_kinds(scores: Sequence[Score]) -> Mean:
    """Return the mean over kinds: each counts the same, however many documents it has."""
    kinds = [mean(own) for kind in KINDS if (own := [s for s in scores if s.kind == kind])]
    return Mean(
        len(scores),
        _mean(each.saved for each in kinds),
        _mean(each.must for each in kinds),
        _mean(each.information for each in kinds),
        sum(each.seconds for each in scores),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known else None


def worst(scores: Sequence[Score], count: int) -> list[Score]:
    """Return the scores with the least recall, and of equal ones those that save least."""
    return sorted(scores, key=lambda s: (1.0 if s.must is None else s.must, s.saved))[:count]
