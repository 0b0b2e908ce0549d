"""Probes of source code: every definition, signature and import."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from tests.benchmarks.compression.probes.code_grammar import (
    Definition,
    Outline,
    language_of,
    outline,
)
from tests.benchmarks.compression.probes.probe import INFORMATION, Probe, generator, has, in_order
from tests.benchmarks.compression.probes.view import plain

__all__ = ("code_probes",)


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_KEYWORDS = _set(
    "def class function func fn struct interface enum type trait mod module namespace union "
    "record macro_rules typedef"
)
_PLAIN_DEFINITION = re.compile(
    r"^\s*(?:(?:export|pub|public|private|protected|static|async|local|abstract|final)\s+)*"
    r"(def|class|function|func|fn|struct|interface|enum|type|trait|module|namespace|sub|proc)\s+"
    r"([A-Za-z_]\w*)",
    re.MULTILINE,
)
_PLAIN_IMPORT = re.compile(
    r"^\s*((?:import|from|use|using|require|include|#include)\b.*)$", re.MULTILINE
)
_IDENTIFIER = re.compile(r"\b[A-Za-z_]\w{3,}")
_WORD = re.compile(r"[\w$@./-]+")
# "#!/usr/bin/env python3", "# -*- shell-script -*-"
_MODE = re.compile(r"(?:#!.*\b|-\*- *(?:mode: *)?)(python|bash|sh|shell|ruby|node|php)")
_MODES = {"node": "javascript", "sh": "bash", "shell": "bash"}


def code_probes(text: str, hint: str | None = None) -> Iterator[Probe]:
    """Yield the probes of source code.

    Args:
        text: The source.
        hint: A file name, or the language as a fence names it.
    """
    language = language_of(hint) if hint else None
    if language is None and (mode := _MODE.search(text[:200])):
        language = _MODES.get(mode[1], mode[1])
    found = outline(text, language) if language else _plain_outline(text)
    seen = set()
    for definition in found.definitions:
        if definition not in seen:
            seen.add(definition)
            yield from map(_in_code, _definition_probes(definition))
    for words in dict.fromkeys(found.imports):
        window = 2 * sum(len(word) + 2 for word in words) + 40
        yield _in_code(in_order("import", words, window=window))
    yield from _random_identifiers(text)


def _in_code(probe: Probe) -> Probe:
    """Return `probe` for what stands outside of notes: a note names what is called, too."""
    return replace(probe, check=lambda view: probe.check(view.without_notes))


def _definition_probes(definition: Definition) -> Iterator[Probe]:
    must = not definition.local
    group = "constant" if definition.constant else "definition"
    if definition.local:
        group = "local definition"
    if definition.keyword in _KEYWORDS:
        words = (definition.keyword, definition.name)
        yield in_order(group, words, window=len(definition.name) + 30, must=must)
    else:
        yield has(group, definition.name, must=must)
    if definition.parameters and must:
        window = definition.length + definition.length // 2 + 40
        yield in_order("signature", (definition.name, *definition.parameters), window=window)


def _plain_outline(text: str) -> Outline:
    """Return definitions and imports of a language that has no grammar here."""
    return Outline(
        [Definition(match[2], match[1]) for match in _PLAIN_DEFINITION.finditer(text)],
        [tuple(_WORD.findall(plain(match[1]))) for match in _PLAIN_IMPORT.finditer(text)],
    )


def _random_identifiers(text: str) -> Iterator[Probe]:
    """Yield random identifiers: what bodies use."""
    names = list(dict.fromkeys(_IDENTIFIER.findall(plain(text))))
    for name in generator(text).sample(names, min(INFORMATION, len(names))):
        yield has("random identifier", name, must=False)
