"""Probes of logs, build and test output: errors, templates, both ends and summaries."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.benchmarks.compression.probes.probe import (
    INFORMATION,
    Probe,
    generator,
    has,
    in_order,
)
from tests.benchmarks.compression.probes.view import plain

__all__ = ("log_probes", "masked", "traceback_ends")

_ERROR = re.compile(
    r"(?<![\w/.-])(?:error|err|errors|fatal|fail(?:ed|ure|ures|ing|s)?|exception|panic|panicked|critical|"
    r"crit|abort(?:ed|ing)?|segfault|denied|refused|unreachable|undefined|cannot)(?![\w/-]|\.\w)|"
    r"(?-i:\b[A-Z]\w*(?:Error|Exception)\b)",
    re.IGNORECASE,
)
_NO_ERROR = re.compile(
    r"\b(?:0|no|without)\s+(?:error|fail)\w*|\b(?:err\w*|fail\w*)\s*[=:]\s*0\b", re.IGNORECASE
)
_SUMMARY = re.compile(
    r"\b\d+ (?:passed|failed|errors?|warnings?|tests?|skipped|examples?|vulnerabilit\w+|"
    r"packages?|files?|modules?|targets?|upgraded|newly installed)\b|"
    r"\bexit(?:ed)?(?: with)?(?: code| status)|\bBUILD (?:SUCCESS|FAIL)\w*|"
    r"\b(?:finished|completed|done|built|compiled|ran) .{0,40}\bin \d|^Total\b|^real\s+\d",
    re.IGNORECASE,
)
_TRACEBACK = re.compile(r"(.*?)Traceback \(most recent call last\):")
# Lines that belong to the one above them, and source code that messages quote.
_DETAIL = re.compile(r"\s{2,}|\t|\s*\d*\s*\|")
_SOURCE = re.compile(r"\s+(?:raise|throw|throws|except|catch)\b")
_VARIABLE = re.compile(r"\d|[/\\@=]|\w:\w|^[\[(<{].*[\])>}]$|^[\W_]+$")
_SUPPORT = 3


def log_probes(text: str) -> Iterator[Probe]:
    """Yield the probes of a log."""
    lines = [plain(line) for line in _shown(text)]
    if not lines:
        return
    for line in dict.fromkeys((lines[0], lines[-1])):
        yield has("first and last line", line)
    yield from _template_probes(text, lines)
    for line in _summaries(lines):
        yield has("summary", line)
    for line in traceback_ends(lines):
        yield has("traceback", line)
    yield from _random_words(text, lines)


def _shown(text: str) -> list[str]:
    """Return the lines that are not blank, as a terminal shows them in the end."""
    shown = (line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return [line for line in shown if plain(line)]


def _template_probes(text: str, lines: Sequence[str]) -> Iterator[Probe]:
    """Yield one probe for each kind of line; errors are a group of their own."""
    templates = _Templates(lines)
    seen: set[tuple[str, ...]] = set()
    for raw, line in zip(_shown(text), lines, strict=True):
        words = templates.words(line)
        if not words or words in seen:
            continue
        seen.add(words)
        wrong = _ERROR.search(line) and not _NO_ERROR.search(line) and not _SOURCE.match(raw)
        detail = not wrong and _DETAIL.match(raw) is not None
        group = "error" if wrong else "detail" if detail else "template"
        window = 2 * len(line) + 40
        yield in_order(group, words, window=window, must=not detail, fact=line)


class _Templates:
    """Which words of a line are the same in all lines like it.

    A word is constant when many lines have it at the same place, or several of the lines that have
    as many words and begin alike. Where too few words of a line are constant, it has no lines like
    it, and all its words without digits and paths count.
    """

    def __init__(self, lines: Sequence[str]) -> None:
        self._counts: Counter[tuple[int, str]] = Counter()
        self._alike: dict[tuple[int, str], Counter[tuple[int, str]]] = {}
        distinct = dict.fromkeys(lines)
        for line in distinct:
            words = masked(line)
            self._counts.update(enumerate(words))
            self._alike.setdefault(_beginning(words), Counter()).update(enumerate(words))
        self._many = max(_SUPPORT, len(distinct) // 100)

    def words(self, line: str) -> tuple[str, ...]:
        """Return the constant words of `line`, in order."""
        words = masked(line)
        named = [word for word in words if word]
        alike = self._alike[_beginning(words)]
        several = max(_SUPPORT, max(alike.values()) // 4)
        constant = [
            word
            for place, word in enumerate(words)
            if word and (self._counts[place, word] >= self._many or alike[place, word] >= several)
        ]
        return tuple(constant if 2 * len(constant) >= len(named) else named)


def _beginning(words: Sequence[str]) -> tuple[int, str]:
    return len(words), next(filter(None, words), "")


def masked(line: str) -> list[str]:
    """Return the words of `line`, empty ones for those that hold digits, paths or only marks."""
    return ["" if _VARIABLE.search(word) else word.strip("[](){}<>,;:.'`") for word in line.split()]


def _summaries(lines: Sequence[str]) -> list[str]:
    """Return the last line of each kind of summary."""
    last = {tuple(masked(line)): line for line in lines if _SUMMARY.search(line)}
    return list(last.values())


def traceback_ends(lines: Sequence[str]) -> list[str]:
    """Return the distinct lines with which Python tracebacks end: the exceptions."""
    ends: dict[tuple[str, ...], str] = {}
    inside = False
    for line in lines:
        if _TRACEBACK.match(line):
            inside = True
        elif inside and re.match(
            r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning)\b", line
        ):
            ends.setdefault(tuple(masked(line)), line)
            inside = False
    return list(ends.values())


def _random_words(text: str, lines: Sequence[str]) -> Iterator[Probe]:
    """Yield the rarest word of random lines."""
    counts = Counter(word for line in lines for word in line.split())
    numbers = generator(text)
    for line in numbers.sample(lines, min(INFORMATION, len(lines))):
        word = min(line.split(), key=lambda word: (counts[word], -len(word)))
        yield has("random line", word, must=False)
