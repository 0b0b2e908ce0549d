"""Questions about one row, function, line, hit or sentence, made from the original alone.

Which one is asked for is decided by hash, never by what a compressor makes of it. The words of a
question stand only where its answer is, so there is one right answer.
"""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.benchmarks.compression.documents import CorpusDocument
from tests.benchmarks.compression.probes.view import view_of

__all__ = ("Needle", "make_needle")

_WORD: Final = re.compile(r"[^\W\d_][\w.-]{3,60}\w")
_FUNCTION: Final = re.compile(
    r"^([ \t]*)(?:[\w<>\[\]:*&?, ]+ )?(?:def|function|func|fn|fun|sub)\s+(?:\([^)]*\)\s*)?"
    r"(?P<name>\w{4,})\s*[(<]",
    re.MULTILINE,
)
_LONGEST_FUNCTION: Final = 25
_SENTENCE: Final = re.compile(r"[A-Z][^.!?<>|]{60,300}[.!?](?=\s)")


@dataclass(frozen=True, slots=True)
class Needle:
    """A question to a document and what a right answer has to tell."""

    document: CorpusDocument
    question: str
    answer: str

    def answered(self, view: str) -> bool:
        """Return whether a reader of `view` can tell the answer."""
        return view_of(view).has(self.answer)


def make_needle(document: CorpusDocument, number: int) -> Needle | None:
    """Return question `number` about `document`; None when it has nothing to ask for."""
    for question, answer in _shuffled(_MAKERS[document.kind](document), document.name, number):
        if answer not in question and view_of(document.text).has(answer):
            return Needle(document, question, answer)
    return None


def _shuffled(pairs: Iterable[tuple[str, str]], *seed: object) -> list[tuple[str, str]]:
    """Return `pairs` in an order that depends on them and on `seed` alone."""

    def place(pair: tuple[str, str]) -> bytes:
        return hashlib.sha256(repr((pair, *seed)).encode()).digest()

    return sorted(dict.fromkeys(pairs), key=place)


