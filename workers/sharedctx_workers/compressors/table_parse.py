"""Tables in text: delimited values, Markdown tables, and columns that blanks align.

A text is a table when nearly all of its lines have the same columns. Lines before the header and
lines that fit no column stay in the table as what they are, so that nothing is lost.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from sharedctx.plain import split_lines
from sharedctx_workers.compressors.table_cells import is_number, is_rule, is_typed, is_void
from sharedctx_workers.compressors.table_columns import Columns, columns_of
from sharedctx_workers.compressors.table_fields import (
    find_fields,
    is_comment,
    is_empty_comment,
)

__all__ = ("MIN_ROWS", "Row", "Table", "find_table")

MIN_ROWS = 4
"""Fewer rows than this are read faster than a summary of them."""

_DELIMITERS = "\t|;,:"
# Colons stand in many lines that are no tables.
_MIN_COLON_COLUMNS = 5
_SAMPLE = 40
_MAX_PREAMBLE = 10  # lines
_MAX_PREAMBLE_SIZE = 1_000
# This share of the rows has to have the usual number of columns.
_SAME = 0.98
# Long values push what follows out of its column.
_MISFITS = 0.1
_MAX_COLUMNS = 500
_MAX_NAME = 60
_MIN_WORDED = 12
_MAX_HEADER = 3  # lines among which is the header
_QUOTED = re.compile(r'"[^"]*"')
_PIPE = re.compile(r"(?<!\\)\|")  # not one that a backslash makes a character of a cell
_OPENING = ("(", "[", "{", "<")
_SEPARATORS = frozenset((":", "=", "->"))
_COMMENTS = ("#", "//", "/*", "*", "--", ";", '"')


class Row(NamedTuple):
    """``text[start:end]``, line breaks and rules after it included.

    Attributes:
        cells: Its values; empty when it does not have the columns of the table.
    """

    start: int
    end: int
    cells: Sequence[str]


class Table(NamedTuple):
    """A text that is a table.

    Attributes:
        top: Where the header begins; before it stands what precedes the table.
        head: Where the first row begins; equal to `top` when there is no header.
        names: Names of the columns; empty when the table has no header.
        rows: Its rows, contiguous up to the end of the text.
    """

    top: int
    head: int
    names: Sequence[str]
    rows: Sequence[Row]


class _Line(NamedTuple):
    start: int
    end: int
    text: str
    is_rule: bool


@lru_cache(maxsize=1)
def find_table(text: str) -> Table | None:
    """Return `text` as a table, or None when it is not one. The last answer is remembered."""
    lines = [
        _Line(start, end, line, is_rule(line))
        for start, end in split_lines(text)
        for line in (text[start:end],)
    ]
    nameless: Table | None = None
    for first in _beginnings(lines):
        if nameless and lines[first - 1].text.strip():
            continue  # what only a blank line above sets apart can be the header of the rest
        table = _delimited(text, lines[first:]) or _aligned(lines[first:])
        if table and table.names:
            return table
        nameless = nameless or table
    return nameless or _numeric(lines) or _listed(lines)


def _beginnings(lines: Sequence[_Line]) -> Iterator[int]:
    """Yield the lines that may be the header: above a rule, the first two, after a blank."""
    head = [line for line in lines[:_MAX_PREAMBLE] if line.start <= _MAX_PREAMBLE_SIZE]
    for i in range(1, len(head)):
        if head[i].is_rule and head[i].text.strip() and not head[i - 1].is_rule:
            yield i - 1
            break
    full = [i for i, line in enumerate(head) if not line.is_rule or not i]
    yield 0
    yield from (i for i in full[1:3] if not head[full[0]].text.startswith(_COMMENTS))
    comments = 0
    while comments < len(lines) - 1 and lines[comments].text.startswith("#"):
        comments += 1
    if comments:
        yield comments - 1
        yield comments
    for i in range(1, len(head)):
        if head[i - 1].is_rule and not head[i].is_rule:
            yield i


def _delimited(text: str, lines: Sequence[_Line]) -> Table | None:
    """Return lines whose values a delimiter separates as a table."""
    for delimiter in _sniffed([line.text for line in lines[:_SAMPLE] if not line.is_rule]):
        records = list(_records(lines, quoted=delimiter != "|" and '"' in text))
        cells = _split([text[start:end] for start, end in records], delimiter)
        if cells is None:
            continue
        cells = _filled(cells)
        width = _usual_width(cells)
        if width and _is_tabular(cells, width, delimiter):
            return _table(records, cells, width)
    return None


def _sniffed(lines: Sequence[str]) -> list[str]:
    """Return the delimiters that can separate the values of a sample, the most regular first."""
    found = []
    is_quoted = any('"' in line for line in lines)
    if is_quoted:
        lines = [_QUOTED.sub("", line) for line in lines]
    for place, delimiter in enumerate(_DELIMITERS):
        counts = [line.count(delimiter) for line in lines]
        usual, times = max(Counter(counts).items(), key=lambda n: (n[1], n[0]), default=(0, 0))
        if not usual or not counts[0]:
            continue
        is_steady = 10 * times >= 8 * len(lines)
        is_filled = counts[0] == max(counts) <= 2 * min(counts[:-1], default=-1) + 1
        if is_steady or is_filled or (is_quoted and 2 * times >= len(lines)):
            found.append((-times, place, delimiter))
    return [delimiter for _, _, delimiter in sorted(found)]


def _records(lines: Sequence[_Line], *, quoted: bool) -> Iterator[tuple[int, int]]:
    """Yield ``(start, end)`` of records: lines, joined while a quotation mark is open."""
    start, end, is_open = -1, -1, False
    for line in lines:
        if not is_open and not line.is_rule:
            if start >= 0:
                yield start, end
            start = line.start
        elif start < 0:
            start = line.start
        end = line.end
        if quoted and line.text.count('"') % 2:
            is_open = not is_open
    if start >= 0:
        yield start, end


def _split(records: Sequence[str], delimiter: str) -> list[list[str]] | None:
    """Return the cells of each record; None when they are not well-formed."""
    if delimiter == "|":
        return [_between_pipes(_first_line(record).strip()) for record in records]
    if not any('"' in record for record in records):
        return [_first_line(record).split(delimiter) for record in records]
    try:
        return [
            next(csv.reader((record.rstrip(),), delimiter=delimiter, skipinitialspace=True), [])
            for record in records
        ]
    except csv.Error:
        return None


def _between_pipes(line: str) -> list[str]:
    """Return the cells of a line, also empty ones at its ends; one that a pipe opens may close."""
    if line.startswith("|"):
        line = line[1:].removesuffix("|")
    return [cell.strip() for cell in _PIPE.split(line)]


def _first_line(record: str) -> str:
    """Return a record without the blank lines and rules after it."""
    return record.partition("\n")[0].rstrip("\r")


def _filled(cells: list[list[str]]) -> list[list[str]]:
    """Return records with the empty cells at their end that some programs leave out."""
    width = len(cells[0])
    least = min(map(len, cells))
    if not max(3, (width + 1) // 2) <= least < width or not _is_header(cells[0]):
        return cells
    return [row + [""] * (width - len(row)) for row in cells]


def _usual_width(cells: Sequence[Sequence[str]]) -> int:
    """Return how many cells nearly all records have; 0 if they differ."""
    counts = Counter(map(len, cells))
    width, times = max(counts.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
    is_steady = times >= min(len(cells) - 1, _SAME * len(cells))
    is_table = times > MIN_ROWS and 2 <= width <= _MAX_COLUMNS and is_steady
    return width if is_table and len(cells[0]) == width else 0


def _is_tabular(cells: Sequence[Sequence[str]], width: int, delimiter: str) -> bool:
    """Whether regular records are rows of values rather than sentences or code."""
    rows = [row for row in cells if len(row) == width]
    few = rows[1 : 1 + 4 * _SAMPLE]
    if delimiter == ":" and width < _MIN_COLON_COLUMNS:
        return False
    if delimiter in ",;:":
        lead = sum(row[0][:1].isspace() or row[0].startswith(_OPENING) for row in few)
        if 3 * lead > len(few) or not any(row[-1].strip() for row in (rows[0], *few)):
            return False
    columns = list(zip(*few, strict=True))
    if sum(any(map(str.strip, column)) for column in columns) < 2:
        return False  # lines that a delimiter begins or ends
    typed = sum(map(is_typed, columns))
    if not _is_header(rows[0]):
        return 2 * typed >= width > 2 or (typed > 0 and delimiter == "\t")
    spaced = delimiter == "," and sum(row[1][:1] == " " for row in few) * 2 > len(few)
    return bool(typed) or (not spaced and (width > 2 or delimiter in "\t|"))


def _is_header(cells: Sequence[str]) -> bool:
    """Whether the cells of the first record can be names of columns."""
    names = [cell.strip() for cell in cells]
    is_short = all(len(name) <= _MAX_NAME for name in names)
    is_words = not any(is_number(name) or name[:1].isdigit() for name in names)
    return is_short and is_words and 2 * len(set(names)) > len(names) and any(names)


def _table(
    records: Sequence[tuple[int, int]], cells: Sequence[Sequence[str]], width: int
) -> Table | None:
    """Return records of delimited values as a table."""
    has_header = _is_header(cells[0])
    rows = [
        Row(start, end, row if len(row) == width else ())
        for (start, end), row in zip(records, cells, strict=True)
    ][has_header:]
    if len(rows) < MIN_ROWS:
        return None
    names = [name.strip() for name in cells[0]] if has_header else ()
    return Table(records[0][0], rows[0].start, names, rows)


def _aligned(lines: Sequence[_Line]) -> Table | None:
    """Return lines whose columns blanks keep apart as a table."""
    full = [line for line in lines if not line.is_rule]
    columns = _above_footer(lines) or columns_of([line.text for line in full])
    if columns is None:
        return None
    names = columns.split(full[0].text)
    named = [name for name in names if name]
    has_header = 2 * len(named) >= len(names) and _is_header(named)
    if has_header:
        # Blanks inside the values of a column make no further column.
        columns = columns.only([i for i, name in enumerate(names) if name or not i])
        names = columns.split(full[0].text)
    body = full[has_header:]
    has_rule = bool(has_header) and any(line.is_rule and line.text.strip() for line in lines[:3])
    if min(len(body) - MIN_ROWS, len(names) - 2) < 0 or not _is_listing(
        columns, body, has_header=has_header, has_rule=has_rule
    ):
        return None
    ends = [*(line.start for line in body[1:]), lines[-1].end]
    rows = [
        Row(line.start, end, columns.split(line.text) if columns.fits(line.text) else ())
        for line, end in zip(body, ends, strict=True)
    ]
    worded = _worded(full, len(columns.starts), lines[-1].end)
    if worded or sum(not row.cells for row in rows) > max(1, _MISFITS * len(rows)):
        return worded
    return Table(lines[0].start, rows[0].start, names if has_header else (), rows)


def _worded(full: Sequence[_Line], width: int, end: int) -> Table | None:
    """Return lines of equally many words, more than `width`, as a table with these as cells.

    Most columns are of one type; what stands above the rows names all of them, or none.
    """
    cells = [line.text.split() for line in full]
    words, times = Counter(map(len, cells)).most_common(1)[0]
    if words <= max(width, 3) or times < max(_MIN_WORDED, _SAME * len(cells) - 1):
        return None
    few = [row for row in cells if len(row) == words][: 4 * _SAMPLE]
    if 2 * sum(map(is_typed, zip(*few, strict=True))) < words:
        return None
    heads = [line.text.lstrip("# ").split() for line in full[:_MAX_HEADER]]
    head = next((i for i, n in enumerate(heads) if len(n) == words and _is_header(n)), -1)
    if head < 0 and _is_header(cells[0]):
        return None  # a header of columns in which there are blanks
    body = full[head + 1 :]
    ends = [*(line.start for line in body[1:]), end]
    return Table(
        full[max(head, 0)].start,
        body[0].start,
        heads[head] if head >= 0 else (),
        [
            Row(line.start, stop, row if len(row) == words else ())
            for line, stop, row in zip(body, ends, cells[head + 1 :], strict=True)
        ],
    )


def _above_footer(lines: Sequence[_Line]) -> Columns | None:
    """Return the columns, all named, of what stands above the last few lines, after a blank one."""
    least = int((1 - _MISFITS) * len(lines))
    end = next((i for i in range(least, len(lines)) if not lines[i].text.strip()), len(lines))
    rows = [line.text for line in lines[:end] if not line.is_rule]
    columns = columns_of(rows) if end < len(lines) - 1 else None
    names = columns.split(rows[0]) if columns else []
    is_named = len(names) > 2 and all(any(map(str.isalnum, name)) for name in names[1:])
    return columns if is_named else None


def _numeric(lines: Sequence[_Line]) -> Table | None:
    """Return lines of numbers, as many on each, as a table; nothing needs to be aligned."""
    full = [line for line in lines if not line.is_rule]
    names = full[0].text.split() if full else []
    has_header = _is_header(names)
    body = full[has_header:]
    if len(body) < MIN_ROWS:
        return None
    ends = [*(line.start for line in body[1:]), lines[-1].end]
    rows = []
    for line, end in zip(body, ends, strict=True):
        cells = line.text.split()
        if len(cells) != len(names) or not all(is_number(cell) or is_void(cell) for cell in cells):
            return None
        rows.append(Row(line.start, end, cells))
    return Table(full[0].start, rows[0].start, names if has_header else (), rows)


def _listed(lines: Sequence[_Line]) -> Table | None:
    """Return a list of fields as a table; comments in it are rows of another shape."""
    full = [line for line in lines if not line.is_rule]
    first = next((i for i, line in enumerate(full) if not is_comment(line.text.lstrip())), 0)
    full = full[:first] + [line for line in full[first:] if not is_empty_comment(line.text)]
    fields = find_fields([line.text for line in full[first:]])
    if fields is None or len(fields.cells) < MIN_ROWS:
        return None
    starts = [line.start for line in full[first:]]
    ends = [*starts[1:], lines[-1].end]
    rows = [Row(*row) for row in zip(starts, ends, fields.cells, strict=True)]
    names = full[first - 1].text.lstrip("#").split() if first else []
    has_header = len(names) == fields.width and _is_header(names)
    top = full[first - 1].start if has_header else rows[0].start
    return Table(top, rows[0].start, names if has_header else (), rows)


def _is_listing(
    columns: Columns, body: Sequence[_Line], *, has_header: bool, has_rule: bool
) -> bool:
    """Whether aligned lines are a listing rather than a log, code or wrapped text."""
    few = [columns.split(line.text) for line in body[: 4 * _SAMPLE]]
    by_column = list(zip(*few, strict=True))
    typed = sum(map(is_typed, by_column))
    if _SEPARATORS.issuperset(by_column[1]):
        return False
    filled = sum(sum(map(bool, row)) >= 2 + (not has_rule) for row in few)
    if 3 * filled < 2 * len(few) or any(row[0].startswith(_COMMENTS) for row in few[:3]):
        return False
    if has_rule:
        return True
    if has_header:
        return len(by_column) > 2 and (bool(typed) or len(body) >= 8)
    # Without a header, it takes cells of different lengths to see that something is aligned.
    if not any(len(set(map(len, column))) > 1 for column in by_column[:-1]):
        return False
    stamped = sum(row[0].startswith("[") or _is_stamp(row[0]) for row in few)
    # Of three columns, one is of names.
    is_typed_enough = 2 * typed >= len(by_column) if len(by_column) > 3 else typed == 2
    return len(by_column) > 2 and is_typed_enough and 2 * stamped < len(few)


def _is_stamp(cell: str) -> bool:
    """Whether a cell is a date or a time, with which lines of logs begin."""
    return cell[:2].isdigit() and any(mark in cell for mark in "-/:") and not is_number(cell)
