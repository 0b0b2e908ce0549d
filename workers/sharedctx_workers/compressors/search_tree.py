"""Trees without their drawing: a blank for each level says as much as the lines do.

The form is the one that `sharedctx.unfold` reads back.
"""

from __future__ import annotations

from collections.abc import Sequence

from sharedctx_workers.compressors.search_listing import TREE
from sharedctx_workers.compressors.search_parts import FIRST, Part

__all__ = ("tree_parts",)

_LEVEL = 4


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
