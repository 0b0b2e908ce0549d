"""An index of search results: every file with its first hit, then the lines as they stand.

Where hits are spread over many files, the first hits alone take more than the target, and a heading
and a note for each file add much to that. An index is in no need of them, and it can say once what
several files begin with, as when all of them import the same name:

```text
11 hits in 6 files, the first of each, all listed below under /srv/app/:
import os in 4 files:
 core/: job.py (3):10 store.py:7
 setup.py:3
 tasks.py (2):1
core/:
 path.py:4:from os import path
 walk.py (3):9:import os.path as paths
listed below:
```

`sharedctx.unfold` reads the lines below it back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from sharedctx.segments import EXTRA, REQUIRED
from sharedctx.unfold import FIRST_OF_EACH, IN_FULL
from sharedctx_workers.compressors.search_fold import common_directory, plural
from sharedctx_workers.compressors.search_lines import Found, FoundLine
from sharedctx_workers.compressors.search_parts import (
    FIRST,
    LATE,
    MAX_PIECE,
    UNITS,
    LineRanks,
    Part,
    pieces,
)

__all__ = ("index_parts",)

_SHARED = 3  # so many files that begin with the same hit are told together
_ROW = 12  # names on a line
_ROWS = REQUIRED - 1


def index_parts(text: str, lines: Sequence[FoundLine]) -> list[Part]:
    """Return the parts of search results: an index of the files, and what it is of."""
    index = _Index(text, lines)
    below = Part(0, 0, FIRST, "line", 0, shown=f"{IN_FULL}:\n")
    return [*index.parts, below, *_below(text, lines)]


class _Index:
    """The rows of the index, each with the heading that it needs."""

    def __init__(self, text: str, lines: Sequence[FoundLine]) -> None:
        self._text = text
        self._is_grouped = any(line.found is Found.FILE for line in lines)
        self._hits = Counter(line.path for line in lines if line.found is Found.HIT)
        self._first: dict[str, FoundLine] = {}
        for line in lines:
            if line.found is Found.HIT:
                self._first.setdefault(line.path, line)
        self._root = common_directory(list(self._hits))
        total = f"{plural(self._hits.total(), 'hit')} in {plural(len(self._hits), 'file')}"
        under = f" under {self._root}" if self._root else ""
        header = f"{total}, {FIRST_OF_EACH}{under}:\n"
        self.parts = [Part(0, 0, FIRST, "line", 0, shown=header)]
        alone = []
        for said, paths in self._alike().items():
            if len(paths) < _SHARED:
                alone += paths
            else:
                self._add_together(said, paths)
        self._add_each(alone)

    def _alike(self) -> dict[str, list[str]]:
        """Return the files by what their first hit says, the most frequent first."""
        alike: dict[str, list[str]] = {}
        for path, line in self._first.items():
            alike.setdefault(self._said(line), []).append(path)
        return dict(sorted(alike.items(), key=lambda item: -len(item[1])))

    def _said(self, line: FoundLine) -> str:
        """Return what a hit says, of long ones the beginning."""
        end = min(line.end, line.text + MAX_PIECE)
        said = self._text[line.text : end].strip()
        return said if self._text[end : line.end].strip() == "" else f"{said}…"

    def _add_together(self, said: str, paths: Sequence[str]) -> None:
        """Add files whose first hits say the same."""
        heading = self._add(f"{said} in {plural(len(paths), 'file')}:", 0)
        for directory, own in self._by_directory(paths):
            names = [self._name(path, len(self._root) + len(directory)) for path in own]
            for at in range(0, len(names), _ROW):
                row = " ".join(names[at : at + _ROW])
                self._add(f" {directory}: {row}" if directory else f" {row}", heading)

    def _add_each(self, paths: Sequence[str]) -> None:
        """Add files, each with what its first hit says."""
        for directory, own in self._by_directory(paths):
            heading = self._add(f"{directory}:", 0) if directory else 0
            indent = " " if directory else ""
            for path in own:
                name = self._name(path, len(self._root) + len(directory))
                self._add(f"{indent}{name}:{self._said(self._first[path])}", heading)

    def _by_directory(self, paths: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """Yield directories and what is in them; files that are alone in theirs have none."""
        within: dict[str, list[str]] = {}
        for path in paths:
            within.setdefault(path[len(self._root) : path.rfind("/") + 1], []).append(path)
        for directory, own in within.items():
            yield (directory, own) if len(own) > 1 else ("", own)

    def _name(self, path: str, shown_from: int) -> str:
        """Return a file as ``name (hits):line``; without their number for a single hit."""
        line = self._first[path]
        start = line.start if self._is_grouped else line.start + len(path) + 1
        place = self._text[start : line.text].rstrip(":")
        hits = f" ({self._hits[path]})" if self._hits[path] > 1 else ""
        return f"{path[shown_from:]}{hits}{':' if place else ''}{place}"

    def _add(self, row: str, heading: int) -> int:
        """Add a row that needs the one at `heading`; return where it is."""
        self.parts.append(Part(0, 0, _ROWS, EXTRA, 0, len(self.parts) - heading, f"{row}\n"))
        return len(self.parts) - 1


def _below(text: str, lines: Sequence[FoundLine]) -> Iterator[Part]:
    """Yield the lines as they stand; those that are in the index come last."""
    ranks = LineRanks(text, lines)
    heading, place = -1, 0
    for line in lines:
        rank = ranks.rank(line)
        is_heading = line.found is Found.FILE
        heading = place if is_heading else heading
        part = Part(
            line.start,
            line.end,
            LATE if is_heading or rank <= REQUIRED else rank,
            UNITS.get(line.found, "line"),
            int(line.found is not Found.BREAK),
            place - heading if line.path and heading >= 0 else 0,
        )
        for piece in pieces(text, part, part.start):
            yield piece
            place += 1
