"""Lines that notes of a part name, as the whole calls them."""

from __future__ import annotations

import re

__all__ = ("moved_lines",)

_LINES = re.compile(
    r"(\[… (?:[^\]\n:]{1,200} elided: )?L|\bmore (?:to|at) L|\bthe next \d+ as L)(\d+)(?:-(\d+))?"
)


def moved_lines(note: str, lines: int) -> str:
    """Return a note, or a stand-in that holds one, of a part before which stand so many lines."""

    def moved(named: re.Match[str]) -> str:
        numbers = (int(number) + lines for number in named.groups()[1:] if number)
        return f"{named[1]}{'-'.join(map(str, numbers))}"

    return _LINES.sub(moved, note) if lines and "L" in note else note
