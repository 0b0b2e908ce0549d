"""Reading a lossless rendition of a diff back into the diff.

A removed line and the added line that replaces it are mostly the same text. A rendition shows such
a pair as one line, in the notation of ``git diff --word-diff`` and with ``~`` for its mark:

```text
~timeout = [-5-]{+30+}  # seconds
```

stands for ``-timeout = 5  # seconds`` and ``+timeout = 30  # seconds``. In the diff, the removed
lines of a change come before the added ones, each kind in the order in which it stands here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sharedctx.notes import NOTE, unescape_notes

__all__ = ("MARK", "decode_diff", "decode_pair")

MARK = "~"
"""Begins a line that stands for a removed and an added one."""

_HUNK = re.compile(r"@@ -\d{1,9}(?:,(\d{1,9}))? \+\d{1,9}(?:,(\d{1,9}))? @@")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_WORDS = re.compile(r"\[-(.*?)-\]|\{\+(.*?)\+\}")


def decode_diff(text: str) -> str:
    """Return the diff that a lossless rendition stands for, to the letter.

    Args:
        text: A whole rendition, without elision notes.

    Raises:
        ValueError: `text` has elision notes, so that parts of the diff are not in it.
    """
    if NOTE.search(text):
        raise ValueError("parts of the diff are left out; read the original instead")
    return "".join(_decoded(unescape_notes(text)))


def decode_pair(line: str) -> tuple[str, str]:
    """Return the removed and the added line that ``~`` and word marks stand for, with signs."""
    body = line[len(MARK) :]
    removed = _WORDS.sub(lambda words: words[1] or "", body)
    added = _WORDS.sub(lambda words: words[2] or "", body)
    return f"-{removed}", f"+{added}"


def _decoded(text: str) -> Iterator[str]:
    """Yield the lines of the diff; only hunks have lines that are not themselves."""
    old = new = 0  # lines of the hunk that are to come
    change: list[str] = []
    for line in _LINE.findall(text):
        mark = line[:1].strip("\r\n") or " "
        if not (old > 0 or new > 0) or mark not in "-+ ~\\":
            yield from _change(change)
            change = []
            hunk = _HUNK.match(line)
            old, new = (int(count or 1) for count in hunk.groups()) if hunk else (0, 0)
            yield line
            continue
        old -= mark in "- ~"
        new -= mark in "+ ~"
        if mark == " ":
            yield from _change(change)
            change = []
            yield line
        else:
            change.append(line)
    yield from _change(change)


def _change(lines: list[str]) -> Iterator[str]:
    """Yield the lines of one change in the order of a diff."""
    if not any(line.startswith(MARK) for line in lines):
        yield from lines
        return
    pairs = [decode_pair(line) if line.startswith(MARK) else (line, line) for line in lines]
    yield from (removed for removed, _ in pairs if removed.startswith("-"))
    yield from (added for _, added in pairs if added.startswith("+"))
