"""Trees without their drawing: a blank for each level says as much as the lines do.

The form is the one that `sharedctx.unfold` reads back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sharedctx_workers.compressors.search_listing import TREE, Entry
from sharedctx_workers.compressors.search_names import Name, listed_parts, name_rows
from sharedctx_workers.compressors.search_parts import FIRST, Part

__all__ = ("tree_index", "tree_parts")

_LEVEL = 4
# Sizes, modes and owners that stand before a name.
_ATTRIBUTES = re.compile(r"\[[^\]]{0,80}\] {1,3}")


def tree_parts(text: str, parts: Sequence[Part]) -> list[Part]:
    """Return `parts`, each a line of a tree, as they read when they are only indented."""
    drawn = [place for place, part in enumerate(parts) if TREE.match(text, part.start, part.end)]
    folded = list(parts)
    for place in drawn[:-1]:
        folded[place] = _indented(text, parts[place])
    style = ", in ASCII" if text[parts[drawn[0]].start] in "|`+\\" else ""
    if not style and "│   " in text:
        style = ", with plain blanks"
    header = f"{len(drawn)} entries drawn as a tree{style}:\n"
    here = parts[0].start
    return [Part(here, here, FIRST, "line", 0, shown=header), *folded]


def _indented(text: str, part: Part) -> Part:
    branch = TREE.match(text, part.start, part.end)
    assert branch, "the line is drawn"
    level = (branch.end() - branch.start()) // _LEVEL
    return part._replace(shown=" " * level + text[branch.end() : part.end])


def tree_index(text: str, entries: Sequence[Entry]) -> list[Part]:
    """Return the parts of trees, with an index of what is drawn in them before the lines."""
    within: dict[int, str] = {}
    names = []
    for i, entry in enumerate(entries):
        line = text[entry.start : entry.end].strip()
        branch = TREE.match(line)
        label = line[branch.end() :] if branch else line
        name = label[_size_of_attributes(label) :].partition(" -> ")[0].rstrip("/")
        above = within.get(entry.under, "")
        within[i] = f"{above}{name}/"
        if branch:
            names.append(Name(above, name, entry.is_heading))
    places = [(entry.start, entry.end, bool(entry.directory)) for entry in entries]
    return [*name_rows(names, "entries", len(text)), *listed_parts(places)]


def _size_of_attributes(label: str) -> int:
    attributes = _ATTRIBUTES.match(label)
    return attributes.end() if attributes else 0
