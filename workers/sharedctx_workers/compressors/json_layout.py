"""How JSON reads as lines: one per row, item or member, each with its place in the original.

What is short stays on one line, without white space. Objects and arrays that are longer open, hold
their members on lines of their own, and close; similar objects become a table. Very long strings
are cut in parts. After the bracket that opens many alike, lines that begin with ``#`` say what they
have in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import NamedTuple

from sharedctx.exact_json import Value, dump, dump_string
from sharedctx.exact_json import children as members_of
from sharedctx.salience import looks_wrong
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.json_ranks import (
    member_ranks,
    row_ranks,
    sample_ranks,
    scalar_rows,
)
from sharedctx_workers.compressors.json_strings import LATE, LONG, SOON, Part, Strings
from sharedctx_workers.compressors.json_summary import is_map, outline, pack, summarize
from sharedctx_workers.compressors.json_table import Table, tabulate

__all__ = ("Line", "lay_out")

_MAX_LINE = 160
_MAX_TOLD = 480  # where a summary has said what there is
# Levels that are opened; what lies deeper stays on the line of its parent. Each level is parsed
# again, so this also bounds the time.
_MAX_OPEN = 12
_PROBE = 40
_MOST_ESCAPED = 12  # characters that JSON can take to write one
_MANY_MEMBERS = 12
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,{}\[\]]+')
# Arrays and dictionaries of at least this many characters are summarized.
_SUMMARIZED = 800
_WRONG_RANK, _NAMES_RANK, _ITEMS_RANK = 0.01, 0.15, 0.06
_ENDS_RANK, _ENDS_SPREAD, _ENDS_OF_ALL_RANK = 0.02, 0.03, 0.05
# The keys of the whole come first if they are at most one character in so many, and the ends of
# all arrays in it are told.
_LITTLE, _VERY_LITTLE = 5, 20


class Line(NamedTuple):
    """A piece of the rendition, in the terms of `sharedctx.segments.Segment`.

    Attributes:
        end: Where the part of the original that it stands for ends; the next piece begins there.
        parent: Index of the piece with the bracket or header that it is under, or -1.
    """

    text: str
    end: int
    rank: float
    unit: str
    first: int
    amount: int
    parent: int


class _Child(NamedTuple):
    """A value inside an object or array, or on a line of its own.

    Attributes:
        key: Its key in an object.
        value: The value.
        at: Where it begins.
        end: Where the next one begins, or the closing bracket stands.
    """

    key: str | None
    value: Value
    at: int
    end: int


class _Place(NamedTuple):
    """Where a value stands in the rendition.

    Attributes:
        prefix: What its first line begins with: indentation and key.
        suffix: What follows it: a comma or nothing.
        depth: How many brackets it is in.
        rank: How soon it is needed.
        unit: What a reader calls it; empty for a whole document.
        first: Its number among its siblings, or 0.
        parent: Index of the piece that it is under, or -1.
        is_told: Whether it is among values that are summarized.
    """

    prefix: str = ""
    suffix: str = ""
    depth: int = 0
    rank: float = REQUIRED
    unit: str = ""
    first: int = 0
    parent: int = -1
    is_told: bool = False


def lay_out(source: str, values: Sequence[tuple[Value, int, int]], strings: Strings) -> list[Line]:
    """Return the pieces of the rendition of `source`, which is JSON or JSON lines.

    Args:
        source: The original; the spans of the pieces cover it.
        values: Its values, as `sharedctx.exact_json.parse_spans` returns them.
        strings: What cuts long ones.
    """
    layout = _Layout(source, strings)
    ends = [start for _, start, _ in values[1:]] + [len(source)]
    layout.document(
        [_Child(None, value, at, end) for (value, at, _), end in zip(values, ends, strict=True)]
    )
    return layout.lines


def _compact_size(source: str) -> int:
    """Return about how many characters JSON takes without white space."""
    return sum(map(len, map(str.strip, source.splitlines())))


class _Layout:
    def __init__(self, source: str, strings: Strings) -> None:
        self._source = source
        self._strings = strings
        self.lines: list[Line] = []
        self._outlined: set[str] = set()
        self._speaks_of_errors = False  # anything among the values that were summarized last

    def document(self, values: Sequence[_Child]) -> None:
        """Lay out everything."""
        if len(values) == 1:
            self._value(values[0], _Place())
            return
        table = _table(values)
        if table:
            self._table(table, values, _Place(), len(self._source), "JSON lines")
            return
        place = _Place(is_told=self._summary(values, values[0].at, _Place(), "value"))
        self._children(values, place, rank=_ITEMS_RANK * place.is_told)

    def _add(self, text: str, end: int, place: _Place, unit: str, count: int) -> int:
        """Add a piece at `place` and return its index."""
        self.lines.append(Line(text, end, place.rank, unit, place.first, count, place.parent))
        return len(self.lines) - 1

    def _summary(self, children: Sequence[_Child], at: int, place: _Place, unit: str) -> bool:
        """Add what `children`, which begin at `at`, have in common; return whether it is told."""
        of_object = children[0].key is not None
        if place.is_told or len(children) < 3 or children[-1].end - at < _SUMMARIZED:
            return False
        if of_object and not is_map([(child.key or "", child.value) for child in children]):
            return False
        keys = [child.key or "" for child in children] if of_object else ()
        size = children[-1].end - children[0].at
        summary = summarize([child.value for child in children], size, keys)
        self._speaks_of_errors = summary.speaks_of_errors
        is_root = self._is_root(place)
        if len(summary.lines) > 2 and is_root:
            self._outline(summary.outline, at, place)
        self._comment([f"all {len(children)} {unit}s: {summary.lines[0]}"], at, place)
        urgent = place._replace(rank=min(place.rank, _WRONG_RANK))
        self._comment(summary.wrong, at, urgent, "speaks of errors: ")
        self._comment(summary.lines[1:], at, place, spread=0.001)
        self._ends(summary.ends, at, place._replace(rank=place.rank + _ENDS_RANK))
        told = {name for name in summary.names if name in self._outlined}
        names = pack([name for name in summary.names if name not in told], ", ")
        is_little = is_root and _LITTLE * sum(map(len, names)) <= size
        later = place._replace(rank=place.rank + (0.0 if is_little else _NAMES_RANK))
        title = "other keys: " if told else "keys: "
        self._comment(names, at, later, title, spread=0.0 if is_little else 0.3)
        return True

    def _ends(self, texts: Sequence[str], at: int, place: _Place) -> None:
        """Add the first and the last items of arrays."""
        self._comment(texts, at, place, "first … last (of how many): ", spread=_ENDS_SPREAD)

    def _comment(
        self,
        texts: Sequence[str],
        at: int,
        place: _Place,
        title: str = "",
        *,
        spread: float = 0.0,
    ) -> None:
        """Add lines about the original; `spread` is between the ranks of the first and the last."""
        for i, text in enumerate(texts):
            line = f"# {text if i else title + text}\n"
            rank = place.rank + spread * i / len(texts)
            self.lines.append(Line(line, at, rank, "summary line", 0, 1, place.parent))

    def _value(self, child: _Child, place: _Place) -> None:
        """Lay out a value."""
        text = self._brief(child, place)
        if text is None:
            self._open(child, place)
            return
        self._line(f"{place.prefix}{text}{place.suffix}\n", child.end, place)

    def _line(self, text: str, end: int, place: _Place, count: int = 1) -> None:
        """Add a line, in pieces if it is long, and earlier if it speaks of errors."""
        if place.is_told and self._speaks_of_errors and looks_wrong(text):
            least = self.lines[place.parent].rank if place.parent >= 0 else REQUIRED
            place = place._replace(rank=max(least, place.rank - 0.1))
        if len(text) > LONG:
            self._parts(list(self._strings.cut([text])), end, place, count)
        else:
            self._add(text, end, place, place.unit or "line", count)

    def _brief(self, child: _Child, place: _Place) -> str | None:
        """Return how a value reads on one line; None if that would be too long."""
        value, size = child.value, child.end - child.at
        if not value or type(value) not in (list, tuple) or place.depth >= _MAX_OPEN:
            return dump(value)
        most = _MAX_TOLD if place.is_told else _MAX_LINE
        # White space can make up three quarters of what is short without it.
        if size >= 4 * most:
            return None
        text = dump(value)
        return text if min(size, len(text)) <= most else None

    def _open(self, child: _Child, place: _Place) -> None:
        """Lay out an object or array over several lines."""
        children = list(starmap(_Child, members_of(self._source, child.at)))
        table = _table(children)
        if table:
            what = "rows by key" if type(child.value) is tuple else "rows"
            self._table(table, children, place, child.end, what)
            return
        brackets = "{}" if type(child.value) is tuple else "[]"
        opener = self._bracket(f"{place.prefix}{brackets[0]}\n", children[0].at, place)
        inner = place._replace(depth=place.depth + 1, parent=opener)
        unit = "key" if brackets == "{}" else "item"
        is_new = self._summary(children, children[0].at, inner, unit)
        inner = inner._replace(is_told=place.is_told or is_new)
        if not is_new and self._is_root(inner):
            size = _compact_size(self._source[child.at : child.end])
            names, ends = outline(child.value, size)
            self._outline(names, children[0].at, inner)
            if _VERY_LITTLE * sum(map(len, ends)) <= size:
                self._ends(ends, children[0].at, inner._replace(rank=_ENDS_OF_ALL_RANK))
        self._children(children, inner, rank=place.rank + _ITEMS_RANK * is_new)
        closing = f"{' ' * place.depth}{brackets[1]}{place.suffix}\n"
        self._add(closing, child.end, inner._replace(rank=place.rank, first=0), "line", 0)

    def _outline(self, names: Sequence[str], at: int, place: _Place) -> None:
        """Add the names of all members."""
        self._comment(names, at, place, "fields: ")
        self._outlined.update(word for line in names for word in _WORD.findall(line))

    def _is_root(self, place: _Place) -> bool:
        return place.parent < 0 or self.lines[place.parent].parent < 0

    def _bracket(self, text: str, end: int, place: _Place) -> int:
        return self._add(text, end, place, place.unit or "line", int(bool(place.unit)))

    def _children(self, children: Sequence[_Child], place: _Place, *, rank: float) -> None:
        """Lay out the members of an object, or the items of an array that is no table."""
        of_object = children[0].key is not None
        groups = list(_groups(children)) if place.depth else [[i] for i in range(len(children))]
        if of_object and not (place.is_told and len(children) >= _MANY_MEMBERS):
            ranks = member_ranks(len(groups))
        elif len(groups) < len(children):
            ranks = sample_ranks(groups)
        else:
            rows = list(scalar_rows([child.value for child in children]))
            ranks = row_ranks(rows, [self._source[child.at : child.end] for child in children])
        indent = " " * place.depth
        for group, own in zip(groups, ranks, strict=True):
            first = children[group[0]]
            is_alone = len(group) == 1
            here = _Place(
                f"{indent}{dump_string(first.key)}:"
                if is_alone and first.key is not None
                else indent,
                "," if place.depth and group[-1] + 1 < len(children) else "",
                place.depth,
                rank + own,
                "key" if of_object else "item",
                0 if of_object else group[0] + 1,
                place.parent,
                place.is_told,
            )
            if is_alone:
                self._value(first, here)
                continue
            inner = [children[i] for i in group]
            text = dump(
                tuple((c.key, c.value) for c in inner) if of_object else [c.value for c in inner]
            )
            line = f"{indent}{text[1:-1]}{here.suffix}\n"
            self._line(line, inner[-1].end, here, len(group))

    def _table(
        self, table: Table, children: Sequence[_Child], place: _Place, end: int, what: str
    ) -> None:
        """Lay out a table: header, summary, rows, closing bracket."""
        brackets = "{}" if what == "rows by key" else "[]"
        head = f"{place.prefix}{brackets[0]}{len(table.rows)} {what}: {table.header}\n"
        header = self._bracket(head, children[0].at, place)
        inner = place._replace(parent=header)
        is_new = self._summary(children, children[0].at, inner, "row")
        rank = place.rank + _ITEMS_RANK * is_new
        texts = [row.raw or ",".join(row.cells) for row in table.rows]
        ranks = row_ranks(table.rows, texts)
        for i, (row, text, own) in enumerate(zip(table.rows, texts, ranks, strict=True)):
            here = _Place("", "", place.depth + 1, rank + own, "row", i + 1, header)
            if len(text) <= LONG:
                self._add(f"{text}\n", children[i].end, here, "row", 1)
            else:
                *parts, last = self._strings.cut(row.cells or [row.raw], ",")
                last = last._replace(text=f"{last.text}\n")
                self._parts([*parts, last], children[i].end, here)
        closing = f"{brackets[1]}{place.suffix}\n"
        self._add(closing, end, place._replace(parent=header, first=0), "line", 0)

    def _parts(self, parts: Sequence[Part], end: int, place: _Place, count: int = 1) -> None:
        """Add a line that was cut into `parts`."""
        left = sum(len(part.text) for part in parts)
        start = self.lines[-1].end if self.lines else 0
        head = -1
        for i, part in enumerate(parts):
            text = part.text
            stop = end if i + 1 == len(parts) else self._locate(text, start, end, left)
            if i == 0:
                head = self._add(text, stop, place, place.unit or "line", count)
                place = place._replace(parent=head, first=0)
            else:
                rank = place.rank + part.rank
                if part.rank >= LATE:
                    rank += i / 100
                elif part.rank > SOON:
                    rank = max(place.rank, part.rank)
                self._add(text, stop, place._replace(rank=rank), part.unit, part.amount)
            start, left = stop, left - len(text)

    def _locate(self, piece: str, start: int, end: int, left: int) -> int:
        """Return about where `piece` ends in the original: exactly, if it stands there verbatim."""
        probe = piece[-_PROBE:]
        found = self._source.find(probe, start, min(end, start + _MOST_ESCAPED * len(piece)))
        return found + len(probe) if found >= 0 else start + (end - start) * len(piece) // left


def _groups(children: Sequence[_Child]) -> Iterator[list[int]]:
    """Yield the indexes of children, those of one line together: short ones that hold no others."""
    group: list[int] = []
    size = 0
    for i, child in enumerate(children):
        length = child.end - child.at + len(child.key or "")
        if child.key is not None and type(child.value) in (list, tuple):
            length = _MAX_LINE
        if group and size + length > _MAX_LINE // 2:
            yield group
            group, size = [], 0
        group.append(i)
        size += length
    yield group


def _table(children: Sequence[_Child]) -> Table | None:
    """Return `children` as a table if they are similar objects, told by row better than apart."""
    if not all(type(child.value) is tuple for child in children):
        return None
    table = tabulate([c.key for c in children], [c.value for c in children])
    if table is None:
        return None
    return None if _is_nested(table) else table


def _is_nested(table: Table) -> bool:
    """Whether most of a table is long objects and arrays in its cells."""
    nested = sum(
        len(cell)
        for row in table.rows
        for cell in row.cells
        if len(cell) > LONG and cell.lstrip()[0] in "{["
    )
    return bool(nested) and 2 * nested > sum(len(cell) for row in table.rows for cell in row.cells)
