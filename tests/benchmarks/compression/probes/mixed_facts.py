"""Probes of mixed documents: each part by its own kind, and the headings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.benchmarks.compression.probes.code_facts import code_probes
from tests.benchmarks.compression.probes.code_grammar import language_of
from tests.benchmarks.compression.probes.diff_facts import diff_probes
from tests.benchmarks.compression.probes.json_facts import json_probes
from tests.benchmarks.compression.probes.log_facts import log_probes
from tests.benchmarks.compression.probes.probe import Probe
from tests.benchmarks.compression.probes.search_facts import search_probes
from tests.benchmarks.compression.probes.table_facts import table_probes
from tests.benchmarks.compression.probes.text_facts import text_probes

__all__ = ("mixed_probes",)

_FENCE = re.compile(
    r"^ {0,3}(```+|~~~+)([^\n`]*)\n(.*?)^ {0,3}\1[`~]* *$", re.MULTILINE | re.DOTALL
)
_JSON_START = re.compile(r"\{(?=\s*\")|\[(?=\s*(?:[\[{\"\d-]|true|false|null))")
_LEAST_JSON = 200
_LEAST_LINES = 4
_LOG = (
    r"\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\[?\d\d:\d\d:\d\d|\S*Traceback \(most"
    r"|[A-Z]{4,8}[ :\]]|  File \""
)
_SHAPES = (
    ("diff", re.compile(r"diff --git |--- a/|@@ -\d")),
    ("log", re.compile(_LOG)),
    ("search", re.compile(r"[^\s:]+:\d+:")),
    ("table", re.compile(r"\|.*\|")),
)


class _Part(NamedTuple):
    kind: str
    text: str
    hint: str = ""


def mixed_probes(text: str) -> Iterator[Probe]:
    """Yield the probes of every part of a mixed document."""
    for part in _parts(text):
        yield from _part_probes(part)


def _part_probes(part: _Part) -> Iterator[Probe]:
    if part.kind == "code":
        yield from code_probes(part.text, part.hint)
        return
    prober = {
        "json": json_probes,
        "diff": diff_probes,
        "log": log_probes,
        "search": search_probes,
        "table": table_probes,
        "text": text_probes,
    }[part.kind]
    yield from prober(part.text)


def _parts(text: str) -> Iterator[_Part]:
    """Yield fences and, between them, what stands outside."""
    place = 0
    for fence in _FENCE.finditer(text):
        yield from _outside(text[place : fence.start()])
        mark = fence[2].strip().partition(" ")[0]
        yield _Part("code", fence[3], mark) if language_of(mark) else _fenced(mark, fence[3])
        place = fence.end()
    yield from _outside(text[place:])


def _fenced(mark: str, text: str) -> _Part:
    """Return the part in a fence that is not source code, by its mark or its first line."""
    if mark == "diff" or _SHAPES[0][1].match(text):
        return _Part("diff", text)
    if _is_json(text):
        return _Part("json", text)
    return _Part(next((kind for kind, shape in _SHAPES if shape.match(text)), "log"), text)


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False


def _outside(text: str) -> Iterator[_Part]:
    """Yield JSON values and, between them, runs of lines of one shape."""
    decoder = json.JSONDecoder()
    place = 0
    match = _JSON_START.search(text)
    effort = 300 * len(text)  # broken JSON is not read again from each of its braces
    while match and effort > 0:
        end = match.end()
        try:
            _, end = decoder.raw_decode(text, match.start())
        except json.JSONDecodeError as error:
            effort -= error.pos  # the error counts all lines before its place
        except RecursionError:
            effort = 0
        if end - match.start() >= _LEAST_JSON:
            yield from _runs(text[place : match.start()])
            yield _Part("json", text[match.start() : end])
            place = end
        match = _JSON_START.search(text, end)
    yield from _runs(text[place:])


def _runs(text: str) -> Iterator[_Part]:
    """Yield runs of lines of one shape; short runs belong to the text around them."""
    kind, run, rest = "text", list[str](), list[str]()
    for line in [*text.split("\n"), ""]:
        shape = next((name for name, shape in _SHAPES if shape.match(line)), "text")
        inside = kind != "text" and (
            line.startswith((" ", "\t", "+", "-", "@")) and bool(line.strip())
        )
        if shape in (kind, "text") and (shape == kind or inside):
            run.append(line)
            continue
        if kind == "text" or len(run) < _LEAST_LINES:
            rest += run
        else:
            yield _Part("text", "\n".join(rest))
            yield _Part(kind, "\n".join(run))
            rest = []
        kind, run = shape, [line]
    yield _Part("text", "\n".join([*rest, *run]))
