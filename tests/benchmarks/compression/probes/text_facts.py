"""Probes of prose, manuals, Markdown and HTML: headings, numbers, names, negations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.benchmarks.compression.probes.page import read_page
from tests.benchmarks.compression.probes.probe import (
    INFORMATION,
    Probe,
    evenly,
    generator,
    has,
    in_order,
)

__all__ = ("text_probes",)

_HEADING = re.compile(
    r"^#{1,6} +(.+?)(?: +#+)?$"  # Markdown
    r"|^(\S.{0,100})\n[=\-~^*]{3,} *$"  # underlined
    r"|^([A-Z][A-Z0-9 ,/&-]{3,60})$"  # manual pages
    r"|^(\d+(?:\.\d+)*\.? +[A-Z].{2,80})$",  # numbered
    re.MULTILINE,
)
_NUMBER = re.compile(
    r"\b\d{4}-\d\d-\d\d\b"  # dates
    r"|(?<![\w.-])\d+(?:,\d{3})*(?:\.\d+)*(?![-.:,]?\d|\w)(?:\s?(?:%|[kKMGT]i?B\b|ms\b|seconds?\b))?"
)
_ENTITY = re.compile(
    r"https?://[^\s<>()\[\]\"'`]+[\w/]"  # addresses
    r"|(?<![\w-])--?[A-Za-z][\w-]+"  # flags
    r"|(?<![\w.])/?(?:[\w.-]+/)+[\w.-]*\w"  # paths
    r"|\b[A-Za-z]+(?:_[A-Za-z0-9]+)+\b|\b[a-z]+[A-Z]\w+\b|\b[A-Z][a-z0-9]+[A-Z]\w+\b"  # code
    r"|\b[A-Z]{2,}\b"  # acronyms
    r"|(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*\b"  # names inside sentences
)
_NEGATION = re.compile(
    r"\b(not|never|no|none|nor|cannot|without|must|unless|except|only|[a-z]+n't)\s+"
    r"(?:(?:be|been|the|a|an|to|any|have|has|do|does|it|is|are|of|this|that)\s+)*([A-Za-z][\w-]{2,})",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def text_probes(text: str) -> Iterator[Probe]:
    """Yield the probes of a text for people; of HTML only what a browser shows counts."""
    page = read_page(text)
    if page is None:
        headings = [next(filter(None, match.groups())) for match in _HEADING.finditer(text)]
    else:
        headings, text = page.headings, page.text
    for heading in headings:
        yield has("heading", heading)
    for number in _distinct(_NUMBER, text):
        if sum(character.isdigit() for character in number) > 1 or not number[-1:].isdigit():
            yield has("number", number)
    for entity in _distinct(_ENTITY, text):
        yield has("entity", entity)
    pairs = dict.fromkeys((match[1], match[2]) for match in _NEGATION.finditer(text))
    for pair in pairs:
        yield in_order("negation", pair, window=len(pair[0]) + len(pair[1]) + 40)
    yield from _random_numbers(text)


def _distinct(pattern: re.Pattern[str], text: str) -> list[str]:
    return list(dict.fromkeys(match[0] for match in pattern.finditer(text)))


def _random_numbers(text: str) -> Iterator[Probe]:
    """Yield random sentences: the first four and the last four words of each, in order."""
    sentences = [part for part in _SENTENCE_END.split(text) if len(part.split()) > 8]
    for part in generator(text).sample(sentences, min(INFORMATION, len(sentences))):
        words = part.split()
        yield in_order(
            "random sentence",
            evenly(words, 8),
            window=2 * len(part) + 40,
            must=False,
            fact=part,
        )
