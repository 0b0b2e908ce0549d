"""Listings of files: lists of paths, ``ls -R``, and trees.

Whichever way a listing is written, it is entries in directories. Every directory is shown with one
of its entries before any has a second, and then entries are taken evenly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sharedctx.plain import split_lines
from sharedctx.salience import spread
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.search_lines import is_path, is_rooted
from sharedctx_workers.compressors.search_parts import FEW, Part, is_affordable, pieces

__all__ = ("TREE", "Entry", "listing_entries", "listing_parts")

_MIN_LINES = 5
_MAX_HEAD = 500
_SHOWN, _NOTE, _ENTRY, _BLANK = 0.1, 1.5, 2.0, 5.0
# Status letters, sizes, or counts may stand before a path.
_LEAD = re.compile(r"(?:[A-Z?!.]{1,2}|\d[\d.,]{0,15}[KMGTkB]{0,2})[ \t]{1,8}")
TREE = re.compile(r"[│| \u00a0]{0,200}(?:[├└]──|[|`]--|[+\\]---?)[ \u00a0]")
"""Matches the lines before an entry of a tree."""

_TREE_END = re.compile(r"\d+ director(?:y|ies)(?:, \d+ files?)?\s*$")


class Entry(NamedTuple):
    """A line of a listing.

    Attributes:
        directory: Which directory it is in; empty for lines that are no entries.
        is_heading: Whether it names a directory whose entries follow.
        is_blank: Whether it says nothing.
        under: Index of the line that it stands under, or -1.
    """

    start: int
    end: int
    directory: str
    is_heading: bool = False
    is_blank: bool = False
    under: int = -1


def listing_entries(text: str) -> list[Entry] | None:
    """Return the lines of `text` as entries; None when it is no listing."""
    heads = [(a, b, text[a : min(b, a + _MAX_HEAD)].rstrip()) for a, b in split_lines(text)]
    if sum(bool(head) for _, _, head in heads) < _MIN_LINES:
        return None
    return _tree(heads) or _by_directory(heads) or _paths(heads)


def _paths(heads: Sequence[tuple[int, int, str]]) -> list[Entry] | None:
    """Return a list of paths, one on a line; a directory that is in it heads what is in that."""
    said = sum(bool(head) for _, _, head in heads)
    others = said // 10  # that there may be
    paths: list[str] = []
    for _, _, head in heads:
        paths.append(_path(head))
        others -= bool(head) and not paths[-1]
        if others < 0:
            return None
    if 2 * sum("/" in path for path in paths) < said:
        return None
    directories = {path.rpartition("/")[0] for path in paths}
    return [
        Entry(
            start,
            end,
            directory=(path.rpartition("/")[0] or ".") if path else "",
            is_heading=bool(path) and path in directories,
            is_blank=not head,
        )
        for (start, end, head), path in zip(heads, paths, strict=True)
    ]


def _path(head: str) -> str:
    """Return the path that a line is, without what stands before it; empty when it is none."""
    lead = _LEAD.match(head)
    path = head[lead.end() :] if lead else head
    fits = is_path(path) or is_rooted(path)
    return (path.rstrip("/") or "/") if fits else ""


def _by_directory(heads: Sequence[tuple[int, int, str]]) -> list[Entry] | None:
    """Return what ``ls -R`` writes: a directory and a colon, its entries, and a blank line."""
    entries: list[Entry] = []
    root, directory, under = "", "", -1
    roots = nested = 0
    for i, (start, end, head) in enumerate(heads):
        is_heading = head.endswith(":") and (i == 0 or not heads[i - 1][2])
        if is_heading:
            directory = head[:-1]
            if root and directory.startswith(f"{root.rstrip('/')}/"):
                nested += 1
            else:
                root, roots = directory, roots + 1
        elif head and (under < 0 or head[0] in " \t"):
            return None
        above = -1 if is_heading or not head else under
        entries.append(Entry(start, end, directory if head else "", is_heading, not head, above))
        under = i if is_heading else under
    return entries if nested >= roots else None


def _tree(heads: Sequence[tuple[int, int, str]]) -> list[Entry] | None:
    """Return trees drawn with lines, each below its root."""
    branches = [TREE.match(head) for _, _, head in heads]
    if sum(map(bool, branches)) < _MIN_LINES:
        return None
    entries: list[Entry] = []
    stack: list[tuple[int, int]] = []  # indentation and index of the directories that are open
    for i, (start, end, head) in enumerate(heads):
        branch = branches[i]
        following = branches[i + 1] if i + 1 < len(heads) else None
        depth = branch.end() if branch else 0
        is_heading = following is not None and following.end() > depth
        if branch is None:
            is_root = is_heading or " " not in head or _TREE_END.match(head)
            if not is_root and any(branches[:i]):
                return None
            entries.append(Entry(start, end, "", is_heading=bool(head), is_blank=not head))
            stack = [(0, i)] if head else []
            continue
        while stack and stack[-1][0] >= depth:
            stack.pop()
        under = stack[-1][1] if stack else -1
        entries.append(Entry(start, end, str(under), is_heading, under=under))
        stack.append((depth, i))
    return entries


def listing_parts(text: str, entries: Sequence[Entry]) -> list[Part]:
    """Return the parts of a listing, in order and without gaps."""
    sizes = Counter(entry.directory for entry in entries if entry.directory)
    evens = {size: spread(size) for size in sorted(set(sizes.values()))}
    directories = dict(zip(sizes, spread(len(sizes)), strict=True))
    shown = _shown(text, entries)
    is_cheap = is_affordable(sum(entries[i].end - entries[i].start for i in shown), len(text))
    named = [i for i, entry in enumerate(entries) if entry.directory and not entry.is_heading]
    wanted = {0, len(entries) - 1, *(named if len(named) <= FEW else (named[0], named[-1]))}
    seen: Counter[str] = Counter()
    places: list[int] = []
    parts: list[Part] = []
    for i, entry in enumerate(entries):
        places.append(len(parts))
        even = 0.0
        if entry.directory:
            even = evens[sizes[entry.directory]][seen[entry.directory]]
            seen[entry.directory] += 1
        if i in shown:
            rank = directories[entry.directory] + (REQUIRED - 1 if is_cheap else _SHOWN)
        else:
            rank = REQUIRED if i in wanted and not entry.is_blank else _rank(entry, even)
        unit = "directory" if entry.is_heading else "entry"
        needs = len(parts) - places[entry.under] if entry.under >= 0 else 0
        part = Part(entry.start, entry.end, rank, unit, int(not entry.is_blank), needs)
        parts += pieces(text, part, part.start)
    return parts


def _shown(text: str, entries: Sequence[Entry]) -> set[int]:
    """Return which entries show that a directory is there: its own line, or its first entry."""
    headed = {_path(text[e.start : e.end].rstrip()) for e in entries if e.is_heading}
    shown = {i for i, entry in enumerate(entries) if entry.is_heading and entry.directory}
    for i, entry in enumerate(entries):
        if entry.directory and entry.under < 0 and entry.directory not in headed:
            headed.add(entry.directory)
            shown.add(i)
    return shown


def _rank(entry: Entry, even: float) -> float:
    """Return how soon a line is needed that shows no directory; `even` spreads it in its own."""
    if entry.is_blank:
        return _BLANK
    if not entry.directory:
        return _NOTE
    return _ENTRY + even
