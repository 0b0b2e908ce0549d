"""What a part of a text says that cannot be guessed: numbers, names, and what is not so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sharedctx.ranking import COMMON_WORDS

__all__ = ("definitions_in", "denials_in", "facts_of", "names_in")

# Plain words, which hold no name; skipping them all at once is much faster than one by one.
_PLAIN = r"(?:\b[a-z]++[.,;:)]?\s++)++"
_NAME = re.compile(
    rf"{_PLAIN}|("
    r"`[^`\n]{1,80}`"  # what the writer marked as a name
    r"|https?://[^\s)>\]\"'`]{1,2000}"
    r"|(?<![\w/])(?:~?/|\./|\.\./|[\w.-]{1,40}/)[\w.+/@-]{0,120}\w"  # paths
    r"|\w{0,60}[a-z][A-Z]\w{0,60}|\w{1,60}_\w{1,60}"
    r"|[A-Za-z]\w{1,40}(?:\.[A-Za-z]\w{1,40}){1,6}"
    r"|(?<![\w.-])\d(?:[\d.,:]{0,30}\d)?(?![\w-])%?"
    r"|\d[\w.:-]{0,60}\w"  # dates, versions
    r"|\d"
    r"|(?<![\w-])--?[A-Za-z][\w-]{0,40}"
    r"|(?<=[a-z,;] )[A-Z]\w{1,40}(?: [A-Z]\w{1,40}){0,3}"
    r"|[A-Z]\w{1,40}(?: [A-Z]\w{1,40}){1,3}"
    r"|\b[A-Z]{2,12}\b)"
)
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|nor|without|cannot|unless|except|only|must"
    r"|should|shall)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{3,40}")
# What code takes from elsewhere, what it defines and from what, and the keys of its data.
_IN_CODE = re.compile(
    r"^[ \t]{0,20}(?:import|from|use|using|#include)\b[ \t]+[^\n;]{1,160}[^\s;]"
    r"|\b(?:const|let|var)[ \t]+(?:\w{1,40}|\{[^{}\n]{1,80}\})[ \t]*=[ \t]*require\([^()\n]{1,80}\)"
    r"|\b(?:async[ \t]+)?(?:def|function|func|fn|class|interface|struct|enum|trait)[ \t]+"
    r"\w{1,60}(?:\([^()\n]{0,120}\))?"
    r"|\b(?:const|let|var|val)[ \t]+\w{1,60}(?=[ \t]*[=:])"
    r"|\"[^\"\n]{1,60}\"(?=[ \t]*:)",
    re.MULTILINE,
)


def facts_of(source: str, *, is_code: bool = False) -> list[str]:
    """Return the facts that a part states, each in the form that makes it equal to its repetition.

    Args:
        source: The part.
        is_code: Whether it is code, in which words such as "not" deny nothing.
    """
    facts = [name for _, _, name in names_in(source)]
    found = definitions_in(source) if is_code else denials_in(source)
    return [*facts, *(fact for _, _, fact in found)]


def definitions_in(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield what code imports and defines: where each starts and ends, and the fact it is."""
    for found in _IN_CODE.finditer(source):
        yield found.start(), found.end(), " ".join(found[0].split())


def names_in(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield the numbers and names in `source`: where each starts and ends, and the fact it is."""
    for found in _NAME.finditer(source):
        if name := found[1]:
            yield found.start(), found.end(), name.strip("`")


def denials_in(source: str) -> Iterator[tuple[int, int, str]]:
    """Yield what `source` denies, excepts or requires: where it starts and ends, and the fact."""
    for found in _NEGATION.finditer(source):
        start, end = found.span()
        while start and source[start - 1].isalpha():  # of the verb that "n't" ends
            start -= 1
        denial, about = source[start:end].lower(), ""
        for word in _WORD.finditer(source, end, end + 60):
            if word[0].lower() not in COMMON_WORDS:
                about, end = word[0].lower(), word.end()
                break
        yield start, end, f"{denial} {about}"
