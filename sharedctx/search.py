"""Search over the originals of a namespace: passages of lines, ranked by BM25.

There is no index: every call reads all live originals, which suits namespaces of some thousand
entries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass

from sharedctx.errors import CorruptEntry
from sharedctx.plain import split_lines
from sharedctx.ranking import bm25
from sharedctx.reading import Reader
from sharedctx.records import StoredEntry
from sharedctx.store.base import Store

__all__ = ("SearchHit", "search")

_PASSAGE_CHARS = 800


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A passage that answers a query.

    Attributes:
        key: The entry that it is from.
        revision: Revision of that entry.
        agent: Who put it, if they said so.
        lines: First and last line of the passage in the original; `get` reads them with ``lines=``.
        text: The passage, verbatim.
        score: How well it answers; comparable within one search only.
    """

    key: str
    revision: int
    agent: str | None
    lines: tuple[int, int]
    text: str
    score: float


async def search(
    store: Store, reader: Reader, query: str, *, prefix: str = "", limit: int = 10
) -> list[SearchHit]:
    """Return the up to `limit` passages that answer `query` best, best first."""
    originals: list[tuple[StoredEntry, str]] = []
    async with aclosing(store.entries(prefix)) as entries:
        keys = dict.fromkeys([entry.key async for entry in entries])
    for key in keys:
        entry = await store.get(key)
        if entry is not None:
            try:
                originals.append((entry, await reader.original(entry)))
            except CorruptEntry:
                continue  # gone or damaged: nothing of it can be found
    return await asyncio.to_thread(_rank, originals, query, limit)


def _rank(originals: list[tuple[StoredEntry, str]], query: str, limit: int) -> list[SearchHit]:
    passages = [
        (entry, lines, text) for entry, original in originals for lines, text in _passages(original)
    ]
    scores = bm25([text for _, _, text in passages], query)
    best = sorted(range(len(passages)), key=lambda i: (-scores[i], i))[:limit]
    return [
        SearchHit(entry.key, entry.revision, entry.record.agent, lines, text, scores[i])
        for i in best
        if scores[i] > 0
        for entry, lines, text in (passages[i],)
    ]


def _passages(original: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Yield ``((first line, last line), text)`` of consecutive passages of whole lines."""
    first = number = 1
    begin = 0
    for number, (start, end) in enumerate(split_lines(original), 1):
        if end - begin > _PASSAGE_CHARS and start > begin:
            yield (first, number - 1), original[begin:start]
            first, begin = number, start
    if begin < len(original):
        yield (first, number), original[begin:]
