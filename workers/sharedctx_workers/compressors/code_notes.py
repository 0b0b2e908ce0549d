"""What stands in place of code that is left out, such that the rest still parses.

A stand-in holds a note in the style of `sharedctx.notes`, in a comment, with what the code imports,
raises and calls; and whatever the grammar needs there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from sharedctx.lines import LineIndex
from sharedctx_workers.compressors.code_folds import Fold, Item, Kind, definitions
from sharedctx_workers.compressors.languages import Language

__all__ = ("Doc", "Mark", "doc_of", "first_line", "info_share", "stand_in")

_WORDS = re.compile(r"\w")
_QUOTE = re.compile(r"[rRuU]{0,2}(\"\"\"|'''|\"|')")
_MAX_DOC_LINE = 160
_MAX_INFO = 160
_MAX_IMPORTS = 240
_MAX_NAMES = 24
_MIN_INFO = 18
# What bodies call is told as far as the outline with it is no more than this share of a text,
# and a note no more than this share of the body it stands for.
_OUTLINE_SHARE = 0.14
_BODY_SHARE = 1 / 16


class Doc(NamedTuple):
    """The first line of a doc string.

    Attributes:
        start: Where it begins.
        end: Where the line ends; its line break is in it if the doc string ends there.
        closing: What closes the doc string; empty if it ends on that line.
    """

    start: int
    end: int
    closing: str


class Mark(NamedTuple):
    """What a stand-in is for: ``text[start:end]``.

    Attributes:
        start: Where the first line of its note is: before it where the note tells of more.
        begin: Where what it replaces begins.
        end: Where that ends.
        fold: What it is the inside of, if anything.
        closing: What to write first to close an open doc string or comment.
        closer: What follows that closes the fold, if it is replaced too.
        is_whole: Whether nothing else is left between what opens and what closes the fold.
    """

    start: int
    begin: int
    end: int
    fold: Fold | None = None
    closing: str = ""
    closer: str = ""
    is_whole: bool = True


def doc_of(text: str, item: Item, fold: Fold) -> Doc | None:
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
        return Doc(item.start, min(end + 1, len(text)), "")
    line = text[item.start : end]
    if len(line) > _MAX_DOC_LINE or line.endswith(("\\", quote[1][0])):
        return None
    return Doc(item.start, end, quote[1])


def first_line(text: str, start: int, end: int) -> tuple[int, str]:
    """Return where the first line with words of a comment ends, and what closes the comment."""
    word = _WORDS.search(text, start, end)
    stop = text.find("\n", word.start() if word else start, end) + 1 or end
    head = text[start:stop]
    if "/*" not in head or "*/" in head:
        return (stop, "") if stop < end and text[stop:end].strip() else (end, "")
    return (stop, "*/") if text[stop:end].rstrip().endswith("*/") else (end, "")


def info_share(outline: int, bodies: int, size: int) -> float:
    """Return how much of a body its note may be.

    Args:
        outline: Characters of the outline of a text, with notes that say no more than where.
        bodies: Characters of the bodies that are left out of it.
        size: Characters of the text.
    """
    room = max(0.0, _OUTLINE_SHARE * size - outline)
    return min(_BODY_SHARE, room / bodies) if bodies else _BODY_SHARE


def stand_in(text: str, index: LineIndex, language: Language, mark: Mark, share: float) -> str:
    """Return what to show in place of what `mark` is for.

    Args:
        text: The source code.
        index: Its lines.
        language: Its language.
        mark: What is left out.
        share: How much of it the note may say about it.
    """
    source = text[mark.begin : mark.end]
    body = source.strip()
    if not body:
        return ""
    info = _info(mark.fold, int(share * len(body))) if mark.fold else ""
    start = mark.start if mark.start < mark.begin else mark.begin + source.index(body[0])
    first, last = index.lines_of(start, mark.begin + source.index(body[0]) + len(body))
    where = f"L{first}" if first == last else f"L{first}-{last}"
    note = f"[… {where}{info}]"
    before, after = language.style.before, language.style.after
    lead = source[: source.index(body[0])]
    indent = lead[lead.rfind("\n") + 1 :]
    if mark.closing == "*/":
        return f"{indent}{note} */\n"
    if mark.closing.strip():
        return f"{mark.closing} {before}{note}{after}\n{mark.closer}"
    by_line = mark.begin == 0 or text[mark.begin - 1] == "\n"
    if after and mark.fold is not None and not by_line:
        # A body of C++ with nothing in it and a semicolon after it would be the value of a member.
        node = mark.fold.node
        is_value = node and node.type == "compound_statement" and text.startswith("};", mark.end)
        return f"{before}{note}{after}{';' if is_value else ''}{mark.closer}"
    is_body = mark.fold is not None and mark.fold.kind is not Kind.DATA and mark.is_whole
    placeholder = f"{language.placeholder} " if language.placeholder and is_body else ""
    return f"{indent}{placeholder}{before}{note}{after}\n{mark.closer}"


def _info(fold: Fold, room: int) -> str:
    """Return what a body imports and defines, and what it raises and calls as there is room."""
    room = min(_MAX_INFO, room)
    where, mentions = (fold.start, fold.end), fold.mentions
    told = _fitting(dict.fromkeys(mentions.imports(*where)), _MAX_IMPORTS)
    info = "".join(f"; {line}" for line in told)
    for verb, names, left in (
        ("defines", definitions(fold), _MAX_INFO),
        ("raises", mentions.throws(*where), room),
        ("calls", mentions.calls(*where), room),
    ):
        if left < _MIN_INFO:
            continue
        chosen = list(_fitting(dict.fromkeys(islice(names, _MAX_NAMES)), left - len(verb) - 3))
        if chosen:
            said = f"; {verb} {', '.join(chosen)}"
            info += said
            room -= len(said) if verb != "defines" else 0
    return info


def _fitting(names: Iterable[str], room: int) -> Iterator[str]:
    for name in names:
        room -= len(name) + 2
        if room < 0:
            return
        if "]" not in name and "*/" not in name:
            yield name