def _rows_of(value: Any) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield every array of ten or more objects in `value`."""
    if isinstance(value, list):
        rows = [row for row in value if isinstance(row, dict)]
        if len(rows) >= 10:
            yield rows
    children = value.values() if isinstance(value, dict) else value
    if isinstance(value, list | dict):
        for child in children:
            yield from _rows_of(child)


def _json(document: CorpusDocument) -> Iterator[tuple[str, str]]:
    try:
        value = json.loads(document.text)
    except json.JSONDecodeError:
        value = [json.loads(line) for line in document.text.splitlines() if line[:1] == "{"]
    for rows in _rows_of(value):
        yield from _about_rows(rows)
    if isinstance(value, dict):
        yield from _about_settings(value)


def _about_rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield questions for a field of the row that another field names."""
    values: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for field, value in row.items():
            values[field][str(value)] += 1
    for row in rows:
        fields = [field for field, value in row.items() if _is_telling(value)]
        names = [f for f in fields if isinstance(row[f], str) and values[f][row[f]] == 1]
        for name in names[:1]:
            for field in fields:
                # An answer that many rows share could be guessed.
                if field != name and values[field][str(row[field])] <= max(1, len(rows) // 10):
                    yield f"What is the {field} of {row[name]}?", str(row[field])


def _is_telling(value: object) -> bool:
    """Whether a value is a short text or a number that has to be read to be known."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    return 3 <= len(str(value)) <= 80


def _about_settings(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield questions for values of deep objects by the names that lead to them."""
    for name, inner in value.items():
        where = f"{path} {name}".strip()
        if isinstance(inner, dict):
            yield from _about_settings(inner, where)
        elif isinstance(inner, str) and path and 8 <= len(inner) <= 120:
            yield f"What is the {' '.join(where.split()[-3:])}?", inner


def _table(document: CorpusDocument) -> Iterator[tuple[str, str]]:
    mark = "\t" if document.text.split("\n")[0].count("\t") else ","
    if document.text.split("\n")[0].count(mark) >= 2:
        rows = list(csv.DictReader(io.StringIO(document.text), delimiter=mark))
        yield from _about_rows([{k: v for k, v in row.items() if k and v} for row in rows])
    else:
        yield from _lines(document)


def _lines(document: CorpusDocument) -> Iterator[tuple[str, str]]:
    """Yield questions for lines with a word of their own; another such word is the answer."""
    lines = [line for line in document.text.splitlines() if 20 <= len(line) <= 400]
    words = Counter(word for line in lines for word in set(_WORD.findall(line)))
    for line in lines:
        rare = [word for word in dict.fromkeys(_WORD.findall(line)) if words[word] == 1]
        if len(rare) >= 2:
            yield f"What about {rare[0]}?", rare[-1]


def _hits(document: CorpusDocument) -> Iterator[tuple[str, str]]:
    """Yield questions for the file in which something was found."""
    hits = re.findall(r"^(\S+?):(\d+):(?:\d+:)?(.+)$", document.text, re.MULTILINE)
    words = Counter(word for hit in hits for word in set(_WORD.findall(hit[2])))
    for path, line, content in hits:
        rare = [word for word in _WORD.findall(content) if words[word] == 1 and word not in path]
        if rare:
            yield f"Where is {rare[0]}?", line if len(line) > 2 else path.rpartition("/")[2]
    if not hits:
        yield from _lines(document)


def _functions(document: CorpusDocument) -> Iterator[tuple[str, str]]:
    """Yield questions for what a function does; the answer is a line that only it has."""
    text = document.text
    starts = list(_FUNCTION.finditer(text))
    names = Counter(match["name"] for match in starts)
    lines = Counter(line.strip() for line in text.splitlines())
    ends = [*(match.start() for match in starts), len(text)][1:]
    for match, end in zip(starts, ends, strict=False):
        body = _body(text[match.end() : end].splitlines()[1:], len(match[1]))
        own = [line.strip() for line in body if len(line.strip()) > 15 and lines[line.strip()] == 1]
        calls = [line for line in own if "(" in line and not line.startswith(("#", "//", "*", "@"))]
        if names[match["name"]] == 1 and calls and len(body) <= _LONGEST_FUNCTION:
            yield f"How does {match['name']} work?", calls[0]


def _body(lines: Sequence[str], indentation: int) -> list[str]:
    """Return the lines of a function that is declared at `indentation`."""

    def is_inside(line: str) -> bool:
        return not line.strip() or len(line) - len(line.lstrip()) > indentation

    return list(itertools.takewhile(is_inside, lines))


def _changes(document: CorpusDocument) -> Iterator[tuple[str, str]]:
    changed = [
        line[1:].strip()
        for line in document.text.splitlines()
        if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}
    ]
    words = Counter(word for line in changed for word in set(_WORD.findall(line)))
    for line in changed:
        rare = [word for word in _WORD.findall(line) if words[word] == 1]
        if rare and len(line) <= 160:
            yield f"What changed about {rare[0]}?", line


def _sentences(document: CorpusDocument) -> Iterator[tuple[str, str]]:
    """Yield questions for sentences by their two rarest words; the answer is a third."""
    words = Counter(word.lower() for word in _WORD.findall(document.text))
    for match in _SENTENCE.finditer(document.text):
        rare = [w for w in dict.fromkeys(_WORD.findall(match[0])) if words[w.lower()] <= 2]
        if len(rare) >= 3:
            yield f"What is said about {rare[0]} and {rare[1]}?", rare[2]


def _mixed(document: CorpusDocument) -> Iterator[tuple[str, str]]:
    yield from _sentences(document)
    yield from _lines(document)


_MAKERS: Final[dict[str, Callable[[CorpusDocument], Iterator[tuple[str, str]]]]] = {
    "json": _json,
    "code": _functions,
    "log": _lines,
    "search": _hits,
    "diff": _changes,
    "table": _table,
    "text": _sentences,
    "mixed": _mixed,
}
