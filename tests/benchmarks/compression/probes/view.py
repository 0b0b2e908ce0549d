"""What a reader can tell from a rendition, whichever system wrote it."""

from __future__ import annotations

import functools
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress

from sharedctx import decode
from sharedctx.exact_json import dump
from sharedctx.notes import NOTE
from tests.benchmarks.compression.probes.page import read_page

__all__ = ("View", "plain", "view_of")

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z]|[()][0-9AB])")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\[nrtbf]|[\"\\]")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[+-]?\d[\d,_]*(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LOCATION = re.compile(r"(?:\d+ [a-z]+(?: [a-z]+)*,? )*elided|[#L]\d+(?:-\d+)?")
_STATED = re.compile(r"\d+")
# "45 lines elided", "… 104 more items", "400 lines omitted"
_LEFT_OUT = re.compile(
    r"(\d+) (?:more\b|(?:\w+ ){0,3}(?:elided|omitted|offloaded|hidden|skipped|truncated))"
)
_MOST_PLACES = 200
# Words of a line as `git diff --word-diff` marks them: [-removed-]{+added+}.
_CHANGED_WORDS = re.compile(r"\[-(.*?)-\]|\{\+(.*?)\+\}")
_CHANGED_LINE = re.compile(r"^~(.*)$", re.MULTILINE)


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return "" if match[0] in ('"', "\\") else " "


def plain(text: str) -> str:
    """Return `text` in the form in which texts are compared.

    White space is one space, escapes of JSON strings are what they stand for, and double quotes,
    backslashes and colors are gone: each system quotes in its own way.
    """
    if "\x1b" in text:
        text = _ANSI.sub("", text)
    if '"' in text or "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    return " ".join(text.split())


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def _bounded(text: str, start: int, end: int, *, number: bool) -> bool:
    """Return whether ``text[start:end]`` is not a part of a longer word or number."""
    before, after = text[start - 1 : start], text[end : end + 2]
    if number:
        longer = re.match(r"\w|[.-]\d", after) if after else None
        return longer is None and not (before and re.match(r"[\w.-]", before))
    if text[start].isalnum() and before and (before.isalnum() or before == "_"):
        return False
    return not (text[end - 1].isalnum() and after and (after[0].isalnum() or after[0] == "_"))


class View:
    """A rendition, prepared for many questions.

    Attributes:
        raw: The rendition.
        text: It in the form of `plain`, without places and amounts in elision notes.
        lines: Its lines, each in the form of `plain`; of a line of a diff whose words are marked
            as changed, the line that was removed and the one that was added.
        stated: Every integer that stands in it, elision notes included.
    """

    def __init__(self, raw: str) -> None:
        self.raw = raw
        decoded = _decoded(raw)
        page = read_page(raw)
        changed = list(_changed_lines(raw))
        said = (raw, decoded, page.text if page else "", *changed, *_made_rows(raw))
        whole = "\n".join(filter(None, said))
        self.text = plain(NOTE.sub(lambda note: _LOCATION.sub("", note[0]), whole))
        self.lines = frozenset(map(plain, (*raw.split("\n"), *changed)))
        self.stated = frozenset(_STATED.findall(raw))
        self._words = Counter(_WORD.findall(self.text))

    @functools.cached_property
    def without_notes(self) -> View:
        """The view of the rendition without its elision notes."""
        return View(NOTE.sub("", self.raw))

    @functools.cached_property
    def shown(self) -> int:
        """Number of lines that are not blank and not elision notes alone."""
        return sum(bool(NOTE.sub("", line).strip(" #/*\t\r")) for line in self.raw.split("\n"))

    @functools.cached_property
    def left_out(self) -> int:
        """How many units the rendition says that it leaves out."""
        return sum(map(int, _LEFT_OUT.findall(self.raw)))

    @functools.cached_property
    def dense(self) -> str:
        """The text without any white space."""
        return self.text.replace(" ", "")

    def has(self, value: str) -> bool:
        """Return whether `value` stands somewhere, not as a part of a longer word or number."""
        return any(
            next(self.places(form), None) is not None
            for form in dict.fromkeys((plain(value), plain(json.dumps(value))))
        )

    def places(self, form: str, start: int = 0) -> Iterator[int]:
        """Yield where `form`, which `plain` made, stands in `text`, beginning at `start`."""
        if not form or not all(word in self._words for word in _WORD.findall(form)[1:-1]):
            return
        number = _is_number(form)
        if form.isalnum() and not number and form not in self._words and form.isascii():
            # A word may still touch an underscore; then it is a part of a longer one.
            return
        place = self.text.find(form, start)
        while place >= 0:
            if _bounded(self.text, place, place + len(form), number=number):
                yield place
            place = self.text.find(form, place + 1)

    def in_order(self, words: Sequence[str], window: int) -> bool:
        """Return whether `words` stand one after the other within `window` characters."""
        forms = [form for word in words if (form := plain(word))]
        if not all(next(self.places(form), None) is not None for form in forms):
            return False
        if not forms:
            return True
        anchor = min(range(len(forms)), key=lambda place: self._commonness(forms[place]))
        ahead, behind = forms[anchor + 1 :], forms[:anchor][::-1]
        for place in itertools.islice(self.places(forms[anchor]), _MOST_PLACES):
            end = self._next_end(ahead, place + len(forms[anchor]), place + window)
            if end < 0:
                continue
            if self._previous_start(behind, place, max(0, end - window)) >= 0:
                return True
        return False

    def _commonness(self, form: str) -> int:
        """Return a bound for the number of places at which `form` stands."""
        return min((self._words[word] for word in _WORD.findall(form)), default=len(self.text))

    def _next_end(self, forms: Sequence[str], place: int, end: int) -> int:
        """Return where the last of `forms` ends, each as soon as possible after the one before."""
        for form in forms:
            number = _is_number(form)
            found = self.text.find(form, place, end)
            while found >= 0 and not _bounded(self.text, found, found + len(form), number=number):
                found = self.text.find(form, found + 1, end)
            if found < 0:
                return -1
            place = found + len(form)
        return place

    def _previous_start(self, forms: Sequence[str], place: int, start: int) -> int:
        """Return where the last of `forms` begins, each as late as possible before the last."""
        for form in forms:
            number = _is_number(form)
            found = self.text.rfind(form, start, place)
            while found >= 0 and not _bounded(self.text, found, found + len(form), number=number):
                found = self.text.rfind(form, start, found + len(form) - 1)
            if found < 0:
                return -1
            place = found
        return place

    def near(self, one: str, other: str, window: int) -> bool:
        """Return whether `one` and `other` stand within `window` characters of each other."""
        return self.in_order((one, other), window) or self.in_order((other, one), window)

    def states(self, count: int, units: int = 0) -> bool:
        """Return whether a reader can tell that there were `count`.

        It is stated, or what is shown and what is said to be left out add up to it; `units` are
        lines that are shown but not counted, such as headers.
        """
        if str(count) in self.stated or f"{count:,}" in self.raw:
            return True
        return abs(self.shown - units + self.left_out - count) <= count // 50


def _changed_lines(raw: str) -> Iterator[str]:
    """Yield the removed and the added line of each line that begins with ``~`` and marks words."""
    for line in _CHANGED_LINE.findall(raw):
        if _CHANGED_WORDS.search(line):
            yield "-" + _CHANGED_WORDS.sub(lambda words: words[1] or "", line)
            yield "+" + _CHANGED_WORDS.sub(lambda words: words[2] or "", line)


def _made_rows(raw: str) -> Iterator[str]:
    """Yield the rows of tables in which a header says how cells are made of others, with these."""
    for head in decode._TABLE.finditer(raw):
        try:
            columns, place = decode._columns(raw, head.end())
        except (ValueError, IndexError):
            continue
        if not any(column.template for column in columns):
            continue
        reader = decode._Rows(columns, by_key=head[3] == "rows by key")
        for line in raw[place:].split("\n"):
            if line.startswith(("]", "}")):
                break
            with suppress(ValueError, IndexError):  # notes, and rows that are cut
                yield dump(reader.row(line))


def _decoded(raw: str) -> str:
    """Return the JSON that a lossless rendition stands for, empty if it is none."""
    if not raw.lstrip().startswith(("{", "[")):
        return ""
    try:
        values = decode.decode_values(raw)
    except (ValueError, RecursionError, IndexError):
        return ""
    return "\n".join(map(dump, values))


@functools.lru_cache(maxsize=4)
def view_of(rendition: str) -> View:
    """Return the view of `rendition`; the last few are remembered."""
    return View(rendition)
