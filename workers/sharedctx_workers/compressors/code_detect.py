"""Which language a text is written in, if it is source code: the one that parses it best."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from sharedctx_workers.compressors.code_folds import Fold, definitions, find_folds
from sharedctx_workers.compressors.code_parse import Parsed, parse_code
from sharedctx_workers.compressors.languages import LANGUAGES, Language

__all__ = ("Code", "detect", "read_as")

_SAMPLE = 40_000
_TRIALS = 3
_MAX_CODE = 8_000_000
# No code nests so many angle brackets; parsers that keep every reading of them open explode.
_KNOT = re.compile(r"(?:<[^<>;{}\n]{0,80}){64}")
# Lines that look like a language, of all: this many make it worth a trial, or beyond doubt.
_FEW_TELLS = 0.02
_MANY_TELLS = 0.25


class Code(NamedTuple):
    """A text that is source code."""

    language: Language
    parsed: Parsed
    root: Fold


def read_as(text: str, language: Language) -> Code | None:
    """Return `text` read as `language`, whether it is or not; None if it is hopeless."""
    parsed = parse_code(text, language)
    return None if parsed is None else Code(language, parsed, find_folds(parsed, language))


@lru_cache(maxsize=1)
def detect(text: str, language: str = "") -> Code | None:
    """Return `text` as source code of the language that parses it best; None if none does.

    Only `language` is tried when one is named. The last answer is remembered, because whoever
    compresses a text verifies the result next.
    """
    if len(text) > _MAX_CODE or _KNOT.search(text):
        return None
    best: Code | None = None
    for candidate, tells in _named(text, language) if language else _candidates(text):
        parsed = parse_code(text, candidate)
        if parsed is None or parsed.damage > candidate.tolerance * len(text):
            continue
        if best is not None and parsed.damage >= best.parsed.damage:
            continue
        code = Code(candidate, parsed, find_folds(parsed, candidate))
        plain = tells >= _MANY_TELLS or text.startswith("#!")
        if _has_structure(code) or (plain and not parsed.errors):
            best = code
            if not parsed.errors:
                break
    return best


def _named(text: str, name: str) -> list[tuple[Language, float]]:
    """Return the language of that name, if there is one; any line that looks like it will do."""
    language = LANGUAGES.get(name)
    if language is None:
        return []
    return [(language, 1.0 if language.tells.search(text[:_SAMPLE]) else 0.0)]


def _candidates(text: str) -> list[tuple[Language, float]]:
    """Return the languages worth a trial and the share of lines that look like them, best first."""
    sample = text[:_SAMPLE]
    lines = sum(1 for line in sample.splitlines() if line.strip())
    if lines < 2:
        return []
    counts = {
        name: sum(1 for _ in language.tells.finditer(sample))
        for name, language in LANGUAGES.items()
    }
    if counts["php"]:
        return [(LANGUAGES["php"], 0.0)]
    # Prose that quotes some code is not parsed at all: what does not parse takes longest.
    likely = [name for name, count in counts.items() if count >= max(1, _FEW_TELLS * lines)]
    likely.sort(key=lambda name: -counts[name])
    return [(LANGUAGES[name], counts[name] / lines) for name in likely[:_TRIALS]]


def _has_structure(code: Code) -> bool:
    """Whether something is defined or imported, and not just in passing."""
    defined = sum(1 for _ in definitions(code.root))
    imported = len(code.root.imports)
    return defined + imported > 1 or (defined > 0 and not code.parsed.errors)
