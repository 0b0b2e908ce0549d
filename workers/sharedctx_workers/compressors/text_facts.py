"""What a part of a text says that cannot be guessed: numbers, names, and what is not so."""

from __future__ import annotations

import re

from sharedctx.ranking import COMMON_WORDS

__all__ = ("facts_of",)

_FACT = re.compile(
    r"`[^`\n]{1,80}`"  # what the writer marked as a name
    r"|https?://[^\s)>\]]{1,200}"
    r"|(?<![\w/])(?:~?/|\./|\.\./|[\w.-]{1,40}/)[\w.+/@-]{1,120}\w"  # paths
    r"|\w{0,60}[a-z][A-Z]\w{0,60}|\w{1,60}_\w{1,60}"
    r"|[A-Za-z]\w{1,40}(?:\.[A-Za-z]\w{1,40}){1,6}"
    r"|\d(?:[\d.,:]{0,30}\d)?"
    r"|(?<![\w-])--?[A-Za-z][\w-]{0,40}"
    r"|(?<=[a-z,;] )[A-Z]\w{1,40}(?: [A-Z]\w{1,40}){0,3}"
    r"|[A-Z]\w{1,40}(?: [A-Z]\w{1,40}){1,3}"
    r"|\b[A-Z]{2,12}\b"
)
_NEGATION = re.compile(
    r"\b(?:not|never|no|none|nothing|neither|nor|without|cannot|unless|except|only|must"
    r"|should|shall)\b"
    r"|n['’]t\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{3,40}")


def facts_of(source: str, *, is_code: bool = False) -> list[str]:
    """Return the facts that a part states, each in the form that makes it equal to its repetition.

    Args:
        source: The part.
        is_code: Whether it is code, in which words such as "not" deny nothing.
    """
    facts = [found.strip("`") for found in _FACT.findall(source)]
    if not is_code:
        facts += (_denied(source, found) for found in _NEGATION.finditer(source))
    return facts


def _denied(source: str, found: re.Match[str]) -> str:
    """Return a negation with the word that it is about."""
    following = _WORD.findall(source, found.end(), found.end() + 60)
    about = next((word for word in map(str.lower, following) if word not in COMMON_WORDS), "")
    return f"{found[0].lower()} {about}"
