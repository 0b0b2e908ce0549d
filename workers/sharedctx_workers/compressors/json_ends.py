"""Where arrays in similar values begin and end: their first and last items, and how many there are.

A summary of rows merges what nests in them, so it says ``2 to 9 items`` of an array that every row
has. Which items those are in each row is told here, in the order of the rows:
``"a number" … "a null" (9), "a date" … "a time" (5)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sharedctx.exact_json import Value, dump

__all__ = ("Ends",)

_MANY_OBJECTS, _MANY = 5, 10
_MAX_DEPTH = 3
_MAX_NAME = 60
_MAX_SCALARS = 12


class Ends:
    """Collects the ends of arrays by the names of the members that hold them."""

    def __init__(self) -> None:
        self._told: dict[str, dict[str, None]] = {}

    def add(self, path: Sequence[str], lists: Sequence[Value], *, first: bool = False) -> None:
        """Take note of arrays at one place, as far as they are long enough to be rows.

        Args:
            path: Names of the members that hold them.
            lists: The arrays.
            first: Whether they are told before all others.
        """
        for items in lists:
            told = _told(items)
            if told:
                name = ".".join(name for name in path if name not in ("[]", "{}"))
                if first:
                    self._told = {name: {}} | self._told
                self._told.setdefault(name, {})[told] = None

    def entries(self) -> Iterator[str]:
        """Yield what is to be said, each array once."""
        for name, told in self._told.items():
            for i, text in enumerate(told):
                yield text if i else f"{name}: {text}"


def _told(items: Sequence[Value]) -> str:
    """Return the first and the last of `items` and their number; nothing for a few."""
    objects = [item for item in items if type(item) is tuple]
    if len(objects) >= _MANY_OBJECTS and 2 * len(objects) > len(items):
        rows = [dict(_scalars(item)) for item in objects]
        name = _identity(rows)
        first, last = rows[0].get(name), rows[-1].get(name)
    elif len(items) >= _MANY:
        first, last = (
            None if type(item) in (list, tuple) else dump(item) for item in (items[0], items[-1])
        )
    else:
        return ""
    shown = [text for text in (first, last) if text and len(text) <= _MAX_NAME]
    return f"{' … '.join(shown)} ({len(items)})" if shown else f"({len(items)})"


def _scalars(item: Value, prefix: str = "", depth: int = _MAX_DEPTH) -> Iterator[tuple[str, str]]:
    """Yield the members of an object, and of objects in it, that hold neither."""
    for name, value in item:
        if type(value) is tuple:
            if depth:
                yield from _scalars(value, f"{prefix}{name}.", depth - 1)
        elif type(value) is not list and value != "":
            yield prefix + name, dump(value)


def _identity(rows: Sequence[dict[str, str]]) -> str:
    """Return the first member that tells `rows` apart, or the one that does so best."""
    names = list(dict.fromkeys(name for row in rows for name in row))[:_MAX_SCALARS]
    different = {name: len({row[name] for row in rows if name in row}) for name in names}
    best = max(names, key=lambda name: different[name], default="")
    return next((name for name in names if different[name] == len(rows)), best)
