"""What the client and the workers need of a store.

Two implementations keep this contract: the real one on NATS JetStream (`sharedctx.store.nats`) and
`sharedctx.testing.MemoryStore`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal, Protocol

from sharedctx.records import EntryRecord, RenditionRecord, StoredEntry, StoredRendition

__all__ = ("Changes", "Job", "JobQueue", "Mirror", "NamespaceConfig", "NamespaceInfo", "Store")


@dataclass(frozen=True, slots=True)
class Mirror:
    """A copy of the renditions and large bodies of a namespace, near the readers of a region.

    Attributes:
        region: Its name: 1 to 32 of A-Z a-z 0-9 -.
        domain: JetStream domain that holds it, such as that of a leaf node; None: that of the
            namespace.
        cluster: Cluster that holds it, in a supercluster.
        placement: Tags that a server must have to hold it.
        replicas: Copies of it on different servers there.
    """

    region: str
    domain: str | None = None
    cluster: str | None = None
    placement: tuple[str, ...] = ()
    replicas: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "placement", tuple(self.placement))


@dataclass(frozen=True, slots=True)
class NamespaceConfig:
    """Settings of a namespace, fixed when it is created; the defaults are those of a new one.

    Attributes:
        ttl: Seconds that an entry lives after its last put; None keeps it.
        max_entries: Live entries at most; the server evicts the oldest. None does not limit.
        history: Revisions kept per key, 1 to 64.
        replicas: Copies of everything on different servers of a cluster: 1, 3 or 5. In a cluster a
            new namespace has 3, unless it is told otherwise.
        placement: Tags that a server must have to hold a copy, such as ``region:eu``.
        storage: ``file`` survives a server restart, ``memory`` does not.
        max_bytes: Bytes of stored entries at most; None does not limit. Bodies over 128 KiB once
            packed, renditions and history come on top.
        ack_wait: Seconds without a sign of life after which a job goes to another worker.
        max_attempts: How often a job is tried before readers get the original for good.
        mirrors: Copies for readers in other regions; see `sharedctx.store.mirrors`.
    """

    ttl: float | None = 86_400.0
    max_entries: int | None = 10_000
    history: int = 1
    replicas: int = 1
    placement: tuple[str, ...] = ()
    storage: Literal["file", "memory"] = "file"
    max_bytes: int | None = None
    ack_wait: float = 30.0
    max_attempts: int = 5
    mirrors: tuple[Mirror, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "placement", tuple(self.placement))
        object.__setattr__(self, "mirrors", tuple(self.mirrors))


@dataclass(frozen=True, slots=True)
class NamespaceInfo:
    """A namespace as the server knows it.

    Attributes:
        entries: Live entries.
        stored_bytes: Bytes of all its streams on the server.
        jobs_waiting: Originals that no worker has taken yet.
        jobs_in_hand: Originals that workers have taken and not finished.
    """

    config: NamespaceConfig
    entries: int
    stored_bytes: int
    jobs_waiting: int
    jobs_in_hand: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What has come to a namespace since a revision, and how much there is now.

    Attributes:
        entries: Live entries put since then, without their content, oldest first.
        revision: Every live entry up to this revision is among them or was there before.
        live: Live entries, about when the call was made; fewer than known means that some went.
        epoch: Changes when the namespace was deleted and made anew, so that revisions start over.
    """

    entries: list[StoredEntry]
    revision: int
    live: int
    epoch: str


