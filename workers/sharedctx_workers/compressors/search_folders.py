"""Lists of paths folded by directory: every directory with how much is in it, and names after it.

The form is the one that `sharedctx.unfold` reads back.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sharedctx.salience import spread
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.search_fold import common_directory
from sharedctx_workers.compressors.search_lines import is_path, is_rooted
from sharedctx_workers.compressors.search_names import listed_parts, name_rows, names_of
from sharedctx_workers.compressors.search_parts import FEW, FIRST, Part, is_affordable

__all__ = ("PathLine", "folder_index", "folder_parts", "path_lines", "split_path")

_MIN_PATHS = 5
_MAX_ENTRIES = 40_000
_SHOWN, _NOTE, _ENTRY, _NOTHING = 0.1, 1.5, 2.0, 4.0
_COUNT = re.compile(r":(\d{1,9})$")
_BLANK = re.compile(r"[\s\"]")


class PathLine(NamedTuple):
    """A line of a list of paths.

    Attributes:
        directory: The directory of the path, with a slash; empty when there is none.
        name: The rest of the path; empty when the line is no path.
    """

    start: int
    end: int
    directory: str
    name: str

    @property
    def path(self) -> str:
        """The path as it stands."""
        return self.directory + self.name


def path_lines(text: str, lines: Sequence[tuple[int, int]]) -> list[PathLine] | None:
    """Return `lines` as paths, one on a line; None when most are not, or no directory is named."""
    others = len(lines) // 10  # that there may be
    paths: list[PathLine] = []
    for start, end in lines:
        paths.append(_path_line(text, start, end))
        others -= not paths[-1].name
        if others < 0:
            return None
    named = sum(bool(path.name) for path in paths)
    deep = sum(bool(path.directory) for path in paths)
    if named < _MIN_PATHS or 2 * deep < named:
        return None
    return paths


def _path_line(text: str, start: int, end: int) -> PathLine:
    line = text[start:end].removesuffix("\n")
    bare = _COUNT.sub("", line)
    if bare == "." or is_path(bare) or is_rooted(bare):
        return PathLine(start, end, *split_path(line))
    return PathLine(start, end, "", "")


def folder_index(lines: Sequence[PathLine], size: int) -> list[Part]:
    """Return the parts of a list of paths of `size` characters, with an index before them."""
    paths = [line.path for line in lines if line.name]
    counted = any(_COUNT.search(path) for path in paths)
    places = [(line.start, line.end, bool(line.name)) for line in lines]
    index = name_rows(names_of(paths), "paths", size, counted=counted)
    return [*index, *listed_parts(places)]


def split_path(path: str) -> tuple[str, str]:
    """Return the directory of a path, with a slash, and the rest."""
    cut = path.rstrip("/").rfind("/") + 1
    return path[:cut], path[cut:]


def folder_parts(lines: Sequence[PathLine]) -> list[Part]:
    """Return the parts of a list of paths, folded, in order and without gaps."""
    return _Folders(lines).parts


class _Folders:
    """The parts so far, and the directory that is open."""

    def __init__(self, lines: Sequence[PathLine]) -> None:
        paths = [line.path for line in lines if line.name]
        within = _heads(*lines[:2]) and all(p.startswith(f"{paths[0]}/") for p in paths[1:])
        self._root = f"{paths[0]}/" if within else common_directory(paths)
        self._heads = {i for i in range(len(lines) - 1) if _heads(lines[i], lines[i + 1])}
        rows = _rows(lines, self._heads, self._root)
        self._sizes = Counter(row for line, row in zip(lines, rows, strict=True) if line.name)
        directories = dict.fromkeys(line.directory for line in lines if line.name)
        self._order = dict(zip(directories, spread(len(directories)), strict=True))
        text_size = lines[-1].end - lines[0].start
        headings = sum(len(directory) - len(self._root) + 6 for directory in directories)
        self._shown = REQUIRED - 1 if is_affordable(headings, text_size) else _SHOWN
        names = sum(len(line.name) + 1 for line in lines)
        self._counted = REQUIRED - 1 if is_affordable(headings + names, text_size) else _ENTRY
        self._is_short = len(paths) - len(self._heads) <= FEW
        self._grain = 1 + len(lines) // _MAX_ENTRIES
        self._seen: Counter[str] = Counter()
        self._counts = sorted({-count for line in lines if (count := _count(line)) is not None})
        self._headed: set[str] = set()
        self._is_unfinished = lines[-1].end - lines[-1].start == len(lines[-1].path)
        self._ends = lines[0].start, lines[-1].end
        self._open: str | None = None
        self._above = 0
        kind = "paths" if self._heads else "files"
        under = f" under {self._root}" if self._root else ""
        here = lines[0].start
        self.parts = [Part(here, here, FIRST, "line", 0, shown=f"{len(paths)} {kind}{under}:")]
        for i, (line, row) in enumerate(zip(lines, rows, strict=True)):
            self._add(line, row, is_heading=i in self._heads)
        self._end_row(final=True)

    def _add(self, line: PathLine, row: str, *, is_heading: bool) -> None:
        if not line.name:
            self._end_row()
            self._open = None
            self.parts.append(Part(line.start, line.end, _NOTE, "line", needs=0, shown=None))
        elif is_heading:
            self._seen[line.directory] += 1
            self._head(f"{line.path}/", line.start, line.end)
        else:
            if row != self._open:
                self._head(row, line.start, line.start)
            self._entry(line, line.path[len(row) :])

    def _head(self, directory: str, start: int, end: int) -> None:
        """Open the row of a directory, whose own line in the list is from `start` to `end`."""
        self._end_row()
        listed = end > start
        is_first = self._open_for_the_first_time(directory)
        count = f" ({self._sizes[directory]})" if listed or is_first else ""
        star = "*" if self._heads and count and not listed else ""
        shown = f"{directory[len(self._root) :] or './'}{star}{count}:"
        # Where a row goes on after others, its name is only worth what stands in it.
        rank = self._shown + self._order.get(directory, 0.0) if count else _NOTHING
        self._above, self._open = len(self.parts), directory
        self.parts.append(Part(start, end, rank, "directory", int(listed), self._above, shown))

    def _open_for_the_first_time(self, directory: str) -> bool:
        is_first = directory not in self._headed
        self._headed.add(directory)
        return is_first

    def _entry(self, line: PathLine, name: str) -> None:
        shown = f" {json.dumps(name, ensure_ascii=False) if _BLANK.search(name) else name}"
        is_telling = name != line.name or name.endswith("/")  # of a directory
        rank = self._shown + self._order[line.directory] if is_telling else self._rank(line)
        last = self.parts[-1]
        if last.unit == "entry" and last.amount < self._grain and last.shown is not None:
            rank, amount = min(last.rank, rank), last.amount + 1
            shown = last.shown + shown
            self.parts[-1] = last._replace(end=line.end, rank=rank, amount=amount, shown=shown)
        else:
            needs = len(self.parts) - self._above
            self.parts.append(Part(line.start, line.end, rank, "entry", 1, needs, shown))

    def _rank(self, line: PathLine) -> float:
        """Return how soon an entry is needed: large counts first, others by turns of directories.

        In a row the first come first, so that one note stands for all others.
        """
        turn = self._seen[line.directory]
        self._seen[line.directory] += 1
        if self._is_short or line.start == self._ends[0] or line.end == self._ends[1]:
            return self._shown
        count = _count(line)
        if count is None:
            return _ENTRY + turn / (turn + 1)
        place = bisect_left(self._counts, -count) / len(self._counts)
        return self._counted + place if count or self._counted < _ENTRY else _NOTHING

    def _end_row(self, *, final: bool = False) -> None:
        last = self.parts[-1]
        if last.shown is not None and not (final and self._is_unfinished):
            self.parts[-1] = last._replace(shown=f"{last.shown}\n")


def _rows(lines: Sequence[PathLine], heads: set[int], root: str) -> list[str]:
    """Return the directory in whose row each line stands.

    A directory that holds a single path has no row of its own: the path stands in the row that is
    open, if that is of a directory above it, or else in the row of the common directory.
    """
    sizes = Counter(line.directory for line in lines if line.name)
    rows = []
    row = ""
    for i, line in enumerate(lines):
        if i in heads:
            row = f"{line.path}/"
            rows.append(line.directory)
            continue
        if sizes[line.directory] > 1 or line.directory == row:
            row = line.directory
        elif not (row and line.directory.startswith(row)):
            row = root
        rows.append(row)
    return rows


def _heads(line: PathLine, following: PathLine) -> bool:
    """Whether `line` is a directory that what follows is in."""
    return bool(line.name and following.name) and following.directory == f"{line.path}/"


def _count(line: PathLine) -> int | None:
    count = _COUNT.search(line.name)
    return int(count[1]) if count else None
