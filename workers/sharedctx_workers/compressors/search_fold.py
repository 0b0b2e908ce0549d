"""Search results folded by file: what all paths share is said once, and every file has its count.

The form is the one that `sharedctx.unfold` reads back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sharedctx_workers.compressors.search_lines import Found, FoundLine

__all__ = ("Fold", "Group", "common_directory", "fold_search", "plural")


class Group(NamedTuple):
    """Neighboring lines of one file.

    Attributes:
        directory: Its directory below the common one, with a slash; empty for that itself.
        name: Its name, with its directory unless `is_indented`.
        hits: How many hits there are.
        is_inline: Whether it is a single hit, which is shown with the name on its line.
        is_indented: Whether it stands below the name of its directory.
        opens_directory: Whether the name of its directory stands right before it.
    """

    directory: str
    name: str
    hits: int
    is_inline: bool
    is_indented: bool = False
    opens_directory: bool = False


@dataclass(frozen=True, slots=True)
class Fold:
    """How to fold search results.

    Attributes:
        header: The first line.
        grouped: Whether the tool itself wrote files above their hits.
        groups: The files, by the index of the line that their group begins with.
    """

    header: str
    grouped: bool
    groups: dict[int, Group] = field(default_factory=dict)


def plural(count: int, noun: str) -> str:
    """Return ``1 hit`` or ``2 hits``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def common_directory(paths: Sequence[str]) -> str:
    """Return the directory that all of `paths` are in, with a slash; empty if there is none."""
    least, most = min(paths), max(paths)
    same = next((i for i, (a, b) in enumerate(zip(least, most, strict=False)) if a != b), None)
    shared = least if same is None else least[:same]
    return shared[: shared.rfind("/") + 1]


def fold_search(lines: Sequence[FoundLine]) -> Fold:
    """Return how to fold `lines`, of which some are hits."""
    starts, hits, sizes = _runs(lines)
    paths = [lines[start].path for start in starts]
    root = common_directory(paths)
    places = [path[len(root) :].rpartition("/") for path in paths]
    directories = [directory + slash for directory, slash, _ in places]
    grouped = any(line.found is Found.FILE for line in lines)
    groups = {}
    for i, start in enumerate(starts):
        directory = directories[i]
        follows = i > 0 and directories[i - 1] == directory
        leads = i + 1 < len(starts) and directories[i + 1] == directory
        is_indented = bool(directory) and (follows or leads)
        groups[start] = Group(
            directory=directory,
            name=places[i][2] if is_indented else paths[i][len(root) :],
            hits=hits[i],
            is_inline=hits[i] == 1 and sizes[i] == 1 + grouped,
            is_indented=is_indented,
            opens_directory=is_indented and not follows,
        )
    total = f"{plural(sum(hits), 'hit')} in {plural(len(set(paths)), 'file')}"
    under = f" under {root}" if root else ""
    hit = next(line for line in lines if line.found is Found.HIT)
    numbered = grouped or hit.text > hit.start + len(hit.path) + 1
    style = ", grouped" if grouped else "" if numbered else ", unnumbered"
    return Fold(f"{total}{style}{under}:\n", grouped, groups)


def _runs(lines: Sequence[FoundLine]) -> tuple[list[int], list[int], list[int]]:
    """Return where each run of lines of one file starts, its hits, and its lines."""
    starts: list[int] = []
    hits: Counter[int] = Counter()
    sizes: Counter[int] = Counter()
    path = ""
    for i, line in enumerate(lines):
        if not line.path:
            continue
        if line.path != path or line.found is Found.FILE:
            path = line.path
            starts.append(i)
        sizes[len(starts)] += 1
        hits[len(starts)] += line.found is Found.HIT
    numbers = range(1, len(starts) + 1)
    return starts, [hits[n] for n in numbers], [sizes[n] for n in numbers]
