"""Probes of tables: header, row count, extremes, first and last, rare categories."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.benchmarks.compression.probes.columns import record_probes
from tests.benchmarks.compression.probes.probe import Probe, has
from tests.benchmarks.compression.probes.view import view_of

__all__ = ("table_probes",)

_RULER = re.compile(r"[\s|+:=-]*[=-]{3}[\s|+:=-]*$")
_GAP = re.compile(r"\s{2,}|\t")
_DELIMITERS = (",", "\t", ";", "|")
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?[KMGT%]?")
_HEAD = 10


class _Table(NamedTuple):
    """A table, read without any knowledge of the program that wrote it."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def table_probes(text: str) -> Iterator[Probe]:
    """Yield the probes of a table: CSV and the like, Markdown, or fixed width."""
    table = _markdown(text) or _delimited(text) or _fixed_width(text)
    if table is None:
        return
    for name in table.header:
        if name:
            yield has("header", name)
    count = len(table.rows)
    extra = view_of(text).shown - count
    yield Probe(
        "row count", must=True, fact=str(count), check=lambda view: view.states(count, extra)
    )
    size = len(text) // max(count, 1)
    names = list(map(str, range(max(map(len, table.rows), default=0))))
    records = [
        {name: cell for name, cell in zip(names, row, strict=False) if cell} for row in table.rows
    ]
    yield from record_probes([record for record in records if record], window=2 * size + 200)


def _markdown(text: str) -> _Table | None:
    rows = [line.strip() for line in text.split("\n") if line.strip()]
    piped = [line for line in rows if line.startswith("|")]
    if len(piped) < 3 or 2 * len(piped) < len(rows) or not _RULER.match(piped[1]):
        return None
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in piped]
    return _Table(cells[0], cells[2:])


def _delimited(text: str) -> _Table | None:
    for delimiter in _DELIMITERS:
        try:
            rows = [
                row
                for row in csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
                if row
            ]
        except csv.Error:
            continue
        width, times = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
        if width > 1 and times >= 0.9 * len(rows) and len(rows) > 2:
            body = [[cell.strip() for cell in row] for row in rows if len(row) == width]
            return _with_header(body[0], body[1:])
    return None


def _fixed_width(text: str) -> _Table | None:
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    if len(lines) < 3:
        return None
    rulers = [place for place, line in enumerate(lines[:_HEAD]) if _RULER.match(line)]
    place = max(rulers[-1] - 1, 0) if rulers else 0
    first = place + 2 if rulers else place + 1
    header = lines[place].split()
    rows = [line.split(maxsplit=len(header) - 1) for line in lines[first:]]
    gaps = [part for part in _GAP.split(lines[place].strip()) if part]
    if len(gaps) > 1 and len(gaps) < len(header):
        wide = [_GAP.split(line.strip()) for line in lines[first:]]
        if sum(len(row) == len(gaps) for row in wide) > 0.8 * len(wide):
            return _with_header(gaps, wide)
    return _with_header(header, rows)


def _with_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> _Table:
    """Return the table whose first line is `first`, which is no header if it holds numbers."""
    if any(_NUMBER.fullmatch(cell) for cell in first):
        return _Table([], [first, *rows])
    return _Table(first, rows)
