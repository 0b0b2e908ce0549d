"""What `context_get` shows of an entry within a budget of tokens, and how to read the rest."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sharedctx import ContextEntry, SharedContext, State, tokens
from sharedctx.errors import InvalidRequest
from sharedctx.lines import LineIndex, read_lines
from sharedctx.mcp.results import GetResult, uri_of
from sharedctx.plain import split_lines, split_long

__all__ = ("Budget", "parse_lines", "read_view")

_LINES = re.compile(r"L?(\d+)(?:\s*[-\u2013:]\s*L?(\d+))?")
_WAIT_S = 5.0
_CHARS_PER_TOKEN = 3
_MAX_CHARS_PER_TOKEN = 100
_Count = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Budget:
    """Tokens that a tool returns: unless asked otherwise, and at most."""

    usual: int
    most: int


def parse_lines(text: str) -> tuple[int, int]:
    """Read ``120-164``, ``L120-164`` or ``120``. Raises `InvalidRequest`."""
    match = _LINES.fullmatch(text.strip())
    if match is None:
        raise InvalidRequest(f"lines={text!r} is not a span of lines. Write it as '120-164'.")
    return int(match[1]), int(match[2] or match[1])


async def read_view(
    context: SharedContext,
    entry: ContextEntry,
    *,
    full: bool,
    lines: tuple[int, int] | None,
    query: str | None,
    max_tokens: int | None,
    budget: Budget,
) -> GetResult:
    """Return what was asked for of `entry`, within `budget`, with a note on the rest."""
    asked = None if max_tokens is None else min(max_tokens, budget.most)
    room = budget.usual if asked is None else asked
    # Counting loads the vocabulary and takes a while for large texts: away from the event loop.
    if full or lines is not None:
        return await asyncio.to_thread(_original, entry, lines, room)
    # The entry was read before this, so its revision is never newer than the text: a writer that
    # expects it is refused when it should be.
    text = await context.get(entry.key, max_tokens=asked, query=query, timeout=_WAIT_S)
    if text is not None and await asyncio.to_thread(_count, entry.encoding, text) > room:
        text = await context.get(entry.key, max_tokens=room, query=query, timeout=0)
    # It may have expired meanwhile; what was read of it before is still the truth of then.
    return await asyncio.to_thread(_rendition, entry, text or entry.compressed, query)


def _count(encoding: str, text: str) -> int:
    return tokens.load(encoding).count(text)


def _rendition(entry: ContextEntry, text: str, query: str | None) -> GetResult:
    complete = text == entry.original
    note = None
    if not complete:
        shown, lines = _count(entry.encoding, text), len(LineIndex(entry.original))
        note = (
            f"This is a rendition: {shown:,} of {entry.original_tokens:,} tokens; the original has "
            f"{lines:,} lines. What it leaves out is marked where it stood. Read marked lines with "
            "lines='120-164', what answers a question with query=..., all with full=true."
        )
    view = "query" if query is not None else "original" if complete else "rendition"
    return _filled(entry, view, text, lines=None, complete=complete, note=note)


def _original(entry: ContextEntry, lines: tuple[int, int] | None, budget: int) -> GetResult:
    total = len(LineIndex(entry.original))
    if not total:
        return _filled(entry, "original", "", lines=None, complete=True, note=None)
    first, last = lines or (1, total)
    wanted = read_lines(entry.original, first, last)
    last = min(last, total)
    text = _page(wanted, budget, partial(_count, entry.encoding))
    note = None
    if len(text) < len(wanted):
        end = first + text.count("\n") - 1
        if end < first:
            end = first
            size = len(read_lines(wanted, 1, 1))
            note = (
                f"Line {first} is cut: it has {size:,} characters. Ask for what you need of it "
                "with query=..., or raise max_tokens."
            )
        else:
            note = (
                f"Lines {first}-{end} of {total:,}; the rest did not fit into max_tokens. Read on "
                f"with lines='{end + 1}-{last}'."
            )
        last = end
    view = "lines" if lines else "original"
    complete = text == entry.original
    return _filled(entry, view, text, lines=[first, last], complete=complete, note=note)


def _page(text: str, budget: int, count: _Count) -> str:
    """Return the whole lines at the start of `text` that fit, or a part of the first line."""
    end, left = 0, budget
    for start, line_end in split_lines(text):
        cost = _cost(text[start:line_end], left, count)
        if cost > left:
            break
        left -= cost
        end = line_end
    if end or not text:
        return text[:end]
    line_end = text.find("\n") + 1 or len(text)
    _, end = next(split_long(text, 0, line_end, _CHARS_PER_TOKEN * budget))
    while end > 1 and count(text[:end]) > budget:
        end //= 2
    return text[:end]


def _cost(line: str, left: int, count: _Count) -> int:
    # No need to count the tokens of a line of megabytes to know that it is too long.
    return count(line) if len(line) < _MAX_CHARS_PER_TOKEN * left else left + 1


def _filled(
    entry: ContextEntry,
    view: str,
    text: str,
    *,
    lines: list[int] | None,
    complete: bool,
    note: str | None,
) -> GetResult:
    if entry.state is State.FAILED and note is None:
        note = f"It was not compressed: {entry.reason}"
    return GetResult(
        key=entry.key,
        revision=entry.revision,
        agent=entry.agent,
        view=view,
        text=text,
        tokens=_count(entry.encoding, text),
        original_tokens=entry.original_tokens,
        original_lines=len(LineIndex(entry.original)),
        lines=lines,
        complete=complete,
        note=note,
        uri=uri_of(entry.key),
    )
