"""Lists whose fields blanks separate without aligning them: ``/etc/services``, ``git log``.

Comments may stand between the records and after them. A list is told from text by its regularity:
all records have as many words, or gaps (tabs and runs of blanks) between short fields, or begin
with a hash or a number, or are single words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sharedctx_workers.compressors.table_cells import is_identifier, is_typed

__all__ = ("Fields", "find_fields", "is_comment", "is_empty_comment")

_MIN_RECORDS = 12
_MANY_NAMES = 100  # names in fewer lines are all worth reading
_SAME = 0.98
_MOST = 0.9
_MOSTLY = 0.6  # records; where comments say more, they are settings with their explanations
_SAMPLE = 160
_MAX_NAME, _MAX_WORD = 60, 100
_MARKS = ("#", "!", ";", "//")
_REMARK = re.compile(r"\s#+(?=\s)")
_GAP = re.compile(r" ?\t[ \t]*| {2,}")
# What `git log --graph` draws before a commit, or between two.
_GRAPH = re.compile(r"[*|][*|/\\_ .-]*")
_INDENT = re.compile(r"[ \t]*")
_NUMBER = re.compile(r" *-?\d")
_CODE_ENDS = (">", "{", "}", "(", ";", ",", ":", "\\")
_SENTENCE_ENDS = (".", "!", "?")
_SETTING = re.compile(r"[\w./-]{1,60}[ \t]{0,40}[:=](?=\s)")
_STAMP = re.compile(r"\[|\d{4}[-/]\d\d[-/]\d\d|\d\d:\d\d:\d\d")  # with which lines of logs begin
# So many words of a field are a name or a value rather than a sentence.
_FEW_WORDS = 3


class Fields(NamedTuple):
    """A list.

    Attributes:
        cells: Of each line; none for comments and for lines that do not have the fields.
        width: How many cells the others have.
    """

    cells: Sequence[Sequence[str]]
    width: int


class _Record(NamedTuple):
    """A line that is no comment, without the comment at its end."""

    text: str
    remark: str


def is_comment(line: str) -> bool:
    """Whether a line says something about the list rather than being one of its records."""
    return line.startswith(_MARKS)


def is_empty_comment(line: str) -> bool:
    """Whether a line is a comment without a word, as they frame others."""
    return is_comment(line) and not any(map(str.isalnum, line))


def find_fields(lines: Sequence[str]) -> Fields | None:
    """Return the fields of `lines`, none of them blank; None if they are no such list."""
    if all(map(_GRAPH.match, lines)):
        lines = [_GRAPH.sub("", line) for line in lines]
    records = {
        i: _record(line)
        for i, line in enumerate(lines)
        if line.strip() and not is_comment(line.lstrip())
    }
    if len(records) < max(_MIN_RECORDS, _MOSTLY * len(lines)) or not _is_plain(
        [lines[i] for i in records]
    ):
        return None
    texts = [record.text for record in records.values()]
    for read in (_by_words, _by_gaps, _by_key, _by_names):
        found = read(texts)
        if found is None:
            continue
        if any(record.remark for record in records.values()):
            remarks = [record.remark for record in records.values()]
            found = [
                [*row, remark] if row else [] for row, remark in zip(found, remarks, strict=True)
            ]
        by_line = dict(zip(records, found, strict=True))
        return Fields([by_line.get(i, ()) for i in range(len(lines))], max(map(len, found)))
    return None


def _record(line: str) -> _Record:
    remark = _REMARK.search(line)
    end = remark.start() if remark else len(line)
    return _Record(line[:end].strip(), line[end:].strip())


def _is_plain(lines: Sequence[str]) -> bool:
    """Whether all lines are indented alike, and few are of code, a log or settings."""
    # Numbers are flush on the right.
    indents = Counter(_INDENT.match(line)[0] for line in lines if not _NUMBER.match(line))  # type: ignore[index]
    if max(indents.values(), default=0) < _MOST * indents.total():
        return False
    other = sum(
        line.rstrip().endswith(_CODE_ENDS) or bool(_STAMP.match(line) or _SETTING.match(line))
        for line in lines
    )
    return other <= (1 - _MOST) * len(lines)


def _by_words(texts: Sequence[str]) -> list[list[str]] | None:
    """Return the words of records that have equally many, and some of one type."""
    rows = [text.split() for text in texts]
    width, times = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or times < (_SAME if width > 2 else _MOST) * len(rows):
        return None
    rows = [row if len(row) == width else [] for row in rows]
    columns = _columns(rows)
    # Of two words, the first says what the second is.
    is_regular = any(map(is_typed, columns[: 1 if width == 2 else width]))
    return rows if is_regular and not _is_said(columns) else None


def _is_said(columns: Sequence[Sequence[str]]) -> bool:
    """Whether the records are sentences: most of them end like one, or most words never change."""
    ends = sum(word[-1] in _SENTENCE_ENDS and word[:-1].isalpha() for word in columns[-1])
    constant = sum(len(set(column)) == 1 for column in columns)
    return 2 * ends > len(columns[-1]) or 2 * constant > len(columns)


def _by_gaps(texts: Sequence[str]) -> list[list[str]] | None:
    """Return what gaps separate, if it is names and values rather than names and sentences."""
    rows = [_GAP.split(text) for text in texts]
    widths = sorted(map(len, rows))
    width = widths[int((1 - _MOST) * len(widths))]
    if width < 2:
        return None
    rows = [
        [*row[: width - 1], " ".join(row[width - 1 :])] if len(row) >= width else [] for row in rows
    ]
    columns = _columns(rows)
    return rows if all(map(_is_brief, columns[:2])) else None


def _by_key(texts: Sequence[str]) -> list[list[str]] | None:
    """Return records that begin with a hash or a count, as what `git log` and `uniq` print."""
    rows = [text.split(maxsplit=1) for text in texts]
    keys = [row[0] for row in rows]
    counted = all(map(str.isdecimal, keys)) and len(set(keys)) < len(keys)
    if not counted and sum(map(is_identifier, keys)) < _SAME * len(keys):
        return None
    return [row if len(row) == 2 else [] for row in rows]


def _by_names(texts: Sequence[str]) -> list[list[str]] | None:
    """Return records of a single word, as far as they are."""
    rows = [text.split(maxsplit=1) for text in texts]
    named = [
        len(row) == 1 or bool(_GAP.match(text, len(row[0])))
        for row, text in zip(rows, texts, strict=True)
    ]
    if len(texts) < _MANY_NAMES or sum(named) < _SAME * len(texts):
        return None
    if any(len(row[0]) > _MAX_WORD for row in rows):
        return None
    return [row[:1] if is_named else [] for row, is_named in zip(rows, named, strict=True)]


def _columns(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Return the columns of some of the rows that have them."""
    return list(zip(*[row for row in rows if row][:_SAMPLE], strict=True))


def _is_brief(column: Sequence[str]) -> bool:
    """Whether the cells of a column are names or values."""
    brief = sum(len(cell) <= _MAX_NAME and len(cell.split()) <= _FEW_WORDS for cell in column)
    return brief >= _MOST * len(column)
