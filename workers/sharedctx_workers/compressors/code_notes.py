"""What stands in place of code that is left out, such that the rest still parses.

A stand-in holds a note in the style of `sharedctx.notes`, in a comment, with what the code calls
and raises as far as that is short compared with the code; and whatever the grammar needs there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from sharedctx.lines import LineIndex
from sharedctx_workers.compressors.code_folds import Fold, Item, Kind
from sharedctx_workers.compressors.languages import Language

__all__ = ("Doc", "doc_of", "first_line", "stand_in")

_WORDS = re.compile(r"\w")
_QUOTE = re.compile(r"[rRuU]{0,2}(\"\"\"|'''|\"|')")
_MAX_DOC_LINE = 160
_MAX_INFO = 160
_INFO_SHARE = 16
_MIN_INFO = 18
_LONG = 1_000


class _Range(Protocol):
    start: int
    end: int


class Doc(NamedTuple):
    """The first line of a doc string.

    Attributes:
        start: Where it begins.
        end: Where the line ends; its line break is in it if the doc string ends there.
        closing: What closes the doc string; empty if it ends on that line.
        depth: How many headers it is under.
    """

    start: int
    end: int
    closing: str
    depth: int


def doc_of(text: str, item: Item, fold: Fold, depth: int) -> Doc | None:
    """Return the doc string that `item`, the first statement of `fold`, is, if it is one."""
    if fold.kind in (Kind.DATA, Kind.BLOCK, Kind.ANONYMOUS) or item.folds:
        return None
    quote = _QUOTE.match(text, item.start, item.end)
    if quote is None or item.type not in ("expression_statement", "string"):
        return None
    if not text.endswith(quote[1], quote.end(), item.end):
        return None
    word = _WORDS.search(text, quote.end(), item.end)
    end = text.find("\n", word.start() if word else item.start)
    end = len(text) if end < 0 else end
    if end >= item.end:
        return Doc(item.start, min(end + 1, len(text)), "", depth)
    line = text[item.start : end]
    if len(line) > _MAX_DOC_LINE or line.endswith(("\\", quote[1][0])):
        return None
    return Doc(item.start, end, quote[1], depth)


def first_line(text: str, start: int, end: int) -> tuple[int, str]:
    """Return where the first line with words of a comment ends, and what closes the comment."""
    word = _WORDS.search(text, start, end)
    stop = text.find("\n", word.start() if word else start, end) + 1 or end
    head = text[start:stop]
    if "/*" not in head or "*/" in head:
        return (stop, "") if stop < end and text[stop:end].strip() else (end, "")
    return (stop, "*/") if text[stop:end].rstrip().endswith("*/") else (end, "")


def stand_in(
    text: str,
    index: LineIndex,
    language: Language,
    piece: _Range,
    *,
    fold: Fold | None = None,
    closing: str = "",
) -> str:
    """Return what to show in place of `piece`.

    Args:
        text: The source code.
        index: Its lines.
        language: Its language.
        piece: What is left out.
        fold: What it is the beginning of, if it is the inside of something.
        closing: What to write first to close an open doc string or comment; a line break where the
            body needs no placeholder.
    """
    source = text[piece.start : piece.end]
    body = source.strip()
    if not body:
        return ""
    note = _note(source, index, piece, _info(fold, len(body)) if fold else "")
    before, after, _ = language.style
    lead = source[: source.index(body[0])]
    indent = lead[lead.rfind("\n") + 1 :]
    if closing == "*/":
        return f"{indent}{note} */\n"
    if closing.strip():
        return f"{closing}  {before}{note}{after}\n"
    by_line = source.endswith("\n")
    needs = fold is not None and fold.kind is not Kind.DATA and not closing
    if language.placeholder and needs:
        return f"{indent}{language.placeholder}  {before}{note}{after}\n"
    if fold is not None and fold.end > piece.end and ";" not in note:
        return ""  # the usual note says it all
    return f"{indent}{before}{note}{after}\n" if by_line else f" {before}{note}{after} "


def _note(source: str, index: LineIndex, piece: _Range, info: str) -> str:
    body = source.strip()
    start = piece.start + source.index(body[0])
    first, last = index.lines_of(start, start + len(body))
    where = f"L{first}" if first == last else f"L{first}-{last}"
    if len(body) > _LONG:
        lines = last - first + 1
        where = f"{lines} line{'s' * (lines > 1)} elided: {where}"
    return f"[… {where}{info}]"


def _info(fold: Fold, size: int) -> str:
    """Return what a body defines, raises and calls, as much as its size is worth."""
    room = min(_MAX_INFO, size // _INFO_SHARE)
    info = ""
    for verb, names in (
        ("defines", list(_defined(fold))),
        ("raises", list(fold.throws)),
        ("calls", [name for name in fold.calls if name not in fold.throws]),
    ):
        left = _MAX_INFO if verb == "defines" else room - len(info) - len(verb) - 3
        chosen = list(_fitting(names, left))
        if chosen and (room >= _MIN_INFO or verb == "defines"):
            info += f"; {verb} {', '.join(chosen)}"
    return info


def _defined(fold: Fold) -> Iterator[str]:
    for item in fold.items:
        yield from item.defines


def _fitting(names: list[str], room: int) -> Iterator[str]:
    for name in names:
        room -= len(name) + 2
        if room < 0:
            return
        if "]" not in name and "*/" not in name:
            yield name
