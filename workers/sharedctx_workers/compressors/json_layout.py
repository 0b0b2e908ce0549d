"""How JSON reads as lines: one per row, item or member, each with its place in the original.

What is short stays on one line, without white space. Objects and arrays that are longer open, hold
their members on lines of their own, and close; similar objects become a table. Very long strings
are cut in several parts, so that a reader can have the beginning of each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sharedctx.exact_json import Value, dump, dump_string, scan, skip_space
from sharedctx.plain import split_long
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.json_ranks import item_ranks, member_ranks, row_ranks
from sharedctx_workers.compressors.json_table import Table, tabulate

__all__ = ("Line", "lay_out")

_MAX_LINE = 160
_LONG = 480  # characters of a string or row that are cut in parts
_HEAD, _PART, _TAIL = 240, 320, 60
# Levels that are opened; what lies deeper stays on the line of its parent. Each level is parsed
# again, so this also bounds the time.
_MAX_OPEN = 12
_PROBE = 40


class Line(NamedTuple):
    """A piece of the rendition, in the terms of `sharedctx.segments.Segment`.

    Attributes:
        end: Where the part of the original that it stands for ends; the next piece begins there.
        needs: How many pieces before it the opening bracket or header stands that it is under.
    """

    text: str
    end: int
    rank: float
    unit: str
    first: int
    amount: int
    needs: int


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
    """

    prefix: str = ""
    suffix: str = ""
    depth: int = 0
    rank: float = REQUIRED
    unit: str = ""
    first: int = 0
    parent: int = -1


def lay_out(source: str, values: Sequence[tuple[Value, int, int]]) -> list[Line]:
    """Return the pieces of the rendition of `source`, which is JSON or JSON lines.

    Args:
        source: The original; the spans of the pieces cover it.
        values: Its values, as `sharedctx.exact_json.parse_spans` returns them.
    """
    layout = _Layout(source)
    ends = [start for _, start, _ in values[1:]] + [len(source)]
    layout.document(
        [_Child(None, value, at, end) for (value, at, _), end in zip(values, ends, strict=True)]
    )
    return layout.lines


