"""Which lines say the same thing with other values: templates, mined in one pass.

The idea is Drain's: lines of as many words that begin alike are compared with the few templates
found for such lines so far; a line that agrees in half of its words joins, and the words that
differ become open. Lines that differ in numbers only are recognized before that by a dictionary,
and a leaf holds a bounded number of templates, so the time is linear in the text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ("Match", "Templates")

_VARIABLE = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8,}|\d+(?:[.:,-]\d+)*")
# A first word with one of these names a thing, not a kind of message.
_THING = re.compile(r"[*/_=.:(]")
_MAX_WORDS = 24
_MAX_LEAF = 48
_MAX_FORMS = 200_000


class Match(NamedTuple):
    """What a line was found to be.

    Attributes:
        template: Number of its template, from 0 in order of appearance.
        is_new_form: Whether no line before it was the same up to numbers.
    """

    template: int
    is_new_form: bool


class Templates:
    """The templates of the lines seen so far."""

    def __init__(self) -> None:
        self._forms: dict[tuple[int, str], int] = {}
        self._leaves: dict[tuple[int, int, str], list[tuple[int, list[str | None]]]] = {}
        self._size = 0

    def add(self, level: int, body: str) -> Match:
        """Return the template of a line with this level and message."""
        form = _VARIABLE.sub("*", body)
        template = self._forms.get((level, form))
        if template is not None:
            return Match(template, is_new_form=False)
        template = self._find(level, form.split())
        if len(self._forms) < _MAX_FORMS:
            self._forms[level, form] = template
        return Match(template, is_new_form=True)

    def _find(self, level: int, words: list[str]) -> int:
        first = words[0] if words else ""
        key = (level, min(len(words), _MAX_WORDS), "*" if _THING.search(first) else first)
        leaf = self._leaves.setdefault(key, [])
        words = words[:_MAX_WORDS]
        for template, pattern in leaf:
            same = sum(map(_same, pattern, words))
            if 2 * same >= len(words):
                if same < len(words):
                    pattern[:] = [
                        a if a == b else None for a, b in zip(pattern, words, strict=True)
                    ]
                return template
        template, self._size = self._size, self._size + 1
        if len(leaf) < _MAX_LEAF:
            leaf.append((template, list(words)))
        return template


def _same(pattern: str | None, word: str) -> bool:
    return pattern == word
