"""An index of a listing: every directory with how much is in it, and names where there is room.

Paths of one directory need not stand together in a listing, and of a directory that holds one file
its name may say enough. So an index takes less than the listing, however that is folded:

```text
53 files, listed below under /srv/app/:
./: core/ (31) docs/ images/ (20)
core/: jobs/ (12)
core/: queue.py store.py worker.py
listed below:
```

Of short listings all names are in it:

```text
4 files, listed below under /srv/app/:
./: setup.py docs/index.md
core/: job.py store.py
listed below:
```
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sharedctx.salience import spread
from sharedctx.segments import EXTRA, REQUIRED
from sharedctx.unfold import IN_FULL
from sharedctx_workers.compressors.search_fold import common_directory
from sharedctx_workers.compressors.search_parts import FEW, FIRST, Part, is_affordable

__all__ = ("Name", "listed_parts", "name_rows", "names_of")

_SHOWN, _NAMES, _NOTE, _LISTED = 0.1, 0.5, 1.6, 3.0
_ROW = 12  # names that are left out together
_MANY = 40_000
_BLANK = re.compile(r"[\s\"]")


class Name(NamedTuple):
    """An entry of a listing: its directory, with a slash at the end, and its name there."""

    directory: str
    name: str
    is_directory: bool = False

    @property
    def within(self) -> str:
        """The directory that it tells of."""
        return f"{self.directory}{self.name}/" if self.is_directory else self.directory


@dataclass(slots=True)
class _Folder:
    """What a listing has of a directory; `total` is how many files are in it and below it."""

    total: int = 0
    names: list[str] = field(default_factory=list)
    folders: dict[str, _Folder] = field(default_factory=dict)

    def add(self, directory: str, names: Sequence[str]) -> None:
        """Add the directory of that path below this one, and files in it."""
        folder = self
        folder.total += len(names)
        for name in directory.split("/")[:-1]:
            folder = folder.folders.setdefault(name, _Folder())
            folder.total += len(names)
        folder.names += names

    def below(self) -> Iterator[tuple[str, _Folder]]:
        """Yield what is right below it; directories with nothing beside the next are passed."""
        for name, folder in self.folders.items():
            path, last = f"{name}/", folder
            while not last.names and len(last.folders) == 1:
                ((name, last),) = last.folders.items()  # noqa: PLW2901  # one step further
                path += f"{name}/"
            yield path, last


def name_rows(
    entries: Sequence[Name], unit: str, size: int, *, counted: bool = False
) -> list[Part]:
    """Return the index of a listing, from its header to the line that ends it.

    Args:
        entries: What is listed.
        unit: What the entries are called.
        size: Characters of the listing.
        counted: Whether the names tell something else besides, so that all of them are needed.
    """
    root = common_directory([entry.within for entry in entries])
    top = _Folder()
    for entry in entries:
        top.add(entry.within[len(root) :], [] if entry.is_directory else [_quoted(entry.name)])
    under = f" under {root}" if root else ""
    parts = [Part(0, 0, FIRST, "line", 0, shown=f"{len(entries)} {unit}, {IN_FULL}{under}:\n")]
    folders = list(_walk(top))
    whole = list(filter(None, (_whole_row(path, folder) for path, folder in folders)))
    if top.total <= FEW or (counted and is_affordable(sum(map(len, whole)), size)):
        rows = [(REQUIRED - 1, row) for row in whole]
    else:
        rows = list(_ranked_rows(folders, size, _ROW * (1 + len(entries) // _MANY)))
    parts += [Part(0, 0, rank, EXTRA, 0, at, row) for at, (rank, row) in enumerate(rows, start=1)]
    return [*parts, Part(0, 0, FIRST, "line", 0, shown=f"{IN_FULL}:\n")]


def names_of(paths: Sequence[str]) -> list[Name]:
    """Return paths as names; those that end in a slash, or that others are in, are directories."""
    bare = [path.rstrip("/") or path for path in paths]
    directories = {path.rpartition("/")[0] for path in bare}
    names = []
    for path, as_listed in zip(bare, paths, strict=True):
        directory, slash, name = path.rpartition("/")
        names.append(Name(directory + slash, name, path in directories or path != as_listed))
    return names


def listed_parts(places: Sequence[tuple[int, int, bool]]) -> Iterator[Part]:
    """Yield the lines that an index is of, given where each is and whether it is an entry.

    The first and the last entry tell where the listing was cut off, the last line sums it up.
    """
    entries = [start for start, _, is_entry in places if is_entry]
    ends = {entries[0], entries[-1], places[-1][0]}
    for start, end, is_entry in places:
        rank = REQUIRED if start in ends else _LISTED if is_entry else _NOTE
        yield Part(start, end, rank, "entry" if is_entry else "line")


def _quoted(name: str) -> str:
    return json.dumps(name, ensure_ascii=False) if _BLANK.search(name) else name


def _walk(top: _Folder) -> Iterator[tuple[str, _Folder]]:
    """Yield all folders with their paths, each before what is below it."""
    pending = [("", top)]
    while pending:
        path, folder = pending.pop()
        yield path, folder
        pending += [(path + name, below) for name, below in folder.below()][::-1]


def _whole_row(path: str, folder: _Folder) -> str:
    """Return the row of a folder with all names in it, and of folders that hold at most one."""
    names = [*folder.names]
    for name, below in folder.below():
        if below.total <= 1 and not below.folders:
            names.append(name + "".join(below.names))
    is_told = bool(path) and folder.total <= 1 and not folder.folders
    return "" if is_told or not names else f"{path or './'}: {' '.join(names)}\n"


def _ranked_rows(
    folders: Sequence[tuple[str, _Folder]], size: int, length: int
) -> Iterator[tuple[float, str]]:
    """Yield the rows of all folders: what is below each, and then names, by turns."""
    headings = [_heading_row(path, folder) for path, folder in folders]
    shown = REQUIRED - 1 if is_affordable(sum(map(len, headings)), size) else _SHOWN
    turns = spread(len(folders))
    for (path, folder), heading, turn in zip(folders, headings, turns, strict=True):
        if heading:
            yield shown, heading
        for step, at in enumerate(range(0, len(folder.names), length)):
            # A name that is alone in its directory takes a whole row.
            late = len(folder.names) == 1
            rank = _NAMES + late + (step + turn / (step + 2)) / (step + 1)
            more = " …" if at + length < len(folder.names) else ""
            yield rank, f"{path or './'}: {' '.join(folder.names[at : at + length])}{more}\n"


def _heading_row(path: str, folder: _Folder) -> str:
    """Return the row of what is below a folder; empty if that is nothing."""
    names = (
        f"{name} ({below.total})" if below.total > 1 else name for name, below in folder.below()
    )
    row = " ".join(names)
    return f"{path or './'}: {row}\n" if row else ""