class _Layout:
    def __init__(self, source: str) -> None:
        self._source = source
        self.lines: list[Line] = []

    def document(self, values: Sequence[_Child]) -> None:
        """Lay out everything."""
        if len(values) == 1:
            self._value(values[0], _Place())
            return
        table = _table(values)
        if table:
            self._table(table, values, _Place(), len(self._source), "JSON lines")
            return
        ranks = item_ranks(len(values))
        for number, (child, rank) in enumerate(zip(values, ranks, strict=True), start=1):
            self._value(child, _Place(rank=rank, unit="item", first=number))

    def _add(self, text: str, end: int, place: _Place, unit: str, count: int) -> int:
        """Add a piece at `place` and return its index."""
        index = len(self.lines)
        needs = index - place.parent if place.parent >= 0 else 0
        self.lines.append(Line(text, end, place.rank, unit, place.first, count, needs))
        return index

    def _value(self, child: _Child, place: _Place) -> None:
        """Lay out a value."""
        value, size = child.value, child.end - child.at
        is_open = bool(value) and type(value) in (list, tuple) and place.depth < _MAX_OPEN
        if is_open and size > _MAX_LINE:
            # White space can make up three quarters of what is short without it.
            text = dump(value) if size < 4 * _MAX_LINE else ""
            if not text or len(text) > _MAX_LINE:
                self._open(child, place)
                return
        text = f"{place.prefix}{dump(value)}{place.suffix}\n"
        self._pieces(list(_cut([text], "")), child.end, place)

    def _open(self, child: _Child, place: _Place) -> None:
        """Lay out an object or array over several lines."""
        children = list(_children(self._source, child.at))
        table = _table(children)
        if table:
            what = "rows by key" if type(child.value) is tuple else "rows"
            self._table(table, children, place, child.end, what)
            return
        brackets = "{}" if type(child.value) is tuple else "[]"
        opener = self._bracket(f"{place.prefix}{brackets[0]}\n", children[0].at, place)
        inner = place._replace(depth=place.depth + 1, parent=opener)
        if brackets == "[]" and not any(type(c.value) in (list, tuple) for c in children):
            self._scalars(children, inner)
        else:
            self._children(children, inner)
        closing = f"{' ' * place.depth}{brackets[1]}{place.suffix}\n"
        self._add(closing, child.end, inner._replace(rank=place.rank, first=0), "line", 0)

    def _bracket(self, text: str, end: int, place: _Place) -> int:
        return self._add(text, end, place, place.unit or "line", int(bool(place.unit)))

    def _children(self, children: Sequence[_Child], place: _Place) -> None:
        """Lay out the members of an object, or the items of an array that is no table."""
        of_object = children[0].key is not None
        ranks = member_ranks(len(children)) if of_object else item_ranks(len(children))
        indent = " " * place.depth
        for i, (child, rank) in enumerate(zip(children, ranks, strict=True)):
            self._value(
                child,
                place._replace(
                    prefix=indent if child.key is None else f"{indent}{dump_string(child.key)}:",
                    suffix="," if i + 1 < len(children) else "",
                    rank=place.rank + rank,
                    unit="key" if of_object else "item",
                    first=0 if of_object else i + 1,
                ),
            )

    def _scalars(self, children: Sequence[_Child], place: _Place) -> None:
        """Lay out an array of numbers and strings, several to a line."""
        groups: list[tuple[int, list[str]]] = []
        size = _MAX_LINE
        for i, child in enumerate(children):
            if size >= _MAX_LINE // 2:
                groups.append((i, []))
                size = 0
            groups[-1][1].append(dump(child.value))
            size += len(groups[-1][1][-1])
        indent = " " * place.depth
        for (i, texts), rank in zip(groups, item_ranks(len(groups)), strict=True):
            last = i + len(texts) == len(children)
            line = f"{indent}{','.join(texts)}{'' if last else ','}\n"
            here = place._replace(rank=place.rank + rank, unit="item", first=i + 1)
            end = children[i + len(texts) - 1].end
            self._pieces(list(_cut([line], "")), end, here, len(texts))

    def _table(
        self, table: Table, children: Sequence[_Child], place: _Place, end: int, what: str
    ) -> None:
        """Lay out a table: header, rows, closing bracket."""
        brackets = "{}" if what == "rows by key" else "[]"
        head = f"{place.prefix}{brackets[0]}{len(table.rows)} {what}: {table.header}\n"
        header = self._bracket(head, children[0].at, place)
        for i, (row, rank) in enumerate(zip(table.rows, row_ranks(table.rows), strict=True)):
            text = row.raw or ",".join(row.cells)
            here = _Place("", "", place.depth + 1, place.rank + rank, "row", i + 1, header)
            if len(text) <= _LONG:
                self._add(f"{text}\n", children[i].end, here, "row", 1)
            else:
                pieces = list(_cut(row.cells or [row.raw], ","))
                pieces[-1] += "\n"
                self._pieces(pieces, children[i].end, here)
        closing = f"{brackets[1]}{place.suffix}\n"
        self._add(closing, end, place._replace(parent=header, first=0), "line", 0)

    def _pieces(self, pieces: Sequence[str], end: int, place: _Place, count: int = 1) -> None:
        """Add a line that was cut into `pieces`: its ends first, what is between them later."""
        left = sum(map(len, pieces))
        start = self.lines[-1].end if self.lines else 0
        head = -1
        for i, piece in enumerate(pieces):
            is_last = i + 1 == len(pieces)
            stop = end if is_last else self._locate(piece, start, end, left)
            if i == 0:
                head = self._add(piece, stop, place, place.unit or "line", count)
                place = place._replace(parent=head, first=0)
            else:
                rank = place.rank + (0.01 if is_last else 1 + i / 100)
                self._add(piece, stop, place._replace(rank=rank), "char", len(piece))
            start, left = stop, left - len(piece)

    def _locate(self, piece: str, start: int, end: int, left: int) -> int:
        """Return about where `piece` ends in the original: exactly, if it stands there verbatim."""
        probe = piece[-_PROBE:]
        found = self._source.find(probe, start, end)
        return found + len(probe) if found >= 0 else start + (end - start) * len(piece) // left


def _children(source: str, at: int) -> Iterator[_Child]:
    """Yield what is in the array or object that begins at `at` and is not empty."""
    of_object = source[at] == "{"
    place = skip_space(source, at + 1)
    while True:
        key = None
        if of_object:
            key, place = scan(source, place)
            place = skip_space(source, skip_space(source, place) + 1)
        inner = place
        value, place = scan(source, place)
        place = skip_space(source, place)
        is_last = source[place] != ","
        if not is_last:
            place = skip_space(source, place + 1)
        yield _Child(key, value, inner, place)
        if is_last:
            return


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
        if len(cell) > _LONG and cell.lstrip()[0] in "{["
    )
    return bool(nested) and 2 * nested > sum(len(cell) for row in table.rows for cell in row.cells)


def _cut(cells: Sequence[str], separator: str) -> Iterator[str]:
    """Yield a line in pieces, so that the middle of each very long cell is a piece of its own."""
    piece = ""
    for i, cell in enumerate(cells):
        piece += separator if i else ""
        if len(cell) <= _LONG:
            piece += cell
            continue
        yield piece + cell[:_HEAD]
        stop = len(cell) - _TAIL
        for start, end in split_long(cell, _HEAD, stop, _PART):
            yield cell[start:end]
        piece = cell[stop:]
    yield piece
