"""Search over the originals of a namespace: passages of lines, ranked by BM25.

The index lives in the client and is made by its first search. Every search first asks the store
what has changed, which is one round trip when nothing has, and then reads only contents that are
new; so it needs no events, and none can be lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from sharedctx.errors import CorruptEntry, InvalidRequest
from sharedctx.hits import Budget, SearchHit
from sharedctx.passages import Passages, Ranked, query_codes, rank_passages
from sharedctx.reading import Reader
from sharedctx.records import StoredEntry
from sharedctx.store.base import Store

__all__ = ("Searcher",)

_INDEX_BYTES = 64 << 20
_LIMIT = 10
_LIMIT_OF_BUDGET = 100
_ATTEMPTS = 3
# Originals that are in memory at the same time while the index is made.
_BATCH = 32
_BATCH_BYTES = 8 << 20


class Searcher:
    """Searches one store, with an index of its contents that it keeps up to date.

    Args:
        store: What to search.
        reader: Reads its originals.
        encoding: Name of the tokenizer that counts for `max_tokens`.
        index_bytes: Memory for the index. Contents beyond it are read again by every search.
    """

    def __init__(
        self, store: Store, reader: Reader, encoding: str, *, index_bytes: int = _INDEX_BYTES
    ) -> None:
        self._store = store
        self._reader = reader
        self._encoding = encoding
        self._index_bytes = index_bytes
        self._syncing = asyncio.Lock()
        self._epoch = ""
        self._revision = 0
        self._entries: dict[str, StoredEntry] = {}
        self._contents: dict[str, Passages] = {}
        self._used_bytes = 0

    async def search(
        self,
        query: str,
        *,
        prefix: str = "",
        limit: int | None = None,
        max_tokens: int | None = None,
    ) -> list[SearchHit]:
        """Return the passages that answer `query` best; see `SharedContext.search`."""
        if (limit is not None and limit < 1) or (max_tokens is not None and max_tokens < 1):
            raise InvalidRequest("`limit` and `max_tokens` of a search are at least 1.")
        most = limit or (_LIMIT if max_tokens is None else _LIMIT_OF_BUDGET)
        hits: list[SearchHit] = []
        for _ in range(_ATTEMPTS):
            budget = None if max_tokens is None else Budget(query, max_tokens, self._encoding)
            hits, lost = await self._search(query, prefix, most, budget)
            if not lost:
                break
        return hits

    async def _search(
        self, query: str, prefix: str, most: int, budget: Budget | None
    ) -> tuple[list[SearchHit], bool]:
        """Return hits, and whether some were lost to writers and left room that could be filled."""
        codes = query_codes(query)
        async with self._syncing:
            await self._follow()
            holders = self._holders(prefix)
            passages = await self._passages(holders, codes)
        # More than asked for: some may be replaced before their text is read.
        ranked = await asyncio.to_thread(rank_passages, list(passages.values()), codes, 2 * most)
        hashes = list(passages)
        originals: dict[str, tuple[StoredEntry, str] | None] = {}
        hits: list[SearchHit] = []
        for found in ranked:
            if len(hits) == most or (budget is not None and budget.is_spent):
                return hits, False
            name = hashes[found.content]
            if name not in originals:
                originals[name] = await self._original_of(name, holders[name])
            held = originals[name]
            hit = _hit(held, passages[name], found, holders[name]) if held else None
            if hit is not None and budget is not None:
                hit = await asyncio.to_thread(budget.take, hit)
            if hit is not None:
                hits.append(hit)
        return hits, None in originals.values()

    async def _follow(self) -> None:
        """Take in what has come and gone since the last search."""
        changes = await self._store.changes(self._revision)
        if changes.epoch != self._epoch or changes.revision < self._revision:
            # The first search, or the namespace was deleted and made anew.
            self._entries, self._epoch = {}, changes.epoch
            changes = await self._store.changes(0)
        for entry in changes.entries:
            self._entries[entry.key] = entry
        self._revision = changes.revision
        if not changes.entries and changes.live == len(self._entries):
            return
        # Every live entry up to that revision is known. If there are as many, all known ones live.
        if changes.live != len(self._entries):
            live = set(await self._store.keys()) if changes.live else set()
            self._entries = {key: entry for key, entry in self._entries.items() if key in live}
        hashes = {entry.record.hash for entry in self._entries.values()}
        for content in self._contents.keys() - hashes:
            self._used_bytes -= self._contents.pop(content).nbytes

    def _holders(self, prefix: str) -> dict[str, list[StoredEntry]]:
        """Return the entries of each content, newest first."""
        holders: dict[str, list[StoredEntry]] = {}
        for entry in sorted(self._entries.values(), key=lambda entry: -entry.revision):
            if entry.key.startswith(prefix):
                holders.setdefault(entry.record.hash, []).append(entry)
        return holders

    async def _passages(
        self, holders: dict[str, list[StoredEntry]], codes: frozenset[int]
    ) -> dict[str, Passages]:
        """Return the passages of all contents of `holders`, reading those that are not indexed."""
        beyond: dict[str, Passages] = {}
        missing = [held[0] for content, held in holders.items() if content not in self._contents]
        for batch in _batches(missing):
            read = await asyncio.gather(*map(self._current, batch))
            made = await asyncio.to_thread(_index, [each for each in read if each is not None])
            for entry, content in made:
                name = entry.record.hash
                if self._entries[entry.key].revision < entry.revision:
                    self._entries[entry.key] = entry  # it was put again just now
                    holders.setdefault(name, [entry])
                if name in self._contents:
                    continue
                if self._used_bytes + content.nbytes <= self._index_bytes:
                    self._contents[name] = content
                    self._used_bytes += content.nbytes
                else:
                    beyond[name] = content.only(codes)
        known = {**self._contents, **beyond}
        return {name: known[name] for name in holders if name in known}

    async def _current(self, entry: StoredEntry) -> tuple[StoredEntry, str] | None:
        """Return what the key of `entry` holds now, with its original; None when that is gone."""
        current = await self._store.get(entry.key)
        if current is None:
            return None
        try:
            return current, await self._reader.original(current)
        except CorruptEntry:
            return None  # gone or damaged: nothing of it can be found

    async def _original_of(
        self, content: str, holders: Sequence[StoredEntry]
    ) -> tuple[StoredEntry, str] | None:
        """Return the newest entry that still holds `content`, and that; None when none does."""
        for entry in holders:
            current = await self._current(entry)
            if current is not None and current[0].record.hash == content:
                return current
        return None


def _batches(entries: Sequence[StoredEntry]) -> Iterator[list[StoredEntry]]:
    batch: list[StoredEntry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) == _BATCH or size + entry.record.size > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += entry.record.size
    if batch:
        yield batch


def _index(originals: Sequence[tuple[StoredEntry, str]]) -> list[tuple[StoredEntry, Passages]]:
    return [(entry, Passages.of(text)) for entry, text in originals]


def _hit(
    held: tuple[StoredEntry, str],
    passages: Passages,
    found: Ranked,
    holders: Sequence[StoredEntry],
) -> SearchHit:
    entry, original = held
    start, end = passages.starts[found.passage : found.passage + 2]
    first = passages.lines[found.passage]
    return SearchHit(
        key=entry.key,
        revision=entry.revision,
        agent=entry.record.agent,
        lines=(first, first + original.count("\n", start, end - 1)),
        text=original[start:end],
        score=found.score,
        also_in=tuple(other.key for other in holders if other.key != entry.key),
    )
