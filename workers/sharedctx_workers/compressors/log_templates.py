"""Which lines say the same thing with other values: templates, mined in one pass.

The idea is Drain's: lines of as many words that begin alike, but for numbers, are compared with the
few templates found for such lines so far. Words that name things, such as paths and numbers, may
differ; of the plain words half must agree with those of the first line. Lines that differ in
numbers only are recognized before that by a dictionary, and a leaf holds a bounded number of
templates, so the time is linear in the text.

What differs is looked at once more when all lines are in. A place where ever new words stand holds
values, also if it is the first one. A place where a few stand, or the same ones over and over, says
what kind of line it is, as in ``status installed`` and ``status unpacked``, so it parts its
template.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from operator import eq

__all__ = ("VARIABLE", "Templates")

VARIABLE = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8,}|\d+(?:[.:,-]\d+)*")
"""What is a value wherever it stands: numbers and what is made of them."""

# What opens a message and says what it is about, digits and all: "F821", "error[E0308]".
_CODE = re.compile(r"(?:(?:fatal )?(?:error|warning)(?: |\[))?[A-Z]{1,5}\d{2,5}\b")
# A word with one of these names a thing, not a kind of message; the name of a setting or of what is
# called is plain.
_THING = re.compile(r"[*/_@\\]|[.:(]\w")
_NAMED = re.compile(r"[\w.-]{1,40}=|[A-Za-z_]\w{1,40}\(|[\"'][A-Za-z_-]{1,40}[\"']:$")
# What can say what kind a line is: a plain word, alone or as the value of a setting.
_PLAIN = re.compile(r"[\[(\"']?(?:[\w-]{1,40}=\"?)?[A-Za-z][A-Za-z_.:$|-]{0,60}[\])\"',;]?")
_LETTER = re.compile(r"[^\W\d_]")
_MAX_WORDS = 24
_MAX_LEAF = 48
_MAX_KINDS = 8
_MAX_PARTS = 24
_RECURS = 3  # lines with each of the words that part a template, if these are more than a few
_MAX_FIRST = 24


class Templates:
    """The templates of the lines seen so far.

    Attributes:
        forms: The different lines up to values, in order of appearance.
    """

    def __init__(self) -> None:
        self.forms: list[str] = []
        self._found: list[int] = []  # template of each form
        self._times: list[int] = []  # lines of each form
        self._numbers: dict[tuple[int, str], int] = {}
        self._patterns: list[tuple[int, tuple[str, ...]]] = []  # level and words of each template
        self._leaves: dict[tuple[int, int, int, str], list[tuple[int, list[str]]]] = {}

    def add(self, level: int, body: str) -> int:
        """Return the number of the form of a line with this level and message."""
        code = _CODE.match(body)
        start = code.end() if code else 0
        form = body[:start] + VARIABLE.sub("*", body[start:])
        number = self._numbers.get((level, form))
        if number is None:
            number = self._numbers[level, form] = len(self.forms)
            self.forms.append(form)
            self._found.append(self._find(level, form.split()[:_MAX_WORDS]))
            self._times.append(0)
        self._times[number] += 1
        return number

    def _find(self, level: int, words: list[str]) -> int:
        plain = [_plain(word) for word in words]
        first = _first(plain)
        key = (level, len(words), first, plain[first] if plain else "")
        leaf = self._leaves.setdefault(key, [])
        things = plain.count("")
        for template, pattern in leaf:
            same = sum(map(eq, pattern, plain))
            others = len(plain) - same
            if same - things >= others:
                return template
        template = len(self._patterns)
        self._patterns.append((level, tuple(plain)))
        if len(leaf) < _MAX_LEAF:
            leaf.append((template, plain))
        return template

    def numbers(self) -> list[int]:
        """Return the number of the template of each form, once all lines are in."""
        joined = self._joined()
        numbers = [joined.get(template, template) for template in self._found]
        members: dict[int, list[int]] = {}
        for form, template in enumerate(numbers):
            members.setdefault(template, []).append(form)
        known: dict[tuple[int, tuple[str, ...]], int] = {}
        for template, forms in members.items():
            for form, kind in zip(forms, self._kinds(forms), strict=True):
                numbers[form] = known.setdefault((template, kind), len(known))
        return numbers

    def _joined(self) -> dict[int, int]:
        """Return for templates that differ in their first word, if there are many, the first."""
        alike: dict[tuple[int, int, tuple[str, ...]], list[int]] = {}
        for template, (level, words) in enumerate(self._patterns):
            first = _first(words)
            others = (*words[:first], *words[first + 1 :])
            if any(others):
                alike.setdefault((level, first, others), []).append(template)
        many = (found for found in alike.values() if len(found) > _MAX_FIRST)
        return {template: found[0] for found in many for template in found}

    def _kinds(self, forms: Sequence[int]) -> list[tuple[str, ...]]:
        """Return the words of each form by which its template is parted."""
        columns = zip(*(self.forms[form].split()[:_MAX_WORDS] for form in forms), strict=True)
        kinds: list[tuple[str, ...]] = [()] * len(forms)
        for column in columns:
            words = set(column)
            if not 1 < len(words) <= _MAX_PARTS or not all(map(_PLAIN.fullmatch, words)):
                continue
            if len(words) > _MAX_KINDS and self._rarest(forms, column) < _RECURS:
                continue
            parted = [(*kind, word) for kind, word in zip(kinds, column, strict=True)]
            if len(set(parted)) <= _MAX_PARTS:
                kinds = parted
        return kinds

    def _rarest(self, forms: Sequence[int], words: Sequence[str]) -> int:
        """Return how many lines the rarest of `words`, one for each form, is in."""
        lines: Counter[str] = Counter()
        for form, word in zip(forms, words, strict=True):
            lines[word] += self._times[form]
        return min(lines.values())


def _first(words: Sequence[str]) -> int:
    """Return the place of the first word that is no value, 0 if all are."""
    return next((i for i, word in enumerate(words) if _LETTER.search(word)), 0)


def _plain(word: str) -> str:
    """Return what of a word must agree: nothing of a thing but its name, if it has one."""
    named = _NAMED.match(word)
    if named:
        return named[0]
    return "" if _THING.search(word) else word
