"""Probes of search results and listings: every file with its first hit, every directory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.benchmarks.compression.probes.probe import INFORMATION, Probe, generator, has, near
from tests.benchmarks.compression.probes.view import View, plain, view_of

__all__ = ("path_probe", "search_probes")

_HIT = re.compile(r"(?P<path>[^\s:][^:\n]*?):(?P<line>\d+):(?:\d+:)?(?P<text>.*)")
_CONTEXT = re.compile(r"(?P<path>[^\s:][^\n]*?)-(?P<line>\d+)-(?P<text>.*)")
_NUMBERED = re.compile(r"(?P<line>\d+)[:-](?:\d+:)?(?P<text>.*)")
_PLAIN_HIT = re.compile(r"(?P<path>[\w./@+~-]*[\w@+~-]):(?P<text>.*)")
_LONG_ENTRY = re.compile(
    r"(?:\s*\d+\s+\d+\s+)?[-dlcbps][rwxsStT-]{9}[.+@]?\s+\d+\s+\S+\s+\S+\s+[\d.,]+[KMGT]?\s+\S+\s+\S+\s+\S+\s(?P<name>.+)"
)
_BRANCH = re.compile(r"(?P<lead>(?:[│|`├└─\s\xa0-]*))(?:[├└|`]─?[─-]+)\s?(?P<name>.+)")
_ATTRIBUTES = re.compile(r"^\[[^\]]*\]\s+")
# What tools write before a path: sizes, dates, permissions, digests, and letters of a status.
_MEASURE = re.compile(r"[\d.,:+/-]+[KMGT]?|[\da-f]{7,}|[-dlcbps][-rwxsStT]{9}|[A-Z?!]{1,2}|R\d+")
_FEW_FILES = 100


class _Hit(NamedTuple):
    path: str
    text: str


class _Entry(NamedTuple):
    """An entry of a listing."""

    path: str
    is_directory: bool


def search_probes(text: str) -> Iterator[Probe]:
    """Yield the probes of search results, or of a listing of files."""
    lines = [line.rstrip() for line in text.split("\n") if line.strip()]
    hits = _hits(lines)
    yield from _hit_probes(text, hits) if hits else _listing_probes(text, _entries(text))


def _hits(lines: Sequence[str]) -> list[_Hit]:
    """Return the hits, without context lines; empty when these are no search results."""
    found = [match for line in lines if (match := _HIT.match(line))]
    others = sum(bool(_CONTEXT.match(line)) or line == "--" for line in lines)
    if found and len(found) + others >= 0.5 * len(lines):
        return [_Hit(match["path"], match["text"]) for match in found]
    if 2 * sum(bool(_NUMBERED.match(line)) for line in lines) >= len(lines):
        return _under_headings(lines)
    found = [match for line in lines if (match := _PLAIN_HIT.match(line)) and match["text"].strip()]
    if found and len(found) >= 0.8 * len(lines):
        return [_Hit(match["path"], match["text"]) for match in found]
    return []


def _under_headings(lines: Sequence[str]) -> list[_Hit]:
    hits, path = [], ""
    for line in lines:
        match = _NUMBERED.match(line)
        if match is None:
            path = line if line != "--" else path
        elif line[len(match["line"])] == ":":
            hits.append(_Hit(path, match["text"]))
    return hits


def _hit_probes(text: str, hits: Sequence[_Hit]) -> Iterator[Probe]:
    first: dict[str, str] = {}
    for hit in hits:
        first.setdefault(hit.path, hit.text)
    for path, line in first.items():
        yield path_probe("file", path)
        if line.strip().isdecimal():  # grep -c
            yield near(
                "hits of a file", path.rpartition("/")[2], line.strip(), window=len(path) + 80
            )
        elif any(map(str.isalnum, line)):
            yield has("first hit", line)
    for hit in generator(text).sample(hits, min(INFORMATION, len(hits))):
        if any(map(str.isalnum, hit.text)):
            yield has("random hit", hit.text, must=False)


def _entries(text: str) -> list[_Entry]:
    """Return the entries of ``find``, ``ls -R``, ``ls -lR`` or ``tree``."""
    lines = text.split("\n")
    if sum(bool(_BRANCH.match(line)) for line in lines) >= 0.5 * len(lines):
        return _tree(lines)
    heads = [
        place
        for place, line in enumerate(lines)
        if line.endswith(":") and (place == 0 or not lines[place - 1].strip())
    ]
    long = sum(bool(_LONG_ENTRY.match(line)) for line in lines)
    if heads or long >= 0.5 * len(lines):
        return _recursive(lines, frozenset(heads))
    paths = _without_columns([line.strip() for line in lines if line.strip()])
    parents = {path.rstrip("/").rpartition("/")[0] for path in paths}
    return [_Entry(path, path.endswith("/") or path in parents) for path in paths]


def _without_columns(lines: Sequence[str]) -> list[str]:
    """Return the paths of ``find -printf``, ``du`` or ``git ls-tree``: what follows the columns."""
    columns = min((len(line.split()) for line in lines), default=1) - 1
    rows = [line.split(maxsplit=columns) for line in lines]
    measured = sum(bool(_MEASURE.fullmatch(row[0]) and "/" in row[-1]) for row in rows)
    if columns == 0 or measured < 0.8 * len(rows):
        return list(lines)
    return [row[-1] for row in rows]


def _recursive(lines: Sequence[str], heads: frozenset[int]) -> list[_Entry]:
    entries, directory = [], ""
    for place, line in enumerate(lines):
        if place in heads:
            directory = line[:-1]
            entries.append(_Entry(directory, is_directory=True))
        elif line.strip() and not re.fullmatch(r"total [\d.]+[KMGT]?", line):
            match = _LONG_ENTRY.match(line)
            name = (match["name"] if match else line).strip().partition(" -> ")[0]
            path = f"{directory.rstrip('/')}/{name}" if directory else name
            entries.append(_Entry(path, is_directory=False))
    return entries


def _tree(lines: Sequence[str]) -> list[_Entry]:
    parents: list[tuple[int, str]] = []
    found: list[str] = []
    for line in lines:
        match = _BRANCH.match(line)
        if match is None:
            continue
        depth = len(match["lead"])
        name = _ATTRIBUTES.sub("", match["name"]).strip().partition(" -> ")[0]
        while parents and parents[-1][0] >= depth:
            parents.pop()
        found.append("/".join([*(parent for _, parent in parents), name.rstrip("/")]))
        parents.append((depth, name.rstrip("/")))
    inner = {path.rpartition("/")[0] for path in found}
    return [_Entry(path, path in inner) for path in found]


def _listing_probes(text: str, entries: Sequence[_Entry]) -> Iterator[Probe]:
    directories = dict.fromkeys(_directories(entries))
    files = list(dict.fromkeys(entry.path for entry in entries if not entry.is_directory))
    for path in directories:
        yield path_probe("directory", path)
    for entry in (entries[0], entries[-1]) if entries else ():
        yield path_probe("first and last entry", entry.path)
    few = len(files) <= _FEW_FILES
    numbers = generator(text)
    asked = files if few else numbers.sample(files, INFORMATION)
    for path in asked:
        yield path_probe("name", path, must=few)
    yield _count_probe(text, entries)


def _count_probe(text: str, entries: Sequence[_Entry]) -> Probe:
    """Return the probe of how many entries there are: stated, adding up, or all there to count."""
    count = len(entries)
    extra = view_of(text).shown - count
    names = {plain(entry.path.rstrip("/").rpartition("/")[2]) for entry in entries}

    def check(view: View) -> bool:
        return view.states(count, extra) or all(
            not name or next(view.places(name), None) is not None for name in names
        )

    return Probe("count", must=True, fact=str(count), check=check)


def _directories(entries: Sequence[_Entry]) -> Iterator[str]:
    """Yield the directories that are listed, and those in which files are."""
    for entry in entries:
        parent = entry.path.rpartition("/")[0]
        if parent:
            yield parent
        if entry.is_directory:
            yield entry.path


def path_probe(group: str, path: str, *, must: bool = True) -> Probe:
    """Return the probe of a path: whole, or its name below the directories it lies in.

    Results may be grouped by directory or drawn as a tree. Then the name has to come after its
    directory, that after its own, and so on.
    """
    form = plain(path)
    parts = [part for part in form.split("/") if part not in ("", ".")]

    def check(view: View) -> bool:
        if not parts:
            return form in view.lines or f"{form}:" in view.lines or view.has(form)
        if next(view.places(form), None) is not None:
            return True
        return view.in_order(parts, window=len(view.text))

    return Probe(group, must, path, check)
