"""The store in memory, for tests; `sharedctx.store.base.Store` documents the contract."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace

from sharedctx import tokens
from sharedctx.codec import content_bytes, content_hash, content_text, unpack
from sharedctx.errors import CorruptEntry, InvalidRequest, RevisionConflict, StaleRead
from sharedctx.keys import encode_key, validate_namespace
from sharedctx.records import (
    EntryRecord,
    Profile,
    RenditionBody,
    RenditionRecord,
    State,
    StoredEntry,
    StoredRendition,
)
from sharedctx.segments import Guarantee
from sharedctx.store.base import Changes, NamespaceConfig, NamespaceInfo
from sharedctx.store.watching import News
from sharedctx.tracing import current_trace

__all__ = ("Compressor", "MemoryStore", "leave_as_is")

Compressor = Callable[[str, Profile], tuple[RenditionRecord, RenditionBody]]
"""Compresses an original under a profile, as `sharedctx_workers.pipeline.compress` does."""


def leave_as_is(original: str, profile: Profile) -> tuple[RenditionRecord, RenditionBody]:
    """Compress nothing: a `Compressor` for tests that are not about compression."""
    count = tokens.load(profile.encoding).count(original)
    record = RenditionRecord(
        hash=content_hash(content_bytes(original)),
        profile=profile,
        state=State.PASSTHROUGH,
        guarantee=Guarantee.LOSSLESS,
        original_tokens=count,
        compressed_tokens=count,
        transforms=("router:none",),
        reason="this store does not compress",
    )
    return record, RenditionBody("", b"")


@dataclass(frozen=True, slots=True)
class _Held:
    entry: StoredEntry
    expires: float


class MemoryStore:
    """One namespace in this process, with the semantics of the real one.

    Args:
        namespace: Its name.
        config: Its settings; `replicas`, `storage`, `max_bytes` and those of jobs have no effect.
        compressor: Compresses at once what is put, in a thread. By default every entry passes
            through as it is; None leaves entries pending, as when no worker runs.
        clock: Seconds that decide about expiry; tests can move them.
    """

    def __init__(
        self,
        namespace: str = "default",
        config: NamespaceConfig | None = None,
        *,
        compressor: Compressor | None = leave_as_is,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._namespace = validate_namespace(namespace)
        self._config = config or NamespaceConfig()
        self._compressor = compressor
        self._clock = clock
        self._last = 0
        self._held: dict[str, _Held] = {}
        self._past: dict[str, list[StoredEntry]] = {}
        self._renditions: dict[tuple[str, Profile], tuple[RenditionRecord, bytes]] = {}
        self._signals: dict[object, set[asyncio.Event]] = {}
        self._watchers: set[News] = set()

    @property
    def namespace(self) -> str:
        return self._namespace

    async def aclose(self) -> None:
        """Nothing to let go of: the content stays for whoever opens this store again."""

    async def put(
        self,
        key: str,
        record: EntryRecord,
        packed: bytes,
        *,
        expect: int | None = None,
        ttl: float | None = None,
    ) -> int:
        encode_key(key)
        lifetime = self._lifetime(ttl)
        current = self._current(key)
        at = current.revision if current else 0
        if expect is not None and expect != at:
            raise RevisionConflict(
                f"The key is at revision {at}, not at {expect}, so nothing was written. Read it "
                "and retry.",
                key=key,
                namespace=self._namespace,
            )
        self._last += 1
        entry = StoredEntry(key, self._last, record, packed, current_trace())
        self._held.pop(key, None)  # so that the key moves to the newest place
        self._held[key] = _Held(entry, self._clock() + lifetime)
        self._past[key] = [entry, *self._past.get(key, [])][: self._config.history]
        self._evict()
        self._announce(entry)
        await self._compress(record, packed)
        return entry.revision

    def _lifetime(self, ttl: float | None) -> float:
        limit = float("inf") if self._config.ttl is None else self._config.ttl
        if ttl is None:
            return limit
        if not 0 < ttl <= limit:
            raise InvalidRequest("`ttl` is positive and at most that of the namespace.")
        return ttl

    def _current(self, key: str) -> StoredEntry | None:
        held = self._held.get(key)
        if held is None:
            return None
        if held.expires <= self._clock():
            self._forget(key)
            return None
        return held.entry

    def _forget(self, key: str) -> None:
        del self._held[key]
        del self._past[key]

    def _evict(self) -> None:
        limit = self._config.max_entries
        while limit is not None and len(self._live()) > limit:
            self._forget(next(iter(self._held)))

    def _live(self) -> list[StoredEntry]:
        return [entry for key in list(self._held) if (entry := self._current(key)) is not None]

    def _announce(self, entry: StoredEntry) -> None:
        for event in self._signals.get(entry.key, ()):
            event.set()
        for watcher in self._watchers:
            watcher.add([replace(entry, packed=None)])

    async def _compress(self, record: EntryRecord, packed: bytes) -> None:
        if self._compressor is None or (record.hash, record.profile) in self._renditions:
            return
        text = content_text(unpack(packed, record.size))
        made, body = await asyncio.to_thread(self._compressor, text, record.profile)
        data, size = body.pack()
        await self.put_rendition(replace(made, size=size), data)

    async def get(self, key: str, *, at_least: int = 0) -> StoredEntry | None:
        encode_key(key)
        current = self._current(key)
        if at_least > (current.revision if current else self._last):
            raise StaleRead(key=key, namespace=self._namespace)
        return current

    async def packed_content(self, entry: StoredEntry) -> bytes:
        if entry.packed is None:
            raise CorruptEntry("This entry was listed without its content. Get it by its key.")
        return entry.packed

    async def delete(self, key: str, *, revision: int | None = None) -> bool:
        encode_key(key)
        current = self._current(key)
        if current is None or (revision is not None and current.revision > revision):
            return False
        self._forget(key)
        return True

    async def clear(self) -> int:
        count = len(self._live())
        self._held.clear()
        self._past.clear()
        self._renditions.clear()
        return count

    async def keys(self, prefix: str = "") -> list[str]:
        return sorted(entry.key for entry in self._live() if entry.key.startswith(prefix))

    async def entries(self, prefix: str = "") -> AsyncGenerator[StoredEntry, None]:
        for entry in self._live():
            if entry.key.startswith(prefix):
                yield replace(entry, packed=None)

    async def changes(self, after: int) -> Changes:
        live = self._live()
        new = [replace(entry, packed=None) for entry in live if entry.revision > after]
        revision = new[-1].revision if new else after
        return Changes(new, revision, len(live), epoch="memory")

    async def history(self, key: str) -> list[StoredEntry]:
        encode_key(key)
        return list(self._past[key]) if self._current(key) else []

    async def get_rendition(
        self,
        record: EntryRecord,
        *,
        at_origin: bool = False,  # noqa: ARG002  # there are no mirrors of it
    ) -> StoredRendition | None:
        found = self._renditions.get((record.hash, record.profile))
        return None if found is None else StoredRendition(*found)

    async def packed_rendition(self, rendition: StoredRendition) -> bytes:
        return rendition.packed or b""

    async def put_rendition(self, record: RenditionRecord, packed: bytes) -> None:
        self._renditions[record.hash, record.profile] = (record, packed)
        for event in self._signals.get((record.hash, record.profile), ()):
            event.set()

    async def renditions(self) -> AsyncGenerator[RenditionRecord, None]:
        for record, _ in list(self._renditions.values()):
            yield record

    def rendition_signal(self, record: EntryRecord) -> AbstractAsyncContextManager[asyncio.Event]:
        return self._signal((record.hash, record.profile))

    def put_signal(self, key: str) -> AbstractAsyncContextManager[asyncio.Event]:
        encode_key(key)
        return self._signal(key)

    @asynccontextmanager
    async def _signal(self, subject: object) -> AsyncGenerator[asyncio.Event, None]:
        event = asyncio.Event()
        listeners = self._signals.setdefault(subject, set())
        listeners.add(event)
        try:
            yield event
        finally:
            listeners.discard(event)
            if not listeners:
                self._signals.pop(subject, None)

    async def watch(self, prefix: str = "") -> AsyncGenerator[StoredEntry, None]:
        news, seen = News(), self._last
        self._watchers.add(news)
        try:
            while True:
                taken = await news.take()
                for entry in self._live() if taken is None else taken:
                    if entry.revision > seen:
                        seen = entry.revision
                        if entry.key.startswith(prefix):
                            yield replace(entry, packed=None)
        finally:
            self._watchers.discard(news)

    async def want(self, entry: StoredEntry) -> None:
        """Nobody listens: what is missing here was not compressed when it was put."""

    async def info(self) -> NamespaceInfo:
        live = self._live()
        waiting = sum((e.record.hash, e.record.profile) not in self._renditions for e in live)
        stored = sum(len(entry.packed or b"") for entry in live)
        stored += sum(len(packed) for _, packed in self._renditions.values())
        return NamespaceInfo(self._config, len(live), stored, waiting, 0)
