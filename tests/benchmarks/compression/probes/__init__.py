"""Fidelity probes: what a rendition must still tell, made from the original alone.

They know nothing of the compressors: originals are read with other parsers, and a rendition is only
searched as a reader would. So they are the same for every system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tests.benchmarks.compression.documents import CorpusDocument
from tests.benchmarks.compression.probes.code_facts import code_probes
from tests.benchmarks.compression.probes.diff_facts import diff_probes
from tests.benchmarks.compression.probes.json_facts import json_probes
from tests.benchmarks.compression.probes.log_facts import log_probes
from tests.benchmarks.compression.probes.mixed_facts import mixed_probes
from tests.benchmarks.compression.probes.probe import INFORMATION, Probe, evenly
from tests.benchmarks.compression.probes.search_facts import search_probes
from tests.benchmarks.compression.probes.table_facts import table_probes
from tests.benchmarks.compression.probes.text_facts import text_probes

__all__ = ("Probe", "candidates", "make_probes")

_PROBERS: Mapping[str, Callable[[str], Iterator[Probe]]] = {
    "json": json_probes,
    "log": log_probes,
    "search": search_probes,
    "diff": diff_probes,
    "table": table_probes,
    "text": text_probes,
    "mixed": mixed_probes,
}


def make_probes(document: CorpusDocument) -> list[Probe]:
    """Return the probes of `document`.

    A probe that the original itself does not answer is ill-made and left out.
    """
    return [probe for probe in candidates(document) if probe.found(document.text)]


def candidates(document: CorpusDocument) -> list[Probe]:
    """Return all probes of `document`, each fact once, evenly sampled in large groups."""
    made = _made(document)
    groups: dict[tuple[bool, str], dict[str, Probe]] = {}
    for probe in made:
        groups.setdefault((not probe.must, probe.group), {}).setdefault(probe.fact, probe)
    return [
        probe
        for (optional, _), group in sorted(groups.items())
        for probe in (
            evenly(group.values(), 3 * INFORMATION) if optional else evenly(group.values())
        )
    ]


def _made(document: CorpusDocument) -> Iterator[Probe]:
    """Yield the probes of `document`: of its parts, and of what stands between them."""
    if document.kind == "code":
        yield from code_probes(document.text, document.filename or document.name)
    elif not document.parts:
        yield from _PROBERS[document.kind](document.text)
    rest = document.text
    for part in document.parts:
        yield from _made(part)
        rest = rest.replace(part.text, "", 1)
    if document.parts:
        yield from text_probes(rest)
