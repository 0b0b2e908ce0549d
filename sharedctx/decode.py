"""Reading a lossless JSON rendition back into JSON.

A rendition is JSON in which an array or object of similar objects may stand as a table:

```text
[3 rows: id,name,kind="user",geo.city
1,Ann,Rome
2,"Bob, jr",Oslo
{"id":3,"note":"rows of another shape stand as they are"}
]
```

The header gives the number of rows and the columns: dotted names are members of objects in objects,
``name=value`` is a column that has the same value in every row and is not repeated in them. A cell
is empty when the row has no such member, and otherwise JSON; strings need their quotes only where
they could be taken for something else, and below ``name:str`` even ``12`` is a string.
``name~"template"`` is a column of strings made of others: ``{id}`` in the template stands for what
the row has in the column ``id``, ``{}`` for its cell in this one, and ``{{`` for a brace; without
``{}`` there are no cells. ``{3 rows by key: ...`` is an object of objects, whose first column are
its keys;
``[3 JSON lines: ...`` is a sequence of objects on lines of their own.

Lines that begin with ``#`` after an opening bracket tell what all the values after it have in
common. They hold no data of their own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sharedctx.exact_json import Scannable, Value, dump, is_number, scan, skip_space
from sharedctx.notes import unescape_notes

__all__ = ("decode_json", "decode_values")

_SUMMARY = re.compile(r"(?:#[^\n]*\n)*")
_TABLE = re.compile(r"([\[{])(\d{1,9}) (rows by key|rows|JSON lines): ")
_NAME = re.compile(r"[\w$@/-]+")
_BARE = re.compile(r"[^,\n]*")
_MISSING: Final = object()
_LITERALS = {"": _MISSING, "true": True, "false": False, "null": None}
_OPENERS = frozenset('"{[')
_LINES = "JSON lines"
_IS_TEXT = ":str"
_PART = re.compile(r"\{\{|\{[^{}]*\}|.", re.DOTALL)
_OWN = ""  # the name that stands for the cell itself


class _Column(NamedTuple):
    """A column.

    Attributes:
        path: Where its cells go.
        shared: The value that they share, if they do.
        is_text: Whether all are strings.
        template: What they are made of: text, and between that the names of columns.
    """

    path: tuple[str, ...]
    shared: tuple[Value] | None
    is_text: bool
    template: tuple[str, ...] = ()

    @property
    def has_cells(self) -> bool:
        """Whether rows have cells of it."""
        return not self.shared and (not self.template or _OWN in self.template[1::2])


def decode_json(text: str) -> str:
    """Return the JSON that a lossless JSON rendition stands for, without white space.

    The data is the same to the last digit: order of keys, duplicate keys and number literals
    included. JSON lines come back as lines.

    Args:
        text: A whole rendition, without elision notes.

    Raises:
        ValueError: `text` is not such a rendition, for instance because parts are elided.
    """
    return "\n".join(map(dump, decode_values(text)))


def decode_values(text: str) -> list[Value]:
    """Return the values of a lossless JSON rendition, as `sharedctx.exact_json.parse` does.

    Raises:
        ValueError: `text` is not such a rendition.
    """
    text = Scannable(unescape_notes(text))
    table = _TABLE.match(text)
    if table and table[3] == _LINES:
        values, end = _table(text, table)
    else:
        values, end = [], _skip_summary(text, 0)
        while end < len(text):
            value, end = _value(text, end)
            values.append(value)
            end = skip_space(text, end)
    if skip_space(text, end) != len(text):
        raise ValueError(f"more after the end of the table at character {end}")
    return list(values)


def _skip_summary(text: str, place: int) -> int:
    summary = _SUMMARY.match(text, place)
    return summary.end() if summary else place


def _value(text: str, start: int) -> tuple[Value, int]:
    """Return the value at `start`, plain or with tables inside, and where it ends."""
    table = _TABLE.match(text, start)
    if table:
        return _table(text, table)
    try:
        return scan(text, start)
    except ValueError:
        if text[start : start + 1] not in ("{", "["):
            raise
    return _container(text, start)


def _container(text: str, start: int) -> tuple[Value, int]:
    """Return the array or object at `start`, somewhere in which there is a table."""
    is_object = text[start] == "{"
    items: list[Value] = []
    place = _skip_summary(text, skip_space(text, start + 1))
    place = skip_space(text, place)
    while text[place : place + 1] != ("}" if is_object else "]"):
        key = None
        if is_object:
            key, place = _string(text, place)
            place = skip_space(text, _expect(text, place, ":"))
        item, place = _value(text, place)
        items.append((key, item) if is_object else item)
        place = skip_space(text, place)
        if text[place : place + 1] == ",":
            place = skip_space(text, place + 1)
    return tuple(items) if is_object else items, place + 1


def _expect(text: str, place: int, mark: str) -> int:
    if not text.startswith(mark, place):
        raise ValueError(f"{mark!r} expected at character {place}")
    return place + len(mark)


def _table(text: str, head: re.Match[str]) -> tuple[Value, int]:
    """Return the rows of the table that begins with `head`, and where it ends."""
    columns, place = _columns(text, head.end())
    place = _skip_summary(text, place)
    reader = _Rows(columns, by_key=head[3] == "rows by key")
    rows: list[Value] = []
    for _ in range(int(head[2])):
        line_end = text.find("\n", place)
        if line_end < 0:
            raise ValueError("the table ends early")
        rows.append(reader.row(text[place:line_end]))
        place = line_end + 1
    end = _expect(text, place, "}" if head[1] == "{" else "]")
    return tuple(rows) if reader.by_key else rows, end


def _columns(text: str, place: int) -> tuple[list[_Column], int]:
    """Return the columns of a header and where the first row begins."""
    columns = []
    while True:
        path, place = _path(text, place)
        shared = None
        if text[place : place + 1] == "=":
            value, place = _cell(text, place + 1)
            shared = (value,)
        template: tuple[str, ...] = ()
        if text[place : place + 1] == "~":
            source, place = _string(text, place + 1)
            template = _template(source)
        is_text = text.startswith(_IS_TEXT, place)
        place += len(_IS_TEXT) * is_text
        columns.append(_Column(path, shared, is_text or bool(template), template))
        if text[place : place + 1] == "\n":
            return columns, place + 1
        place = _expect(text, place, ",")


def _template(source: str) -> tuple[str, ...]:
    """Return a template as pieces of text, and between them the names of columns."""
    pieces = [""]
    for part in _PART.findall(source):
        if part == "{{" or len(part) == 1:
            pieces[-1] += part[0]
        else:
            pieces += (part[1:-1], "")
    return tuple(pieces)


def _path(text: str, place: int) -> tuple[tuple[str, ...], int]:
    names = []
    while True:
        name = _NAME.match(text, place)
        if name:
            names.append(name[0])
            place = name.end()
        else:
            quoted, place = _string(text, place)
            names.append(quoted)
        if text[place : place + 1] != ".":
            return tuple(names), place
        place += 1


def _string(text: str, place: int) -> tuple[str, int]:
    """Return the JSON string at `place`, and where it ends."""
    string, end = scan(text, _expect(text, place, '"') - 1)
    return str(string), end


class _Bare(dict[str, Value]):
    """Values of cells that are not JSON strings, objects or arrays, remembered."""

    def __missing__(self, cell: str) -> Value:
        value = self[cell] = _bare(cell)
        return value


class _Rows:
    """Reads the rows of one table."""

    def __init__(self, columns: Sequence[_Column], *, by_key: bool) -> None:
        self.by_key = by_key
        self._bare = _Bare()
        self._paths = [column.path for column in columns]
        self._is_flat = all(len(path) == 1 for path in self._paths)
        self._names = [path[-1] for path in self._paths]
        self._shared = [column.shared[0] if column.shared else _MISSING for column in columns]
        self._open = [i for i, column in enumerate(columns) if column.has_cells]
        self._texts = [i for i, column in enumerate(columns) if column.is_text]
        places = {".".join(column.path): i for i, column in enumerate(columns)}
        self._made = {
            i: [
                piece if place % 2 == 0 else i if piece == _OWN else _place_of(piece, places)
                for place, piece in enumerate(column.template)
            ]
            for i, column in enumerate(columns)
            if column.template
        }

    def row(self, line: str) -> Value:
        """Return one row: an object, or a pair of a key and an object."""
        if line.startswith("{"):
            raw, _ = scan(line, 0)
            return raw[0] if self.by_key else raw
        cells = self._cells(line.removeprefix(" "))
        if not self.by_key:
            return self._object(cells)
        return (cells[0] if cells else None, self._object(cells[1:]))

    def _cells(self, line: str) -> list[Value]:
        """Return the values of the cells of a row, `_MISSING` for empty ones."""
        if not line:
            return []
        if '"' not in line and "{" not in line and "[" not in line:
            bare = self._bare
            return [bare[cell] for cell in line.split(",")]
        cells = []
        place = 0
        while True:
            value, place = _cell(line, place)
            cells.append(value)
            if place == len(line):
                return cells
            place = _expect(line, place, ",")

    def _object(self, cells: Sequence[Value]) -> Value:
        """Return the object that `cells` and the shared values are."""
        if len(cells) > len(self._open):
            raise ValueError("a row has more cells than there are columns")
        values = self._shared.copy()
        for i, value in zip(self._open, cells, strict=False):
            values[i] = value
        for i in self._texts:
            values[i] = _text(values[i])
        for i, pieces in self._made.items():
            if _MISSING not in (values[piece] for piece in pieces if isinstance(piece, int)):
                values[i] = "".join(
                    piece if isinstance(piece, str) else _text(values[piece]) for piece in pieces
                )
        if self._is_flat:
            pairs = tuple(zip(self._names, values, strict=True))
            if _MISSING in values:
                return tuple([pair for pair in pairs if pair[1] is not _MISSING])
            return pairs
        present = zip(self._paths, values, strict=True)
        return _object([cell for cell in present if cell[1] is not _MISSING])


def _place_of(name: str, places: Mapping[str, int]) -> int:
    if name not in places:
        raise ValueError(f"a template names {name!r}, which is no column")
    return places[name]


def _cell(text: str, start: int) -> tuple[Value, int]:
    """Return the value of the cell at `start` and where it ends."""
    if text[start : start + 1] in _OPENERS:
        return scan(text, start)
    match = _BARE.match(text, start)
    assert match, "the pattern matches anything"
    return _bare(match[0]), match.end()


def _bare(cell: str) -> Value:
    """Return the value of a cell that is not a JSON string, object or array."""
    if cell in _LITERALS:
        return _LITERALS[cell]
    return cell.encode() if cell[0] in "-0123456789NI" and is_number(cell) else cell


def _text(value: Value) -> Value:
    """Return the string that a bare cell is in a column of strings only."""
    if value is _MISSING or isinstance(value, str):
        return value
    return value.decode() if isinstance(value, bytes) else dump(value)


def _object(present: Sequence[tuple[tuple[str, ...], Value]], depth: int = 0) -> Value:
    """Return the object whose members, at any depth, are `present` in this order."""
    members: list[tuple[str, Value]] = []
    below: list[tuple[tuple[str, ...], Value]] = []
    for cell in present:
        path, value = cell
        if below and below[0][0][depth] != path[depth]:
            members.append((below[0][0][depth], _object(below, depth + 1)))
            below = []
        if len(path) == depth + 1:
            members.append((path[depth], value))
        else:
            below.append(cell)
    if below:
        members.append((below[0][0][depth], _object(below, depth + 1)))
    return tuple(members)
