"""The store on NATS JetStream; `sharedctx.store.base.Store` documents the contract."""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from nats.aio.msg import Msg

from sharedctx.errors import (
    CorruptEntry,
    InvalidKey,
    PermissionDenied,
    RevisionConflict,
    StoreUnavailable,
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
from sharedctx.store.api import StoredMessage, call, direct_get, leader_get, publish
from sharedctx.store.base import Changes, NamespaceConfig, NamespaceInfo
from sharedctx.store.blobs import Blobs
from sharedctx.store.connection import Connection
from sharedctx.store.options import ConnectOptions
from sharedctx.store.refusals import Signal
from sharedctx.store.removal import (
    clear_namespace,
    delete_key,
    last_sequence,
    referenced_blobs,
)
from sharedctx.store.retry import TransientError
from sharedctx.store.scan import scan, subjects_in
from sharedctx.store.streams import CONSUMER, INLINE_BYTES, open_namespace, ttl_header
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
        replicated = config.replicas > 1
        # A follower may be behind. Entries change, so they are read from the leader; renditions
        # and blobs never change under their name, so a follower can miss them but not be wrong.
        self._get_entry = leader_get if replicated else direct_get
        self._replicated = replicated
        self._blobs = Blobs(connection, subjects, replicated=replicated)
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
        return cls(connection, subjects, config, owns_connection=True)

    @property
    def namespace(self) -> str:
        return self._subjects.namespace

    @property
    def config(self) -> NamespaceConfig:
        """Settings of the namespace."""
        return self._config

    async def aclose(self) -> None:
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
            return await self._connection.persist(attempt, writes=True, budget=self._config.ttl)
        except RevisionConflict as error:
            return await self._resolve_conflict(key, expect, message_id, attempts, error)

    async def _resolve_conflict(
        self, key: str, expect: int | None, message_id: str, attempts: int, error: RevisionConflict
    ) -> int:
        """Return the revision of a put that conflicted only with its own first success."""
        stream, subject = self._subjects.entries, self._subjects.entry(key)
        stored = await self._get_entry(self._connection, stream, subject)
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

    async def get(self, key: str) -> StoredEntry | None:
        subject = self._subjects.entry(key)
        async with self._connection.small:
            message = await self._get_entry(self._connection, self._subjects.entries, subject)
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
        stream, subject = self._subjects.entries, self._subjects.entry(key)
        stored = await self._get_entry(self._connection, stream, subject)
        if stored is not None and revision is not None and stored.sequence > revision:
            return False
        return await delete_key(self._connection, self._subjects, key, stored)

    async def clear(self) -> int:
        return await clear_namespace(self._connection, self._subjects)

    async def keys(self, prefix: str = "") -> list[str]:
        stream, subject = self._subjects.entries, self._subjects.all_entries
        subjects = await subjects_in(self._connection, stream, subject)
        return sorted(key for key in self._keys_of(subjects) if key.startswith(prefix))

    def _keys_of(self, subjects: Iterable[str]) -> Iterator[str]:
        for subject in subjects:
            # What is not an encoded key was not put by sharedctx, and no key could read it.
            with suppress(InvalidKey):
                yield self._subjects.key_of(subject)

    async def entries(self, prefix: str = "") -> AsyncGenerator[StoredEntry, None]:
        async with aclosing(self._scan_entries(prefix, start=1)) as entries:
            async for entry in entries:
                yield entry

    async def _scan_entries(self, prefix: str, *, start: int) -> AsyncGenerator[StoredEntry, None]:
        stream, subject = self._subjects.entries, self._subjects.all_entries
        async with aclosing(scan(self._connection, stream, subject, start=start)) as messages:
            async for message in messages:
                for entry in self._listed(message):
                    if entry.key.startswith(prefix):
                        yield entry

    async def changes(self, after: int) -> Changes:
        info = await call(self._connection, f"STREAM.INFO.{self._subjects.entries}")
        state = info["state"]
        last, live = int(state["last_seq"]), int(state["messages"])
        entries: list[StoredEntry] = []
        if last > after:
            async with aclosing(self._scan_entries("", start=after + 1)) as found:
                entries = [entry async for entry in found]
        # The pass may be served by a replica that is behind: then it vouches for what it gave only.
        vouched = after if self._replicated and last > after else last
        revision = max([vouched, *(entry.revision for entry in entries)])
        return Changes(entries, revision, live, epoch=str(info["created"]))

    def _listed(self, message: StoredMessage) -> list[StoredEntry]:
        """Return the entry in `message`, or nothing when something foreign lies in the bucket."""
        try:
            key = self._subjects.key_of(message.subject)
            record = EntryRecord.from_headers(message.headers)
        except (CorruptEntry, InvalidKey) as error:
            _log.warning("skipped a foreign message in %s: %s", self._subjects.entries, error)
            return []
        return [StoredEntry(key, message.sequence, record)]

    async def history(self, key: str) -> list[StoredEntry]:
        current = await self.get(key)
        if current is None or self._config.history == 1:
            return [current] if current else []
        event = self._subjects.put_event(encode_key(key))
        found = []
        messages = scan(self._connection, self._subjects.history, event, headers_only=False)
        async with aclosing(messages):
            async for message in messages:
                record = EntryRecord.from_headers(message.headers)
                # The server's republish header holds the sequence in the entries stream.
                revision = int(message.headers["Nats-Sequence"])
                packed = None if record.blob else message.data
                found.append(StoredEntry(key, revision, record, packed))
        return sorted(found, key=lambda entry: -entry.revision)

    async def get_rendition(self, record: EntryRecord) -> StoredRendition | None:
        stream = self._subjects.renditions
        subject = self._subjects.rendition(record.hash, str(record.profile))
        async with self._connection.small:
            message = await direct_get(self._connection, stream, subject)
            if message is None and self._replicated:
                message = await leader_get(self._connection, stream, subject)
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

        await self._connection.persist(attempt, writes=True)

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
        return self._signal(subject)

    def put_signal(self, key: str) -> AbstractAsyncContextManager[asyncio.Event]:
        return self._signal(self._subjects.put_event(encode_key(key)))

    @asynccontextmanager
    async def _signal(self, subject: str) -> AsyncIterator[asyncio.Event]:
        event = Signal()
        on_message, on_denied = lambda _: event.set(), event.refuse
        async with self._subscribed(subject, on_message, event.set, on_denied):
            yield event

    @asynccontextmanager
    async def _subscribed(
        self,
        subject: str,
        callback: Callable[[Msg], None],
        on_reconnect: Callable[[], None],
        on_denied: Callable[[PermissionDenied], None],
    ) -> AsyncIterator[None]:
        subscribe = self._connection.subscribe
        try:
            async with subscribe(subject, callback, on_reconnect, on_denied=on_denied):
                yield
        except TransientError as error:
            raise StoreUnavailable(
                "The connection to NATS is down, so nothing can be waited for. Retry.",
                namespace=self.namespace,
            ) from error

    async def watch(self, prefix: str = "") -> AsyncGenerator[StoredEntry, None]:
        # None in the queue means that events may have been missed: look at what is stored.
        news: asyncio.Queue[Msg | PermissionDenied | None] = asyncio.Queue()
        tell = news.put_nowait
        seen = await last_sequence(self._connection, self._subjects.entries) or 0
        subject = self._subjects.put_event("*")
        async with self._subscribed(subject, tell, lambda: tell(None), tell):
            tell(None)
            while True:
                message = await news.get()
                if isinstance(message, PermissionDenied):
                    raise message
                if message is None:
                    async with aclosing(self._scan_entries("", start=seen + 1)) as missed:
                        found = [entry async for entry in missed]
                else:
                    found = self._announced(message)
                for entry in found:
                    if entry.revision > seen:
                        seen = entry.revision
                        if entry.key.startswith(prefix):
                            yield entry

    def _announced(self, event: Msg) -> list[StoredEntry]:
        headers = event.headers or {}
        sequence = int(headers.get("Nats-Sequence", 0))
        return self._listed(StoredMessage(event.subject, sequence, headers, b""))

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
