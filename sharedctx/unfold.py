r"""Reading folded search results and listings back into what the tool wrote.

Search results are folded by file. The first line counts them and names the directory that all
paths are in; each file with several lines stands above them with the number of its hits; files of
one directory are indented below it:

```text
9 hits in 4 files under /srv/app/:
setup.py:3:import os
core/:
 job.py: 5 hits
10:import os
14:import os.path
 store.py:7:import os
```

Lists of paths are folded by directory, with the number of entries in each; names are separated by
blanks and quoted like JSON strings where they hold some:

```text
5 files under /srv/app/:
./ (2): setup.py "read me.txt"
core/ (3): job.py store.py
notes
```

Where that is too long still, and where a tool writes sizes or dates before paths, there is an index
of what there is, and the lines stand below it as they are, so that a reader needs few of them:

```text
2 paths, listed below under /srv/app/core/:
./: job.py store.py
listed below:
-rw-r--r-- 1 root root 8482 Oct 26 10:02 /srv/app/core/job.py
-rw-r--r-- 1 root root 5527 Oct 26 10:05 /srv/app/core/store.py
```

A tree is indented by one blank for each level, in place of its lines; the last entry keeps its own,
which tell whether the tree was cut off there:

```text
3 entries drawn as a tree:
.
 core
  job.py
└── setup.py
```

In a list of ``paths`` a directory with a count is itself in the list, unless a ``*`` follows it; in
a list of ``files`` it is not. Any other line reads as it stands.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sharedctx.notes import unescape_notes

__all__ = ("FIRST_OF_EACH", "IN_FULL", "unfold_paths")

IN_FULL = "listed below"
"""What the heading of an index says, and the line between it and what it is of."""

FIRST_OF_EACH = f"the first of each, all {IN_FULL}"
"""What the heading of an index of search results says."""

_SEARCH = re.compile(
    rf"\d+ hits? in \d+ files?(?:, (grouped|unnumbered|{FIRST_OF_EACH}))?(?: under (.+))?:$"
)
_LISTING = re.compile(r"\d+ (paths|files|entries)(, listed below)?(?: under (.+))?:$")
_TREE = re.compile(r"\d+ entries drawn as a tree(, with plain blanks|, in ASCII)?:$")
# What stands for a level that goes on, a level that is done, an entry, and the last entry.
_DRAWN = {
    "": ("│\u00a0\u00a0 ", "    ", "├── ", "└── "),
    ", with plain blanks": ("│   ", "    ", "├── ", "└── "),
    ", in ASCII": ("|   ", "    ", "|-- ", "`-- "),
}
_BRANCH = re.compile(r"(?:│\u00a0\u00a0 |│   |\|   |    )*(?:├── |└── |\|-- |`-- )")
_IN_FILE = re.compile(r"\d+([:=-])|:")
_INLINE = re.compile(r"( ?)([^\s:][^:]*):(?=[1-9]\d*:)")
_UNNUMBERED = re.compile(r"( ?)(?!(?:\S{0,80}/)?[a-z]{0,3}(?:grep|rg|find|ls): )([^\s:][^:]*):")
_FILE = re.compile(r"( ?)(.+): \d+ hits?$")
_DIRECTORY = re.compile(r"(.+/):$")
_ENTRIES = re.compile(r"(.+?/)(\*?)( \(\d+\))?:((?: .*)?)$")
_NAME = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')


def unfold_paths(text: str) -> str:
    """Return the search results or the listing that a lossless rendition of them stands for.

    Args:
        text: A whole rendition, without elision notes; one that is not folded comes back as it is.

    Raises:
        ValueError: a quoted name is damaged.
    """
    text = unescape_notes(text)
    header, _, body = text.partition("\n")
    search, listing, tree = (p.match(header) for p in (_SEARCH, _LISTING, _TREE))
    if (search and search[1] == FIRST_OF_EACH) or (listing and listing[2]):
        return body.partition(f"\n{IN_FULL}:\n")[2]
    if search:
        return "\n".join(_found(body.split("\n"), search[2] or "", search[1] or ""))
    if listing:
        listed = listing[1] == "paths"
        return "\n".join(_entries(body.split("\n"), listing[3] or "", listed=listed))
    if tree:
        return "\n".join(_draw(body.split("\n"), _DRAWN[tree[1] or ""]))
    return text


def _found(lines: list[str], root: str, style: str) -> Iterator[str]:
    grouped = style == "grouped"
    inline = _UNNUMBERED if style == "unnumbered" else _INLINE
    directory = path = ""
    for line in lines:
        in_file = _IN_FILE.match(line) if path else None
        hit = None if in_file else inline.match(line)
        file = None if in_file or (hit and style != "unnumbered") else _FILE.match(line)
        if in_file:
            yield line if grouped else f"{path}{in_file[1] or ''}{line}"
        elif _DIRECTORY.match(line):
            directory, path = line[:-1], ""
        elif file:
            path = f"{root}{directory if file[1] else ''}{file[2]}"
            if grouped:
                yield path
        elif hit:
            above = f"{root}{directory if hit[1] else ''}{hit[2]}"
            yield above + ("\n" if grouped else ":") + line[hit.end() :]
            path = ""
        else:
            yield line


def _entries(lines: list[str], root: str, *, listed: bool) -> Iterator[str]:
    for line in lines:
        heading = _ENTRIES.match(line)
        if not heading:
            yield line
            continue
        directory = root if heading[1] == "./" else root + heading[1]
        if listed and heading[3] and not heading[2]:
            yield directory[:-1]
        for name in _NAME.findall(heading[4]):
            yield directory + (json.loads(name) if name.startswith('"') else name)


def _draw(lines: list[str], marks: tuple[str, str, str, str]) -> list[str]:
    """Return the lines of a tree, from its last to its first and then turned around."""
    on, done, entry, last = marks
    drawn: list[str] = []
    goes_on: list[bool] = []  # for each level, whether an entry of it follows
    for line in reversed(lines):
        branch = _BRANCH.match(line)
        if branch:
            steps = [line[place : place + 4] for place in range(0, branch.end(), 4)]
            goes_on = [*(step != done for step in steps[:-1]), True]
            drawn.append(line)
            continue
        name = line.lstrip(" ")
        level = len(line) - len(name)
        if not level:
            drawn.append(line)
            goes_on = []
            continue
        goes_on = (goes_on + [False] * level)[:level]
        above = "".join(on if more else done for more in goes_on[:-1])
        drawn.append(above + (entry if goes_on[-1] else last) + name)
        goes_on[-1] = True
    return drawn[::-1]
