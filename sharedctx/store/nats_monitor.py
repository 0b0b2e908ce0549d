"""What an onlooker sees of NATS: one namespace, everything that happens in it, and its workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any, NamedTuple

from nats.aio.msg import Msg

from sharedctx.errors import CorruptEntry, PermissionDenied, StoreUnavailable
from sharedctx.keys import Subjects, subjects_of
from sharedctx.records import RenditionRecord
from sharedctx.store.api import call
from sharedctx.store.connection import Connection
from sharedctx.store.nats import NatsStore
from sharedctx.store.nats_workers import read_presence
from sharedctx.store.options import ConnectOptions
from sharedctx.store.retry import TransientError
from sharedctx.store.streams import CONSUMER, open_namespace

__all__ = ("MonitorStore", "Queue")


class Queue(NamedTuple):
    """The job queue of a namespace.

    Attributes:
        waiting: Originals that no worker has taken.
        in_hand: Originals that workers have taken and not finished.
        settled: Revision up to which every job has come to its end.
        entries: Live entries, as the server counts them.
    """

    waiting: int
    in_hand: int
    settled: int
    entries: int


class MonitorStore:
    """A namespace that exists, for reading. Create it with `connect`, close it with `aclose`."""

    def __init__(self, connection: Connection, subjects: Subjects, entries: NatsStore) -> None:
        self._connection = connection
        self._subjects = subjects
        self.entries = entries

    @classmethod
    async def connect(cls, options: ConnectOptions, namespace: str) -> MonitorStore:
        """Connect to NATS and open the namespace.

        Raises:
            StoreUnavailable: no server answers.
            NamespaceNotFound: it does not exist.
        """
        subjects = subjects_of(namespace)
        connection = await Connection.open(options)
        try:
            config = await open_namespace(connection, subjects, {}, create=False, update=False)
        except BaseException:
            await connection.aclose()
            raise
        entries = NatsStore(connection, subjects, config, owns_connection=False)
        return cls(connection, subjects, entries)

    async def aclose(self) -> None:
        """Let go of everything. May be called again."""
        await self._connection.aclose()

    async def queue(self) -> Queue:
        """Return the state of the job queue, and how many entries there are."""
        operation = f"CONSUMER.INFO.{self._subjects.entries}.{CONSUMER}"
        info = await call(self._connection, operation)
        stream = await call(self._connection, f"STREAM.INFO.{self._subjects.entries}")
        return Queue(
            waiting=int(info["num_pending"]),
            in_hand=int(info["num_ack_pending"]),
            settled=int(info["ack_floor"]["stream_seq"]),
            entries=int(stream["state"]["messages"]),
        )

    async def workers(self) -> list[dict[str, Any]]:
        """Return what the workers that are alive tell of themselves, sorted by id."""
        return await read_presence(self._connection)

    async def watch_renditions(self) -> AsyncGenerator[RenditionRecord | None, None]:
        """Iterate, without end, over renditions stored from now on; None: some may be missed.

        It hears of every rendition, so it is for a few onlookers, not for every client.

        Raises:
            StoreUnavailable: the link is down.
        """
        news: asyncio.Queue[Msg | PermissionDenied | None] = asyncio.Queue()
        tell = news.put_nowait
        subject = self._subjects.rendition_event("*", "*")
        on_reconnect = lambda: news.put_nowait(None)  # noqa: E731
        try:
            async with self._connection.subscribe(subject, tell, on_reconnect, on_denied=tell):
                yield None
                while True:
                    message = await news.get()
                    if isinstance(message, PermissionDenied):
                        raise message
                    if message is None:
                        yield None
                        continue
                    with suppress(CorruptEntry):
                        yield RenditionRecord.from_headers(message.headers)
        except TransientError as error:
            raise StoreUnavailable("The connection to NATS is down.") from error
