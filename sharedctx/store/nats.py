"""The store on NATS JetStream; `sharedctx.store.base.Store` documents the contract."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, suppress
from dataclasses import replace
from typing import Any

from sharedctx.errors import (
    CorruptEntry,
    InvalidKey,
    RevisionConflict,
    StaleRead,
    UnknownOutcome,
)
from sharedctx.keys import Subjects, encode_key, subjects_of
from sharedctx.records import (
    ENTRY_HEADER,
    RENDITION_HEADER,
    EntryRecord,
    RenditionRecord,
    StoredEntry,
    StoredRendition,
)
from sharedctx.store.api import call, leader_get, persist, publish
from sharedctx.store.base import Changes, NamespaceConfig, NamespaceInfo
from sharedctx.store.blobs import Blobs
from sharedctx.store.connection import Connection
from sharedctx.store.current import CurrentEntries
from sharedctx.store.events import follow, signal
from sharedctx.store.listing import Listing
from sharedctx.store.nearest import Nearest
from sharedctx.store.options import ConnectOptions
from sharedctx.store.removal import clear_namespace, delete_key, referenced_blobs
from sharedctx.store.retry import TransientError
from sharedctx.store.scan import scan
from sharedctx.store.streams import CONSUMER, INLINE_BYTES, config_of, open_namespace, ttl_header
from sharedctx.tracing import current_trace, trace_of

__all__ = ("NatsStore",)

_MESSAGE_ID = "Nats-Msg-Id"
_EXPECT = "Nats-Expected-Last-Subject-Sequence"
_TTL = "Nats-TTL"
_log = logging.getLogger("sharedctx")


class NatsStore:
    """One namespace on NATS JetStream. Create it with `open` and close it with `aclose`."""

    def __init__(
        self,
        connection: Connection,
        subjects: Subjects,
        config: NamespaceConfig,
        *,
        owns_connection: bool,
    ) -> None:
        self._connection = connection
        self._subjects = subjects
        self._config = config
        self._owns_connection = owns_connection
        self._current = CurrentEntries(connection, subjects, replicated=self._replicated)
        self._listing = Listing(connection, subjects, self._current)
        self._nearest = Nearest(connection, config.mirrors)
        self._blobs = Blobs(connection, subjects, self._nearest)
        self._following: asyncio.Task[None] | None = None
        self._id = secrets.token_hex(8)
        self._puts = itertools.count()

    @classmethod
    async def open(
        cls,
        options: ConnectOptions,
        namespace: str,
        given: Mapping[str, Any] | None = None,
        *,
        create: bool = True,
        update: bool = False,
    ) -> NatsStore:
        """Connect, and open the namespace; see `sharedctx.store.streams.open_namespace`."""
        subjects = subjects_of(namespace)
        connection = await Connection.open(options)
        try:
            config = await open_namespace(
                connection, subjects, given or {}, create=create, update=update
            )
        except BaseException:
            await connection.aclose()
            raise
        store = cls(connection, subjects, config, owns_connection=True)
        store.follow_settings()
        return store

    @property
    def namespace(self) -> str:
        return self._subjects.namespace

    @property
    def config(self) -> NamespaceConfig:
        """Settings of the namespace."""
        return self._config

    @property
    def _replicated(self) -> bool:
        return self._config.replicas > 1

    def follow_settings(self) -> None:
        """Use the settings as they become when somebody changes them, until it is closed."""
        subject = self._subjects.settings_event
        self._following = asyncio.create_task(
            follow(self._connection, subject, self._read_settings)
        )

    async def _read_settings(self) -> None:
        self._config = config_of((await self._current.state())["config"])
        self._current.replicated = self._replicated
        self._nearest.mirrors = self._config.mirrors

    async def aclose(self) -> None:
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        if self._owns_connection:
            await self._connection.aclose()

    async def put(
        self,
        key: str,
        record: EntryRecord,
        packed: bytes,
        *,
        expect: int | None = None,
        ttl: float | None = None,
    ) -> int:
        subject = self._subjects.entry(key)
        # One id per logical put, repeated by its retries, so that the server stores it once.
        message_id = f"{self._id}.{next(self._puts)}"
        headers = {_MESSAGE_ID: message_id, **current_trace()}
        if expect is not None:
            headers[_EXPECT] = str(expect)
        if ttl is not None:
            headers[_TTL] = ttl_header(self._config, ttl)
        if len(packed) > INLINE_BYTES:
            record, packed = replace(record, blob=await self._blobs.write(packed)), b""
        headers[ENTRY_HEADER] = record.header()
        attempts = 0

        async def attempt() -> int:
            nonlocal attempts
            attempts += 1
            async with self._connection.small:
                return await publish(self._connection, subject, packed, headers)

        try:
            # The server knows an id again for no longer than the ttl: later it would store twice.
            stream, budget = self._subjects.entries, self._config.ttl
            revision = await persist(self._connection, stream, attempt, writes=True, budget=budget)
        except RevisionConflict as error:
            revision = await self._resolve_conflict(key, expect, message_id, attempts, error)
        self._current.floors.saw(key, revision)
        return revision

    async def _resolve_conflict(
        self, key: str, expect: int | None, message_id: str, attempts: int, error: RevisionConflict
    ) -> int:
        """Return the revision of a put that conflicted only with its own first success."""
        stored = await self._current.read(key)
        if stored is not None and stored.headers.get(_MESSAGE_ID) == message_id:
            return stored.sequence
        if attempts > 1:
            raise UnknownOutcome(
                "The write was sent and not confirmed, and the key has been written again since. "
                "Read it to find out.",
                key=key,
                namespace=self.namespace,
            ) from error
        now = f"at revision {stored.sequence}" if stored else "absent"
        raise RevisionConflict(
            f"The key is {now}, not at {expect}, so nothing was written. Read it and retry.",
            key=key,
            namespace=self.namespace,
        ) from error

    async def get(self, key: str, *, at_least: int = 0) -> StoredEntry | None:
        async with self._connection.small:
            message = await self._current.read(key, at_least)
        if message is None:
            return None
        record = EntryRecord.from_headers(message.headers)
        packed = None if record.blob else message.data
        return StoredEntry(key, message.sequence, record, packed, trace_of(message.headers))

    async def packed_content(self, entry: StoredEntry) -> bytes:
        if entry.record.blob is not None:
            return await self._blobs.read(entry.record.blob)
        if entry.packed is None:
            raise CorruptEntry("This entry was listed without its content. Get it by its key.")
        return entry.packed

    async def delete(self, key: str, *, revision: int | None = None) -> bool:
        try:
            stored = await self._current.read(key)
        except StaleRead:
            # Not to be served, but to be removed: a killed server may have brought it back.
            stream, subject = self._subjects.entries, self._subjects.entry(key)
            stored = await leader_get(self._connection, stream, subject)
        if stored is not None and revision is not None and stored.sequence > revision:
            return False
        deleted = await delete_key(self._connection, self._subjects, key, stored)
        if stored is not None:
            self._current.floors.saw(key, stored.sequence, gone=True)
        return deleted

    async def clear(self) -> int:
        state = (await self._current.state())["state"]
        last = int(state["last_seq"])
        await clear_namespace(self._connection, self._subjects, last)
        self._current.floors.cleared(last)
        return int(state["messages"])

    async def keys(self, prefix: str = "") -> list[str]:
        return await self._listing.keys(prefix)

    def entries(self, prefix: str = "") -> AsyncGenerator[StoredEntry, None]:
        return self._listing.entries(prefix)

    async def changes(self, after: int) -> Changes:
        return await self._listing.changes(after)

    async def history(self, key: str) -> list[StoredEntry]:
        current = await self.get(key)
        if current is None or self._config.history == 1:
            return [current] if current else []
        return await self._listing.history(current)

    def watch(self, prefix: str = "") -> AsyncGenerator[StoredEntry, None]:
        return self._listing.watch(prefix)

    async def get_rendition(
        self, record: EntryRecord, *, at_origin: bool = False
    ) -> StoredRendition | None:
        stream = self._subjects.renditions
        subject = self._subjects.rendition(record.hash, str(record.profile))
        async with self._connection.small:
            if at_origin:
                message = await leader_get(self._connection, stream, subject)
            else:
                message = await self._nearest.get(stream, subject)
        if message is None:
            return None
        found = RenditionRecord.from_headers(message.headers)
        if found.hash != record.hash or found.profile != record.profile:
            raise CorruptEntry("A stored rendition is not of the content it is filed under.")
        packed = None if found.blob else message.data
        return StoredRendition(found, packed, trace_of(message.headers))

    async def packed_rendition(self, rendition: StoredRendition) -> bytes:
        if rendition.record.blob is not None:
            return await self._blobs.read(rendition.record.blob)
        return rendition.packed or b""

    async def put_rendition(self, record: RenditionRecord, packed: bytes) -> None:
        if len(packed) > INLINE_BYTES:
            record, packed = replace(record, blob=await self._blobs.write(packed)), b""
        subject = self._subjects.rendition(record.hash, str(record.profile))
        headers = {RENDITION_HEADER: record.header(), **current_trace()}

        async def attempt() -> int:
            async with self._connection.small:
                return await publish(self._connection, subject, packed, headers)

        await persist(self._connection, self._subjects.renditions, attempt, writes=True)

    async def renditions(self) -> AsyncGenerator[RenditionRecord, None]:
        stream = self._subjects.renditions
        filter_all = self._subjects.rendition("*", "*")
        async with aclosing(scan(self._connection, stream, filter_all)) as messages:
            async for message in messages:
                with suppress(CorruptEntry):
                    yield RenditionRecord.from_headers(message.headers)

    async def want(self, entry: StoredEntry) -> None:
        # Best effort: who asks goes on waiting, and asks again.
        with suppress(TransientError):
            token = encode_key(entry.key).encode()
            await self._connection.publish(self._subjects.wanted, token)

    def rendition_signal(self, record: EntryRecord) -> AbstractAsyncContextManager[asyncio.Event]:
        subject = self._subjects.rendition_event(record.hash, str(record.profile))
        return signal(self._connection, subject)

    def put_signal(self, key: str) -> AbstractAsyncContextManager[asyncio.Event]:
        return signal(self._connection, self._subjects.put_event(encode_key(key)))

    async def info(self) -> NamespaceInfo:
        streams = [self._subjects.entries, self._subjects.renditions, self._subjects.blobs]
        if self._config.history > 1:
            streams.append(self._subjects.history)
        states = [(await call(self._connection, f"STREAM.INFO.{s}"))["state"] for s in streams]
        consumer = await call(
            self._connection, f"CONSUMER.INFO.{self._subjects.entries}.{CONSUMER}"
        )
        return NamespaceInfo(
            config=self._config,
            entries=int(states[0]["messages"]),
            stored_bytes=sum(int(state["bytes"]) for state in states),
            jobs_waiting=int(consumer["num_pending"]),
            jobs_in_hand=int(consumer["num_ack_pending"]),
        )

    async def reap_blobs(self, *, min_age: float = 600.0) -> int:
        """Remove large bodies that no entry, revision or rendition refers to; return how many.

        Args:
            min_age: Seconds since it was last written that a body is left alone, so that a writer
                can still store the record that names it.
        """
        try:
            referenced = await referenced_blobs(self._connection, self._subjects)
        except (CorruptEntry, InvalidKey) as error:
            # Perhaps a newer sharedctx wrote it, and it refers to a body that must stay.
            _log.warning("reaped nothing in %s: %s", self.namespace, error)
            return 0
        return await self._blobs.reap(referenced, min_age=min_age)
