"""How Markdown is told from what is like it: comments, logs, configuration.

A comment of a program is a heading by its looks, a changelog is a list in YAML, and the entries of
one repeat as the lines of a log do. What stands at the margin around the headings decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sharedctx.plain import split_lines
from sharedctx_workers.compressors.text_parts import is_underlined

__all__ = ("has_sections", "is_article")

_MAX_HEAD = 400
_HEADING = re.compile(r" {0,3}#{1,6} +[^\s#]")
_UNDERLINE = re.compile(r"(?:={3,}|-{3,})\s*$")
_BLOCK = re.compile(r" {0,3}(?:```|~~~|[-*+] +\S|\d{1,3}[.)] +\S|>|\|)")
_INLINE = re.compile(r"\[[^\]\n]{1,200}\]\([^)\s]{1,300}\)|\*\*[^*\n]{1,200}\*\*|`[^`\n]{1,200}`")
_MIN_MARKS = 3
_MIN_HEADINGS = 2
# What an article has at its margin beside blocks: tags, images, links, rules, sentences.
_TAG = re.compile(r"</?[a-zA-Z][\w-]*(?:\s|/?>)|<!--|!?\[[^\]\n]{0,200}\][(:\[]|-->|[-*_]{3,}\s*$")
_SENTENCE = re.compile(r"[\"'(*_`]{0,3}[A-Za-z][\w'*_`-]*[,:]?(?: +[^\s=;{}]+){2,}")
_MOSTLY = 0.9


def has_sections(text: str) -> bool:
    """Whether a text has headings as Markdown writes them, among other marks of its own."""
    headings = alone = marks = 0
    before = ""
    for line in _heads(text):
        is_heading = bool(_HEADING.match(line))
        headings += is_heading
        # A comment of a script has more comments or its code beside it.
        alone += is_heading and (not before.strip() or _is_under(line, before))
        if before.strip() and not _BLOCK.match(before) and _UNDERLINE.match(line):
            headings, alone = headings + 1, alone + 1
        marks += bool(_BLOCK.match(line) or _INLINE.search(line))
        before = line
    return headings > 0 and 3 * alone >= 2 * headings and alone + marks >= _MIN_MARKS


def is_article(text: str) -> bool:
    """Whether a text is Markdown beyond doubt: headings of two levels, and nothing strange."""
    levels: list[int] = []
    known = strange = 0
    most = (1 - _MOSTLY) * (text.count("\n") + 1)  # that may be strange
    before = ""
    for line in _heads(text):
        if _HEADING.match(line):
            if _HEADING.match(before) and not _is_under(line, before):
                return False  # a comment of several lines
            levels.append(_level(line))
        elif line.strip() and not line[0].isspace():
            is_known = _BLOCK.match(line) or _TAG.match(line) or _SENTENCE.match(line)
            known, strange = known + bool(is_known), strange + (not is_known)
            if strange > most:
                return False
        before = line
    return (
        len(levels) >= _MIN_HEADINGS
        and max(levels) > 1
        and known >= _MOSTLY * (known + strange)
        and has_sections(text)
    )


def _is_under(heading: str, before: str) -> bool:
    """Whether a heading follows one of a higher level, with nothing between them."""
    return bool(_HEADING.match(before)) and _level(before) < _level(heading)


def _level(heading: str) -> int:
    return len(heading.split(maxsplit=1)[0])


def _heads(text: str) -> Iterator[str]:
    """Yield the beginnings of the lines outside fenced blocks."""
    fence = line = ""
    for start, end in split_lines(text):
        before, line = line, text[start : min(end, start + _MAX_HEAD)]
        mark = line.strip()[:3]
        is_fence = mark in ("```", "~~~") and mark == (fence or mark)
        if is_fence and (fence or not is_underlined(before, line)):
            fence = "" if fence else mark
            yield line
        elif not fence:
            yield line
