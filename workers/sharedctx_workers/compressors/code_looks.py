"""Whether a text that no grammar reads is source code all the same: how its lines look."""

from __future__ import annotations

import re
from typing import NamedTuple

from sharedctx_workers.compressors.code_detect import (
    SYMBOLS,
    code_lines,
    ends_code,
    is_minified,
    likely_language,
    quotes_code,
    rules_in,
    uncommented,
)
from sharedctx_workers.compressors.code_words import (
    begins_block,
    defines,
    is_command,
    is_macro,
    is_prose,
    is_variable,
)

__all__ = ("ends_a_block", "reads_as_code")

_END = 200
_BEGIN = 20_000
# The head of a definition that needs no symbols.
_PLAIN = re.compile(r"\s*(?:\w+ ){1,3}[\w.]+(?: is| do)?")
# A last line that says that something ends.
_CLOSED = re.compile(r"\n\s*@?end(?: ?[\w.]+){0,2};?\s*$", re.IGNORECASE)
_MARKUP = re.compile(r"\s*<(?:\?xml|!DOCTYPE)\b")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


def reads_as_code(text: str, *, told: bool) -> bool:
    """Whether `text` reads as source code that can be outlined by its lines.

    Args:
        text: Any text.
        told: Whether someone says that it is; then little else is asked.
    """
    if is_minified(text) or _MARKUP.match(text) or _FENCE.search(uncommented(text), 0, _BEGIN):
        return False
    if told:
        return _looks_like_code(text, _FEW)
    likely = likely_language(text) or ends_a_block(text)
    return not quotes_code(text) and _looks_like_code(text, _SOME if likely else _MANY)


def ends_a_block(text: str) -> bool:
    """Whether the last line says in a word that something ends."""
    return _CLOSED.search(text[-_END:]) is not None


class _Least(NamedTuple):
    """What a sample must show to be code: definitions, and their share; symbols; prose at most."""

    definitions: int
    share: float
    symbols: float
    prose: float


_MANY = _Least(3, 0.02, 0.5, 0.1)
_SOME = _Least(1, 0.005, 0.4, 0.1)
_FEW = _Least(1, 0.0, 0.25, 0.4)
# What defines nothing is code if so many lines begin and end as those of programs do.
_COMMANDS = 0.6
# Definitions read like prose where types are words.
_TOLD = 0.3


def _looks_like_code(text: str, least: _Least) -> bool:
    """Whether a sample of the lines defines things, and reads as code does and not as prose."""
    lines = [line for line in code_lines(text) if line.strip()]
    defined = sum(1 for line in lines if _is_structure(line)) + rules_in("\n".join(lines))
    symbols = sum(1 for line in lines if SYMBOLS.search(line))
    ends = [line for line in lines if ends_code(line)]
    commands = len(ends) if defined else sum(map(is_command, ends))
    commands += sum(1 for line in lines if is_variable(line) and not ends_code(line))
    prose = sum(1 for line in lines if is_prose(line) and not _is_structure(line))
    size = len(lines)
    return (
        size > 2
        and (defined >= max(least.definitions, least.share * size) or commands >= _COMMANDS * size)
        and symbols >= least.symbols * size
        and prose <= max(least.prose * size, _TOLD * defined)
    )


def _is_structure(line: str) -> bool:
    """Whether a line is one of those that an outline is made of."""
    if begins_block(line):
        return True
    if not (defines(line.strip())[0] or is_macro(line)):
        return False
    return SYMBOLS.search(line) is not None or _PLAIN.fullmatch(line) is not None
