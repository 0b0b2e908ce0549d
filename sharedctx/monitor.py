"""A live picture of one namespace, for onlookers such as ``sharedctx top`` and the dashboard.

It is filled from the buckets at the start and then kept by events. Deleted, evicted and expired
entries leave without an event: when the server counts other than we do, and now and then in any
case, a pass over the bucket takes them out.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, Final, NamedTuple, Self

import anyio

from sharedctx.errors import StoreError
from sharedctx.reading import entry_state
from sharedctx.records import Profile, RenditionRecord, State, StoredEntry
from sharedctx.store.nats import NatsStore
from sharedctx.store.nats_monitor import MonitorStore, Queue
from sharedctx.store.options import ConnectOptions

__all__ = ("Monitor", "Put", "Sample", "Seen")

_QUEUE_EVERY_S: Final = 2.0
# What was put after the first look and before events came is met soon.
_FIRST_PASS_S: Final = 1.0
_PASS_EVERY_S: Final = 20.0
_RETRY_S: Final = 1.0
_MOST_PUTS: Final = 50_000
_MOST_SAMPLES: Final = 1_800  # an hour
_RenditionKey = tuple[str, Profile]


class Put(NamedTuple):
    """A put that was seen.

    Attributes:
        timestamp: When, in Unix seconds by the writer's clock.
        agent: Who, if they said so.
        of: The rendition of what was put.
    """

    timestamp: float
    agent: str | None
    of: _RenditionKey


class Sample(NamedTuple):
    """The job queue at a moment.

    Attributes:
        timestamp: When, in Unix seconds.
        queue: The queue.
        age: Age of the oldest original in it, in seconds; 0 when it is empty.
    """

    timestamp: float
    queue: Queue
    age: float


class Seen(NamedTuple):
    """An entry and its rendition, if that is there, without their content."""

    entry: StoredEntry
    rendition: RenditionRecord | None

    @property
    def state(self) -> State:
        """Where the entry stands."""
        return entry_state(self.entry.record, self.rendition)

    @property
    def saved(self) -> int:
        """Tokens that one read of it saves."""
        made = self.rendition
        return made.original_tokens - made.compressed_tokens if made else 0


class Monitor:
    """The picture. Create it with `open`; it is whole from then on, and kept while that lasts.

    Attributes:
        version: Grows with every change of the picture.
        samples: The job queue over time, oldest first.
        workers: What the workers that are alive tell of themselves.
        problem: What keeps the picture from being up to date; empty when it is.
    """

    def __init__(self, store: MonitorStore) -> None:
        self._store = store
        self.version = 0
        self.samples: deque[Sample] = deque(maxlen=_MOST_SAMPLES)
        self.workers: list[dict[str, Any]] = []
        self.problem = ""
        self._entries: dict[str, StoredEntry] = {}
        self._renditions: dict[_RenditionKey, RenditionRecord] = {}
        self._puts: dict[int, Put] = {}  # by revision
        self._changed = asyncio.Event()
        self._counts = (0, 0)

    @classmethod
    @asynccontextmanager
    async def open(cls, options: ConnectOptions, namespace: str) -> AsyncGenerator[Self, None]:
        """Look at a namespace until the block ends.

        Raises:
            StoreUnavailable: no server answers.
            NamespaceNotFound: it does not exist.
        """
        store = await MonitorStore.connect(options, namespace)
        try:
            monitor = cls(store)
            await monitor._look_everywhere()
            await monitor._look_at_queue()
            async with anyio.create_task_group() as tasks:
                for keep in (
                    monitor._follow_puts,
                    monitor._follow_renditions,
                    monitor._sample,
                    monitor._pass,
                ):
                    tasks.start_soon(monitor._forever, keep)
                yield monitor
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await store.aclose()

    @property
    def store(self) -> NatsStore:
        """The namespace, for reading what the picture leaves out."""
        return self._store.entries

    @property
    def namespace(self) -> str:
        """Name of the namespace."""
        return self._store.entries.namespace

    def entries(self) -> list[Seen]:
        """Return the live entries, the newest first."""
        found = [
            Seen(entry, self.rendition((entry.record.hash, entry.record.profile)))
            for entry in self._entries.values()
        ]
        return sorted(found, key=lambda seen: -seen.entry.revision)

    def rendition(self, of: _RenditionKey) -> RenditionRecord | None:
        """Return the record of a rendition, or None when it was not seen."""
        return self._renditions.get(of)

    def puts(self) -> list[Put]:
        """Return the puts seen: of entries live at the start, and all since, up to 50,000."""
        return list(self._puts.values())

    async def changed(self, since: int) -> int:
        """Wait until `version` is above `since` and return it."""
        while self.version <= since:
            await self._changed.wait()
        return self.version

    def _touch(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def _forever(self, keep: Callable[[], Awaitable[None]]) -> None:
        """Run `keep` again whenever the server was away."""
        while True:
            try:
                await keep()
            except StoreError as error:
                self.problem = str(error)
                self._touch()
            await anyio.sleep(_RETRY_S)

    async def _follow_puts(self) -> None:
        async with aclosing(self.store.watch()) as puts:
            async for entry in puts:
                self._add(entry)
                self._touch()

    def _add(self, entry: StoredEntry) -> None:
        record = entry.record
        known = self._entries.get(entry.key)
        if known is None or known.revision < entry.revision:
            self._entries[entry.key] = entry
        if entry.revision not in self._puts:
            of = (record.hash, record.profile)
            self._puts[entry.revision] = Put(record.timestamp, record.agent, of)
        if len(self._puts) > _MOST_PUTS:
            del self._puts[min(self._puts)]

    async def _follow_renditions(self) -> None:
        async with aclosing(self._store.watch_renditions()) as renditions:
            async for record in renditions:
                if record is None:
                    await self._look_at_renditions()
                else:
                    self._renditions[record.hash, record.profile] = record
                self._touch()

    async def _look_at_renditions(self) -> None:
        async with aclosing(self.store.renditions()) as renditions:
            async for record in renditions:
                self._renditions[record.hash, record.profile] = record

    async def _look_everywhere(self) -> None:
        """Take in what is there, and out what is gone."""
        await self._look_at_renditions()
        last = max(self._puts, default=0)
        async with aclosing(self.store.entries()) as entries:
            live = {entry.key: entry async for entry in entries}
        for entry in sorted(live.values(), key=lambda entry: entry.revision):
            self._add(entry)
        gone = [key for key, entry in self._entries.items() if entry.revision <= last]
        for key in gone:
            if key not in live:
                del self._entries[key]
        wanted = {put.of for put in self._puts.values()}
        for of in self._renditions.keys() - wanted:
            del self._renditions[of]

    async def _pass(self) -> None:
        await anyio.sleep(_FIRST_PASS_S)
        while True:
            await self._look_everywhere()
            self._touch()
            await anyio.sleep(_PASS_EVERY_S)

    async def _sample(self) -> None:
        while True:
            await anyio.sleep(_QUEUE_EVERY_S)
            await self._look_at_queue()
            # Foreign messages may keep the counts apart, so only a change of them is news.
            counts = (self.samples[-1].queue.entries, len(self._entries))
            if counts[0] != counts[1] and counts != self._counts:
                await self._look_everywhere()
            self._counts = counts
            self.problem = ""
            self._touch()

    async def _look_at_queue(self) -> None:
        queue = await self._store.queue()
        now = time.time()
        unsettled = [
            entry.record.timestamp
            for entry in self._entries.values()
            if entry.revision > queue.settled
        ]
        busy = queue.waiting + queue.in_hand > 0
        age = max(0.0, now - min(unsettled)) if busy and unsettled else 0.0
        self.samples.append(Sample(now, queue, age))
        with suppress(StoreError):
            self.workers = await self._store.workers()
