"""Tables out of similar JSON objects: which columns, and how each row reads.

The grammar is that of `sharedctx.decode`, which reads it back. A row becomes cells if its members
come in the order of the columns; a row of another shape stands as JSON.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import NamedTuple

from sharedctx.exact_json import Value, dump, dump_string, is_number
from sharedctx_workers.compressors.json_templates import Template, find_templates

__all__ = ("Row", "Table", "tabulate")

MIN_ROWS = 3
_MAX_COLUMNS = 200
_NAME = re.compile(r"[\w$@/-]+")
# Bare strings hold no comma, quote, control character or line break of any kind, and are no other
# literal.
_BARE = re.compile(
    r"(?!(?:true|false|null|NaN|-?Infinity|-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)\Z)"
    r"[^\s\"{\[,\x00-\x1f\x7f](?:[^,\x00-\x1f\x7f\x85\u2028\u2029]*[^\s,\x00-\x1f\x7f])?"
)
_LITERALS = frozenset(("true", "false", "null"))
_MARKS = frozenset("{[#")
_NUMERIC = frozenset("-0123456789NI")
Keys = tuple[str, ...]


class Row(NamedTuple):
    """A row: its cells without the shared columns, or None and the row as JSON.

    Attributes:
        cells: One per column that is not shared; empty where the row has no such member.
        raw: The row as JSON if its shape is not that of the columns, else empty.
    """

    cells: Sequence[str]
    raw: str = ""


class Table(NamedTuple):
    """A table.

    Attributes:
        header: The columns, as the header line lists them.
        rows: The rows, in order.
    """

    header: str
    rows: Sequence[Row]


@dataclass(slots=True)
class _Column:
    """A column, or a group of columns when the member is an object in most rows.

    Attributes:
        name: Name of the member.
        inner: Columns of the objects that are its value; empty for a plain column.
        shapes: The key sequences of objects that `inner` holds.
        plain: Whether some rows have another value, which gets a cell of its own.
    """

    name: str
    inner: list[_Column] = field(default_factory=list)
    shapes: frozenset[Keys] = frozenset()
    plain: bool = True

    def width(self) -> int:
        """Number of cells that it takes in a row."""
        return self.plain + sum(column.width() for column in self.inner)


def _shape(value: Value) -> Keys:
    return tuple([key for key, _ in value])


def _order(shapes: Counter[Keys], rows: int) -> tuple[list[str], frozenset[Keys]]:
    """Return an order of names, and the shapes whose keys appear in that order.

    A shape with names of its own joins only if that saves more keys than it costs empty cells.
    """
    names: list[str] = []
    fitting: set[Keys] = set()
    for shape, times in sorted(shapes.items(), key=lambda item: -item[1]):
        merged = _merge(names, shape)
        if merged is None or len(merged) > _MAX_COLUMNS:
            continue
        added = len(merged) - len(names)
        if fitting and times * 2 * len(shape) < added * (rows - times):
            continue
        names = merged
        fitting.add(shape)
    return names, frozenset(fitting)


def _merge(names: list[str], shape: Keys) -> list[str] | None:
    """Return `names` with those of `shape` put in, or None if their orders contradict."""
    if len(set(shape)) < len(shape):
        return None
    places = {name: place for place, name in enumerate(names)}
    merged = []
    done = 0
    for name in shape:
        place = places.get(name)
        if place is None:
            merged.append(name)
        elif place < done:
            return None
        else:
            merged += names[done : place + 1]
            done = place + 1
    return merged + names[done:]


def _plan(objects: Sequence[Value], rows: int) -> tuple[list[_Column], frozenset[Keys]]:
    """Return the columns for `objects`, which stand in some of `rows` rows."""
    shapes = Counter(map(_shape, objects))
    names, fitting = _order(shapes, len(objects))
    values: dict[str, list[Value]] = {name: [] for name in names}
    for item in objects:
        for name, value in item:
            if name in values:
                values[name].append(value)
    return [_column(name, values[name], rows) for name in names], fitting


def _column(name: str, values: Sequence[Value], rows: int) -> _Column:
    objects = [value for value in values if type(value) is tuple and value]
    if len(objects) < max(2, len(values) // 2):
        return _Column(name)
    inner, shapes = _plan(objects, rows)
    fitting = [value for value in objects if _shape(value) in shapes]
    grouped = _Column(name, inner, shapes, plain=len(fitting) < len(values))
    saved = sum(len(key) + 3 for value in fitting for key in _shape(value))
    cost = rows * grouped.width() + sum(len(name) + 1 for _ in inner)
    return grouped if saved > cost else _Column(name)


class _Strings(dict[str, str]):
    """Strings as cells, remembered, because columns repeat them."""

    def __missing__(self, value: str) -> str:
        cell = self[value] = value if _BARE.fullmatch(value) else dump_string(value)
        return cell


class _Cells:
    """Writes cells."""

    def __init__(self) -> None:
        self._strings = _Strings()

    def of(self, value: Value) -> str:
        """Return `value` as a cell."""
        return self._strings[value] if type(value) is str else dump(value)

    def columns(
        self, objects: Sequence[dict[str, Value]], columns: Sequence[_Column]
    ) -> Iterator[list[str]]:
        """Yield the cells of `columns`, one for each of `objects`."""
        for column in columns:
            values = [item.get(column.name, _MISSING) for item in objects]
            if not column.inner:
                yield self._column(values)
                continue
            fits = [type(v) is tuple and _shape(v) in column.shapes for v in values]
            pairs = list(zip(values, fits, strict=True))
            if column.plain:
                yield self._column([_MISSING if is_inner else v for v, is_inner in pairs])
            inner = [dict(v) if is_inner else {} for v, is_inner in pairs]
            yield from self.columns(inner, column.inner)

    def _column(self, values: Sequence[Value]) -> list[str]:
        kinds = set(map(type, values))
        strings = self._strings
        if kinds == {str}:
            return [strings[value] for value in values]
        if kinds == {bytes}:
            return [value.decode() for value in values]
        return ["" if value is _MISSING else self.of(value) for value in values]


_MISSING = object()


def _names(columns: Sequence[_Column], prefix: str = "") -> Iterator[str]:
    """Yield the header names of `columns`, in the order of their cells."""
    for column in columns:
        name = column.name if _NAME.fullmatch(column.name) else dump_string(column.name)
        if column.plain:
            yield prefix + name
        yield from _names(column.inner, f"{prefix}{name}.")


def tabulate(keys: Sequence[str | None], objects: Sequence[Value]) -> Table | None:
    """Return `objects` as a table, or None if that would not read shorter.

    Args:
        keys: The key of each object if they are members of an object, else None for each.
        objects: Objects, as `sharedctx.exact_json` has them.
    """
    if len(objects) < MIN_ROWS:
        return None
    columns, shapes = _plan(objects, len(objects))
    found = [_shape(item) for item in objects]
    fits = [shape in shapes for shape in found]
    if 2 * sum(fits) < len(objects):
        return None
    writer = _Cells()
    fitting = [dict(item) for item, fit in zip(objects, fits, strict=True) if fit]
    names, cells = list(_names(columns)), list(writer.columns(fitting, columns))
    templates = find_templates(names, cells)
    written = [
        _templated(templates[i], writer) if i in templates else _written(column)
        for i, column in enumerate(cells)
    ]
    header = ",".join(name + mark for name, (mark, _) in zip(names, written, strict=True))
    kept = [column for _, column in written if column is not None]
    saved = sum(
        times * sum(len(key) + 3 for key in shape)
        for shape, times in Counter(found).items()
        if shape in shapes
    )
    if saved <= len(header) + sum(column.count("") for column in kept):
        return None
    rows = zip(*kept, strict=True) if kept else repeat(())
    return Table(
        header,
        [
            _row(writer, key, next(rows))
            if fit
            else Row((), dump(item if key is None else ((key, item),)))
            for key, item, fit in zip(keys, objects, fits, strict=True)
        ],
    )


def _written(column: Sequence[str]) -> tuple[str, Sequence[str] | None]:
    """Return what the header says after the name of a column, and its cells unless it says all."""
    values = set(column)
    if len(values) == 1 and column[0]:
        return f"={column[0]}", None
    quoted = {v for v in values if v[:1] == '"' and _is_literal(v[1:-1])}
    if not quoted or any(v[:1] in ("{", "[") or _is_literal(v) for v in values):
        return "", column
    return ":str", [cell[1:-1] if cell in quoted else cell for cell in column]


def _templated(template: Template, writer: _Cells) -> tuple[str, Sequence[str] | None]:
    """Return what the header says of a column with a template, and what its cells are then."""
    mark = f"~{dump_string(template.text)}"
    if template.rests is None:
        return mark, None
    cells = map(writer.of, template.rests)
    return mark, [
        cell[1:-1] if cell[0] == '"' and _is_literal(cell[1:-1]) else cell for cell in cells
    ]


def _is_literal(text: str) -> bool:
    return text in _LITERALS or (text[:1] in _NUMERIC and is_number(text))


def _row(writer: _Cells, key: str | None, row: Sequence[str]) -> Row:
    if key is None and row and row[-1] and row[0][:1] not in _MARKS:
        return Row(row)
    cells = list(row)
    while cells and not cells[-1]:
        cells.pop()
    if key is not None:
        cells.insert(0, writer.of(key))
    if cells and cells[0].startswith(tuple(_MARKS)):
        cells[0] = f" {cells[0]}"  # lines that begin so are rows of another shape, and summaries
    return Row(cells)
