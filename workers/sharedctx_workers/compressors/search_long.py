"""Long listings: all paths first, folded by directory, then what stands before each of them.

``find -ls``, ``tar -tv`` and ``dpkg -c`` write permissions, owners, sizes and dates before a path.
What there is matters to every reader, how large or old it is to few; so the two are taken apart.
The form is the one that `sharedctx.unfold` reads back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sharedctx.plain import split_lines
from sharedctx.salience import spread
from sharedctx.segments import REQUIRED
from sharedctx.unfold import BEFORE_EACH
from sharedctx_workers.compressors.search_folders import folder_parts, path_lines
from sharedctx_workers.compressors.search_parts import FIRST, Part, is_affordable

__all__ = ("long_parts",)

_MIN_LINES = 5
_ENTRY = 2.0
_MODE = re.compile(
    r"(?:[ \t]{0,20}\d{1,20}){0,2}[ \t]{0,20}[-bcdlps](?:[-r][-w][-xsStT]){3}[.+@]?[ \t]"
)


def long_parts(text: str, lines: Sequence[tuple[int, int]]) -> list[Part] | None:
    """Return the parts of a long listing; None when `lines` of `text` are not all of one."""
    if len(lines) < _MIN_LINES or not all(_MODE.match(text, start) for start, _ in lines):
        return None
    # A path may hold blanks, so the line with the fewest fields tells where paths begin.
    before = min(len(text[start:end].split()) for start, end in lines) - 1
    lead = re.compile(rf"(?:[ \t]*[^ \t\n]+){{{before}}}[ \t]+")
    leads = [found for start, end in lines if (found := lead.match(text, start, end))]
    if len(leads) < len(lines):
        return None
    paths = [
        text[found.end() : end].rstrip("\n") for found, (_, end) in zip(leads, lines, strict=True)
    ]
    names = _names(paths)
    if names is None or not is_affordable(sum(len(part.shown or "") for part in names), len(text)):
        return None
    evens = spread(len(lines))
    details = [
        Part(start, end, _ENTRY + even, "entry", shown=_detail(found[0], text[start:end]))
        for found, (start, end), even in zip(leads, lines, evens, strict=True)
    ]
    return [*names, *details]


def _detail(lead: str, line: str) -> str:
    return lead + "\n" if line.endswith("\n") else lead


def _names(paths: Sequence[str]) -> list[Part] | None:
    """Return the rows of `paths`, which stand for no lines: those follow with the details."""
    joined = "".join(f"{path}\n" for path in paths)
    listed = path_lines(joined, list(split_lines(joined)))
    if listed is None or len(listed) != len(paths):
        return None
    parts = folder_parts(listed)
    if any(part.shown is None for part in parts):
        return None
    header, *rows = [
        part._replace(start=0, end=0, amount=0, rank=min(part.rank, REQUIRED)) for part in parts
    ]
    assert header.shown is not None
    title = re.sub(r"(paths|files)", r"\1 in long form", header.shown, count=1)
    return [
        header._replace(shown=title),
        *rows,
        Part(0, 0, FIRST, "line", 0, shown=f"{BEFORE_EACH}\n"),
    ]
