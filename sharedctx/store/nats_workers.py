"""What a worker process sees of NATS: all namespaces, their jobs, and who else is working."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, NamedTuple

from sharedctx.errors import InvalidNamespace, StoreError, StoreUnavailable
from sharedctx.keys import subjects_of, validate_namespace
from sharedctx.store.api import ApiError, StreamMissing, call, publish
from sharedctx.store.base import JobQueue
from sharedctx.store.connection import Connection
from sharedctx.store.credentials import Credentials
from sharedctx.store.nats import NatsStore
from sharedctx.store.nats_jobs import NatsJobQueue
from sharedctx.store.options import ConnectOptions, split_servers
from sharedctx.store.refusals import Signal
from sharedctx.store.retry import TransientError
from sharedctx.store.scan import scan
from sharedctx.store.streams import (
    METADATA_KEY,
    PRESENCE_STREAM,
    PRESENCE_SUBJECT,
    config_of,
    ensure_consumer,
    presence_stream,
)

__all__ = ("Namespaces", "WorkerStore", "list_workers", "read_presence")

_STREAM_PREFIX: Final = "KV_ctx_"


class Namespaces(NamedTuple):
    """The namespaces of a server or cluster.

    Attributes:
        there: Names of those that exist.
        silent: Names that may be those of more: what holds them has no leader at the moment, so
            nobody tells what it is.
    """

    there: set[str]
    silent: set[str]


class WorkerStore:
    """The store as a worker uses it. Create it with `connect` and close it with `aclose`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @classmethod
    async def connect(
        cls,
        servers: str | Sequence[str],
        *,
        name: str,
        credentials: Credentials | None = None,
        domain: str | None = None,
    ) -> WorkerStore:
        """Connect to NATS.

        Raises:
            StoreUnavailable: no server answers.
            AuthError: the server refused the credentials.
        """
        return cls(await _connected(servers, name, credentials, domain))

    async def aclose(self) -> None:
        """Let go of everything. May be called again."""
        await self._connection.aclose()

    async def ping(self) -> None:
        """Make a round trip to JetStream. Raises `StoreUnavailable` at once when there is none."""
        try:
            await self._connection.request(f"{self._connection.options.api}.INFO", timeout=2.0)
        except TransientError as error:
            raise StoreUnavailable(f"NATS does not answer: {error}.") from error

    async def namespaces(self, only: Collection[str] = ()) -> Namespaces:
        """Return all namespaces, or those of `only` that exist.

        With `only` it asks for nothing that the permissions of these namespaces do not allow.
        """
        if only:
            return Namespaces({name for name in only if await self._exists(name)}, set())
        found = Namespaces(set(), set())
        offset = 0
        while True:
            page = await call(self._connection, "STREAM.LIST", {"offset": offset})
            streams, silent = page.get("streams") or [], page.get("missing") or []
            for stream in streams:
                config = stream["config"]
                if METADATA_KEY in (config.get("metadata") or {}):
                    found.there.update(_namespace_of(config["name"]))
            for name in silent:
                found.silent.update(_namespace_of(name))
            told = len(streams) + len(silent)
            offset += told
            if not told or offset >= int(page.get("total", 0)):
                return found

    async def _exists(self, namespace: str) -> bool:
        try:
            await call(self._connection, f"STREAM.INFO.{subjects_of(namespace).entries}")
        except ApiError as error:
            if error.is_not_found:
                return False
            raise
        return True

    @asynccontextmanager
    async def created(self, only: Collection[str] = ()) -> AsyncGenerator[asyncio.Event, None]:
        """Give an event that is set when namespaces, or those of `only`, may have come or gone.

        Raises:
            StoreUnavailable: the link is down.
        """
        event = Signal()
        streams = [subjects_of(name).entries for name in only] or ["*"]
        subscribe = self._connection.subscribe
        try:
            async with AsyncExitStack() as subscribed:
                for stream in streams:
                    advisories = f"$JS.EVENT.ADVISORY.STREAM.*.{stream}"
                    await subscribed.enter_async_context(
                        subscribe(
                            advisories, lambda _: event.set(), event.set, on_denied=event.refuse
                        )
                    )
                yield event
        except TransientError as error:
            raise StoreUnavailable from error

    @asynccontextmanager
    async def open(self, namespace: str) -> AsyncGenerator[tuple[NatsStore, JobQueue], None]:
        """Open a namespace that exists, until the block ends.

        Raises:
            StoreError: it does not exist.
            StoreUnavailable: the link is down.
        """
        subjects = subjects_of(namespace)
        try:
            info = await call(self._connection, f"STREAM.INFO.{subjects.entries}")
        except StreamMissing as error:
            raise StoreError(
                f"There is no namespace {namespace!r}.", namespace=namespace
            ) from error
        config = config_of(info["config"])
        await ensure_consumer(self._connection, subjects, config)
        store = NatsStore(self._connection, subjects, config, owns_connection=False)
        try:
            async with NatsJobQueue.open(self._connection, subjects, store) as queue:
                store.follow_settings()
                yield store, queue
        except TransientError as error:
            raise StoreUnavailable("The connection to NATS is down.") from error
        finally:
            await store.aclose()

    async def announce(self, worker_id: str, presence: dict[str, Any]) -> None:
        """Publish that this worker is there; forgotten after 15 seconds.

        Args:
            worker_id: Unique, made of A-Z a-z 0-9 - _.
            presence: What to tell, as JSON.
        """
        payload = json.dumps({"id": worker_id, **presence}).encode()
        subject = f"{PRESENCE_SUBJECT}.{worker_id}"
        try:
            await self._announce(subject, payload)
        except TransientError as error:
            raise StoreUnavailable("The connection to NATS is down.") from error

    async def _announce(self, subject: str, payload: bytes) -> None:
        try:
            await publish(self._connection, subject, payload, {})
        except TransientError:
            # Nobody has made the stream yet, or somebody has removed it.
            await call(self._connection, f"STREAM.CREATE.{PRESENCE_STREAM}", presence_stream())
            await publish(self._connection, subject, payload, {})


async def _connected(
    servers: str | Sequence[str], name: str, credentials: Credentials | None, domain: str | None
) -> Connection:
    options = ConnectOptions(
        split_servers(servers), name, credentials or Credentials(), domain=domain
    )
    return await Connection.open(options)


def _namespace_of(stream: str) -> set[str]:
    """Return the namespace that `stream` holds; none for a copy under another name."""
    name = stream.removeprefix(_STREAM_PREFIX)
    try:
        return {validate_namespace(name)} if name != stream else set()
    except InvalidNamespace:
        return set()


async def list_workers(
    servers: str | Sequence[str],
    *,
    credentials: Credentials | None = None,
    domain: str | None = None,
) -> list[dict[str, Any]]:
    """Return what the workers that are alive tell of themselves, sorted by id.

    Raises:
        StoreUnavailable: no server answers.
    """
    connection = await _connected(servers, "sharedctx-list-workers", credentials, domain)
    try:
        return await read_presence(connection)
    finally:
        await connection.aclose()


async def read_presence(connection: Connection) -> list[dict[str, Any]]:
    """Return what the workers that are alive tell of themselves, sorted by id."""
    everyone = scan(connection, PRESENCE_STREAM, f"{PRESENCE_SUBJECT}.*", headers_only=False)
    try:
        found = [json.loads(message.data) async for message in everyone]
    except ApiError as error:
        if error.is_not_found:
            return []
        raise
    return sorted(found, key=lambda presence: str(presence.get("id")))