class Store(Protocol):
    """One namespace. Every method may raise the `StoreError`s of `sharedctx.errors`."""

    @property
    def namespace(self) -> str:
        """Name of the namespace."""
        ...

    async def put(
        self,
        key: str,
        record: EntryRecord,
        packed: bytes,
        *,
        expect: int | None = None,
        ttl: float | None = None,
    ) -> int:
        """Store an entry and return its revision.

        Args:
            key: Its key.
            record: Its record, without a blob; a large body becomes a blob here.
            packed: The packed content.
            expect: Revision that the key must be at (0: the key must be absent); None for any.
            ttl: Seconds that this entry lives, when not as long as the namespace says.

        Raises:
            RevisionConflict: the key is not at `expect`.
            UnknownOutcome: it was sent and never confirmed.
        """
        ...

    async def get(self, key: str, *, at_least: int = 0) -> StoredEntry | None:
        """Return the current entry of `key`, or None.

        Args:
            key: Its key.
            at_least: A revision of it that is known from elsewhere; an older one is not current.

        Raises:
            StaleRead: the store holds an older state than this client, or `at_least`, has seen.
        """
        ...

    async def packed_content(self, entry: StoredEntry) -> bytes:
        """Return the packed content of `entry`, fetching its blob if it has one.

        Raises:
            CorruptEntry: the blob is gone or damaged.
        """
        ...

    async def delete(self, key: str, *, revision: int | None = None) -> bool:
        """Remove `key` as it is now, only if at or before `revision` when that is given.

        Raises:
            UnknownOutcome: it was sent and never confirmed.
        """
        ...

    async def clear(self) -> int:
        """Remove every entry put before this call and return how many there were."""
        ...

    async def keys(self, prefix: str = "") -> list[str]:
        """Return the live keys that start with `prefix`, sorted."""
        ...

    def entries(self, prefix: str = "") -> AsyncGenerator[StoredEntry, None]:
        """Iterate over live entries, without their content, oldest first.

        One that is put again during the pass may come twice.
        """
        ...

    async def changes(self, after: int) -> Changes:
        """Return what was put after revision `after`: one round trip when nothing was."""
        ...

    async def history(self, key: str) -> list[StoredEntry]:
        """Return the kept revisions of `key`, newest first; none when it is not there.

        On a cluster a put may be missing from it for a moment.
        """
        ...

    async def get_rendition(
        self, record: EntryRecord, *, at_origin: bool = False
    ) -> StoredRendition | None:
        """Return the rendition of exactly the bytes and profile of `record`, or None.

        Args:
            record: What it is a rendition of.
            at_origin: Whether one that only a mirror still has does not count.
        """
        ...

    async def packed_rendition(self, rendition: StoredRendition) -> bytes:
        """Return the packed payload of `rendition`, fetching its blob if it has one."""
        ...

    async def put_rendition(self, record: RenditionRecord, packed: bytes) -> None:
        """Store a rendition. Storing the same one again refreshes its life."""
        ...

    def renditions(self) -> AsyncGenerator[RenditionRecord, None]:
        """Iterate over the records of all renditions."""
        ...

    def rendition_signal(self, record: EntryRecord) -> AbstractAsyncContextManager[asyncio.Event]:
        """Give an event that is set when the rendition of `record` may have become available."""
        ...

    def put_signal(self, key: str) -> AbstractAsyncContextManager[asyncio.Event]:
        """Give an event that is set when `key` may have been put."""
        ...

    def watch(self, prefix: str = "") -> AsyncGenerator[StoredEntry, None]:
        """Iterate, without end, over entries put from now on, without their content."""
        ...

    async def want(self, entry: StoredEntry) -> None:
        """Ask the workers, once, without waiting and at best effort, for a missing rendition."""
        ...

    async def info(self) -> NamespaceInfo:
        """Return settings and load of the namespace."""
        ...

    async def aclose(self) -> None:
        """Let go of everything. May be called again."""
        ...


class Job(Protocol):
    """One original to compress, held by one worker."""

    @property
    def entry(self) -> StoredEntry:
        """The entry to compress."""
        ...

    @property
    def attempt(self) -> int:
        """1 for the first try."""
        ...

    @property
    def is_last_attempt(self) -> bool:
        """Whether nobody will be given this job again."""
        ...

    async def done(self) -> None:
        """Finish the job: it leaves the queue."""
        ...

    async def retry(self, delay: float) -> None:
        """Give the job back, to be tried again after `delay` seconds."""
        ...

    async def extend(self) -> None:
        """Say that work on it goes on, so that it stays with this worker for `ack_wait` more."""
        ...


class JobQueue(Protocol):
    """The jobs of one namespace, shared by all its workers."""

    async def fetch(self, count: int, timeout: float) -> list[Job]:
        """Return up to `count` jobs; an empty list when none came within `timeout` seconds."""
        ...
