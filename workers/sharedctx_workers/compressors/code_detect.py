"""Which language a text is written in, if it is source code: the one that parses it best.

Parsing decides, and takes longest, so a sample of the lines that are no comments tells first
whether a text looks like code at all, and in which order languages are tried.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from sharedctx_workers.compressors.code_folds import Fold, definitions, find_folds
from sharedctx_workers.compressors.code_parse import Parsed, fails_early, parse_code
from sharedctx_workers.compressors.languages import LANGUAGES, Language

__all__ = (
    "SYMBOLS",
    "Code",
    "code_lines",
    "detect",
    "ends_code",
    "is_minified",
    "likely_language",
    "quotes_code",
    "read_as",
    "rules_in",
    "uncommented",
)

SYMBOLS = re.compile(r"[(){}\[\]=<>;_$@\\|&]")
"""Matches what is in most lines of code and in few of prose."""

_MAX_CODE = 8_000_000
# No code nests so many angle brackets; parsers that keep every reading of them open explode.
_BRACKETS = 64
_KNOT = re.compile(rf"(?:<[^<>;{{}}\n]{{0,80}}){{{_BRACKETS}}}")
_MAX_SAMPLED = 200_000
_WINDOWS = 8
_WINDOW = 1_000
_LONG_LINE = 400
_COMMENT = re.compile(r"\s*(?:$|//|/?\*|--|#(?!include|define|undef|if|el|end|pragma|!|\[)|;|%)")
# A block of comment that begins a line, to its end; a doc string or a text of several lines. That
# each begins with one of a few characters makes the search several times faster.
_BLOCK = re.compile(
    r"[\n=(,:\[{](?:"
    r"(?<=\n)(?:[ \t]*+(?:/\*.*?(?:\*/|\Z)|\{-.*?(?:-\}|\Z)|<#.*?(?:#>|\Z)|\(\*.*?(?:\*\)|\Z)"
    r"|\{[^{};=]*\}|--\[\[.*?(?:\]\]|\Z)|#\[(=*)\[.*?(?:\]\1\]|\Z)"
    r"|(?:@\w+ )?(?:[bfruBFRU]{0,2}|~[sS])(\"\"\"|''').*?(?:\2|\Z))"
    r"|=[a-z]\w*[ \n].*?(?:^=cut|\Z)|[ \t]++\"[A-Za-z][^\"\n]*\n[^\"]*\")"
    r"|(?<=:)doc \"[A-Za-z][^\"\n]*\n[^\"]*\""
    r"|(?<!\n) ?(?:[bfruBFRU]{0,2}|~[sS])(\"\"\"|''').*?(?:\3|\Z))",
    re.MULTILINE | re.DOTALL,
)
_STATEMENT = re.compile(r"[;{}](?=\S)")
_CODE_END = re.compile(r"[;{}()\[\],=>|&\\]\s*(?:(?:#|//) .*)?$")
# What is at the margin of a module of data, but for what runs there: names bound, ends of tables.
_BOUND = re.compile(r"[A-Za-z_]\w*(?:: [^=\n]{1,80})? = \S|[)\]}]")
_MOSTLY_BOUND = 0.5
# Lines of languages without a grammar here that a related one would accept with some damage.
_FOREIGN = re.compile(
    r"^(?:#import\b|[-+] ?\(\w+[ )*]"
    r"|@(?:interface|implementation|protocol|property|synthesize|end)\b"
    r"|syntax = \"proto|message \w+ \{|[ \t]+rpc \w+ ?\(|[ \t]*option \(?[\w.]+\)? ="
    r"|module [\w.]+;|[ \t]*(?:static if|alias|version ?\(\w+\)|unittest|@safe|@nogc|@trusted)\b"
    r"|[ \t]*(?:my [$@%(]|use (?:strict|warnings)\b)|package [\w:]+;$|sub \w+"
    r"|[ \t]*def \w+[^\n]*\) ?: [A-Z]\w|[ \t]*@\w+ : [A-Z]"
    r"|apply plugin:|[ \t]*(?:repositories|dependencies|buildscript) \{$)",
    re.MULTILINE,
)
_MOSTLY_FOREIGN = 0.5
# A rule of a makefile, or a label of an assembler, and the first command under it.
_RULE = re.compile(r"^[^\s#:=/][^:=\n]*:(?!=)[^=\n]*\n\t\S", re.MULTILINE)
# Who runs it, as its first line says.
_RUN_BY = re.compile(r"#! ?/\S*/(?:env (?:-S )?)?([a-z]+)")
_RUNS = {"sh": "bash", "dash": "bash", "ksh": "bash", "node": "javascript"}
_TRIALS = 5
_MANY_TRIALS = 300_000  # characters; parsing what does not parse is slow
# Of the lines in a sample, so many that look like a language make it likely, or beyond doubt; fewer
# do where lines end as those of programs do.
_LIKELY = 0.06
_MANY_TELLS = 0.25
_ENDINGS = 0.35
# So many lines end as those of programs do where rows of constants are all there is.
_TABLE = 0.9
_MOST = 0.6
# A language is tried after another only if so many lines look like it, compared with the best.
_RIVAL = 0.4
_HARMLESS = 0.005


_DIAGNOSTIC = re.compile(r"^[^\s:()]{1,300}:\d+(?::\d+)?: \w", re.MULTILINE)
_MAX_DIAGNOSED = 20_000
_PIPED = 24  # lines


class Code(NamedTuple):
    """A text that is source code."""

    language: Language
    parsed: Parsed
    root: Fold


def read_as(text: str, code: Code) -> Code | None:
    """Return `text` read as `code` was, whether it is that or not; None if it is hopeless."""
    language = code.language
    parsed = parse_code(text, language, rewritten=code.parsed.rewritten)
    return None if parsed is None else Code(language, parsed, find_folds(parsed, language))


@lru_cache(maxsize=1)
def detect(text: str, language: str = "") -> Code | None:
    """Return `text` as source code of the language that parses it best; None if none does.

    Only `language` is tried when one is named. The last answer is remembered, because whoever
    compresses a text verifies the result next.
    """
    if len(text) > _MAX_CODE or _is_knotted(text):
        return None
    if not language and (quotes_code(text) or _is_piped(text)):
        return None
    is_script = text.startswith("#!")
    best: Code | None = None
    candidates = _named(text, language) if language else _candidates(text)
    for candidate, tells in candidates:
        is_plain = is_script or tells >= _MANY_TELLS
        is_sure = language or (is_plain and len(candidates) == 1)
        if not is_sure and _is_hopeless(text, candidate):
            continue
        parsed = parse_code(text, candidate)
        if parsed is None or parsed.damage > candidate.tolerance * len(text):
            continue
        if best is not None and parsed.damage >= best.parsed.damage:
            continue
        code = Code(candidate, parsed, find_folds(parsed, candidate))
        flaws = _HARMLESS * len(text) if is_script and tells == 1.0 else 0
        if _has_structure(code) or (is_plain and parsed.damage <= flaws):
            best = code
            if parsed.damage <= _HARMLESS * len(text):
                break
    return best


def _is_hopeless(text: str, language: Language) -> bool:
    """Whether `text` is beyond repair as `language`, also without its comments and long strings.

    A sample can end inside one of these, and what looks like one can be something else.
    """
    if not fails_early(text, language):
        return False
    code = uncommented(text)
    return code == text[:_MAX_SAMPLED] or fails_early(code, language)


def ends_code(line: str) -> bool:
    """Whether a line ends as those of programs do."""
    return _CODE_END.search(line) is not None


def rules_in(text: str) -> int:
    """Return how many rules of a makefile begin in `text`."""
    return sum(1 for _ in _RULE.finditer(text))


def _is_knotted(text: str) -> bool:
    return text.count("<") >= _BRACKETS and bool(_KNOT.search(text))


def quotes_code(text: str) -> bool:
    """Whether a compiler or a linter says `text`, which quotes the code that it is about."""
    return len(_DIAGNOSTIC.findall(text[:_MAX_DIAGNOSED])) > 1


def _is_piped(text: str) -> bool:
    """Whether pipes cut all lines but one in equally many cells, as those of a table."""
    lines = text[:_MAX_DIAGNOSED].splitlines()[:_PIPED]
    pipes, times = Counter(line.count("|") for line in lines).most_common(1)[0] if lines else (0, 0)
    return pipes > 1 and times >= max(3, len(lines) - 1)


def likely_language(text: str) -> str:
    """Return the name of the language that most lines of `text` look like; empty for none."""
    return next((language.name for language, _ in _candidates(text)), "")


def code_lines(text: str) -> list[str]:
    """Return a sample of the lines of `text` that are neither blank nor comments in most languages.

    It is taken from places all over the text, and is the same for the same text.
    """
    code = uncommented(text)
    if is_minified(code):
        code = _STATEMENT.sub(r"\g<0>\n", code)
    if len(code) <= _WINDOWS * _WINDOW:
        return _lines([code])
    step = (len(code) - _WINDOW) // (_WINDOWS - 1)
    return _lines([code[i * step : i * step + _WINDOW] for i in range(_WINDOWS)])


def is_minified(text: str) -> bool:
    """Whether the lines of `text` are so long that statements share them."""
    return (text.count("\n") + 1) * _LONG_LINE < len(text)


def uncommented(text: str) -> str:
    """Return the beginning of `text` without blocks of comments."""
    return _BLOCK.sub(_line_break, f"\n{text[:_MAX_SAMPLED]}")[1:]


def _line_break(block: re.Match[str]) -> str:
    """Return the line break that a block is found with, if it begins a line."""
    return "\n" if block[0].startswith("\n") else ""


def _lines(parts: Sequence[str]) -> list[str]:
    """Return the lines of `parts` that are neither blank nor comments."""
    return [
        line[:_LONG_LINE]
        for part in parts
        for line in part.split("\n")
        if not _COMMENT.match(line, 0, _LONG_LINE)
    ]


def _named(text: str, name: str) -> list[tuple[Language, float]]:
    """Return the language of that name, if there is one; one line that looks like it will do.

    Without any it has to define something, because data can parse as a program.
    """
    language = LANGUAGES.get(name)
    if language is None:
        return []
    return [(language, 1.0 if language.tells.search(text[:_MAX_SAMPLED]) else 0.0)]


def _candidates(text: str) -> list[tuple[Language, float]]:
    """Return the languages worth a trial and the share of lines that look like them, best first.

    What runs a script, as its first line says, leaves no doubt.
    """
    run_by = _RUN_BY.match(text)
    name = run_by[1] if run_by else ""
    language = LANGUAGES.get(_RUNS.get(name, name))
    return [(language, 1.0)] if language else _likely(text)


@lru_cache(maxsize=1)
def _likely(text: str) -> list[tuple[Language, float]]:
    """Return the languages worth a trial and the share of lines that look like them, best first."""
    lines = code_lines(text)
    if len(lines) < 2:
        return []
    counts = _tells(lines)
    endings = sum(1 for line in lines if ends_code(line))
    if counts["php"]:
        return [(LANGUAGES["php"], float(text.startswith("<?php")))]
    if max(counts.values()) < 2 and endings >= _TABLE * len(lines):
        return _of_table(text)
    most, rival = max(counts.values()), _RIVAL
    foreign = sum(1 for _ in _FOREIGN.finditer("\n".join(lines)))
    if foreign > 1 and foreign >= _MOSTLY_FOREIGN * most:
        return []
    if counts["bash"] and rules_in(text) > 1:
        counts["bash"] = 0
    if most < _LIKELY * len(lines):
        rival = 1.0
        symbols = sum(1 for line in lines if SYMBOLS.search(line))
        if most < 2 or (endings < _ENDINGS * len(lines) and symbols < _MOST * len(lines)):
            return []
    likely = [name for name, count in counts.items() if count and count >= rival * most]
    likely.sort(key=lambda name: -counts[name])
    trials = _TRIALS if len(text) <= _MANY_TRIALS else 1
    return [(LANGUAGES[name], counts[name] / len(lines)) for name in likely[:trials]]


def _of_table(text: str) -> list[tuple[Language, float]]:
    """Return the language that a table of constants looks like, between its rows, beyond doubt."""
    lines = _lines([uncommented(text)])
    counts = _tells(lines)
    best = max(counts, key=lambda name: counts[name])
    if counts[best]:
        return [(LANGUAGES[best], 1.0)]
    margin = [line for line in lines if not line[0].isspace()]
    bound = sum(1 for line in margin if _BOUND.match(line))
    is_config = any(line.startswith("[") for line in margin)  # a section
    likely = bound > _MOSTLY_BOUND * len(margin) and not is_config
    return [(LANGUAGES["python"], 1.0)] if likely else []


def _tells(lines: Sequence[str]) -> dict[str, int]:
    """Return how many of `lines` look like each language."""
    patterns = {language.tells for language in LANGUAGES.values()}
    counts = {tells: sum(1 for line in lines if tells.match(line)) for tells in patterns}
    return {name: counts[language.tells] for name, language in LANGUAGES.items()}


def _has_structure(code: Code) -> bool:
    """Whether something is defined or imported, and not just in passing."""
    defined = sum(1 for _ in definitions(code.root))
    mentions, size = code.root.mentions, len(code.parsed.text)
    imported = sum(1 for _ in islice(mentions.imports(0, size), 2))
    if defined + imported > 1:
        return True
    return not code.parsed.errors and (defined + imported > 0 or _has_constants(code))


def _has_constants(code: Code) -> bool:
    """Whether it is declarations of constants, as a table of data in a program is."""
    nodes = code.parsed.tree.root_node.children
    return any(node.type in code.language.constants for node in nodes)
