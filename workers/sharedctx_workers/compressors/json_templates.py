"""Columns of a table that other columns tell: ``url`` is a prefix and the ``id`` of the row.

A template is a string in which ``{id}`` stands for what the row has in that column and ``{}`` for
what the row says itself; ``{{`` is a brace. `sharedctx.decode` fills it in again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sharedctx.exact_json import is_number, scan

__all__ = ("Template", "find_templates")

_NAME = re.compile(r"[\w$@/.-]+")
_LITERALS = frozenset(("", "true", "false", "null"))
# Others are only looked for among so many columns, and told apart by so many rows.
_MAX_SOURCES = 24
_SAMPLES = 5
# What a template has to save, in characters, and how many it has to have of its own: short names
# are better read as they are.
_LEAST_SAVING = 12
_LEAST_TEXT, _LEAST_AFFIX = 10, 24
_MAX_TEMPLATE = 200


class Template(NamedTuple):
    """How the strings of a column are made.

    Attributes:
        text: The template.
        rests: What each row says itself, if ``{}`` is in the template.
    """

    text: str
    rests: Sequence[str] | None = None


def find_templates(names: Sequence[str], columns: Sequence[Sequence[str]]) -> dict[int, Template]:
    """Return templates for those of `columns` that are shorter with one, by their index.

    Args:
        names: The names of the columns, as the header has them.
        columns: The cells of the columns, as the rows have them.
    """
    texts = {
        i: text for i, column in enumerate(columns) if (text := _texts(column)) and _varies(text)
    }
    strings = [i for i in texts if all(map(_is_string, columns[i]))]
    found: dict[int, Template] = {}
    # The shorter first: that the longer ones can be made of them does not keep their own cells.
    for i in sorted(strings, key=lambda i: sum(map(len, texts[i]))):
        sources = {
            names[k]: texts[k]
            for k in texts
            if k != i and k not in found and _NAME.fullmatch(names[k])
        }
        # What is told by others must not be what they are told by.
        taken = any(f"{{{names[i]}}}" in template.text for template in found.values())
        template = None if taken else _of_sources(texts[i], sources)
        template = template or _of_affixes(texts[i])
        if template is not None:
            found[i] = template
    return found


def _texts(column: Sequence[str]) -> list[str] | None:
    """Return what cells say, without quotes; None unless all are strings, or all are numbers."""
    if all(map(_is_string, column)):
        return [scan(cell, 0)[0] if cell[0] == '"' else cell for cell in column]
    return list(column) if all(map(is_number, column)) else None


def _is_string(cell: str) -> bool:
    return cell not in _LITERALS and cell[0] not in "{[" and not is_number(cell)


def _varies(texts: Sequence[str]) -> bool:
    return len(texts) > 1 and any(text != texts[0] for text in texts)


def _of_sources(texts: Sequence[str], sources: Mapping[str, Sequence[str]]) -> Template | None:
    """Return the template that makes `texts` of `sources` alone, if there is one."""
    step = max(1, len(texts) // _SAMPLES)
    samples = range(0, len(texts), step)
    inside = [
        name
        for name, source in sources.items()
        if all(source[row] and source[row] in texts[row] for row in samples)
    ][:_MAX_SOURCES]
    inside.sort(key=lambda name: -sum(map(len, sources[name])))
    for names in (inside, *([name] for name in inside)):
        pieces = _cut(texts[0], {name: sources[name][0] for name in names})
        # A brace right before a name would read as if it were a brace written twice.
        if not names or any(piece.endswith("{") for piece in pieces[:-1:2]):
            continue
        if all(_filled(pieces, sources, row) == value for row, value in enumerate(texts)):
            text = _written(pieces)
            saved = sum(map(len, texts)) - len(text)
            own = sum(map(len, pieces[::2]))
            pays = saved >= _LEAST_SAVING and own >= _LEAST_TEXT and len(text) <= _MAX_TEMPLATE
            return Template(text) if pays else None
    return None


def _cut(text: str, values: Mapping[str, str]) -> list[str]:
    """Return the pieces of `text` between `values`, taken in this order, and there their names."""
    pieces = [text]  # every other one is a name
    for name, value in values.items():
        cut: list[str] = []
        for place, piece in enumerate(pieces):
            if place % 2:
                cut.append(piece)
                continue
            for part in piece.split(value):
                cut += (part, name)
            cut.pop()
        pieces = cut
    return pieces


def _filled(pieces: Sequence[str], sources: Mapping[str, Sequence[str]], row: int) -> str:
    return "".join(
        sources[piece][row] if place % 2 else piece for place, piece in enumerate(pieces)
    )


def _written(pieces: Sequence[str]) -> str:
    """Return the template of `pieces`."""
    return "".join(
        f"{{{piece}}}" if place % 2 else piece.replace("{", "{{")
        for place, piece in enumerate(pieces)
    )


def _of_affixes(texts: Sequence[str]) -> Template | None:
    """Return the template of what all `texts` begin and end with, if that is long enough."""
    before = _shared_start(texts)
    after = _shared_start([text[len(before) :][::-1] for text in texts])[::-1]
    # A number or a word is not cut in two.
    before = before[: len(before) - len(re.search(r"[0-9A-Za-z]*$", before)[0])]  # type: ignore[index]
    after = after[len(re.match(r"[0-9A-Za-z]*", after)[0]) :]  # type: ignore[index]
    text = _written((before, "", after))
    affixes = len(before) + len(after)
    if not _LEAST_AFFIX <= affixes <= _MAX_TEMPLATE:
        return None
    if len(texts) * affixes - len(text) < _LEAST_SAVING:
        return None
    return Template(text, [text[len(before) : len(text) - len(after)] for text in texts])


def _shared_start(texts: Sequence[str]) -> str:
    """Return what all `texts` begin with."""
    least, greatest = min(texts), max(texts)
    size = next(
        (i for i, (a, b) in enumerate(zip(least, greatest, strict=False)) if a != b), len(least)
    )
    return least[:size]
