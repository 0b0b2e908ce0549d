"""What a worker process sees of NATS: all namespaces, their jobs, and who else is working."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sharedctx.errors import InvalidNamespace, StoreError, StoreUnavailable
from sharedctx.keys import subjects_of, validate_namespace
from sharedctx.store.api import ApiError, call, publish
from sharedctx.store.base import JobQueue
from sharedctx.store.connection import Connection
from sharedctx.store.credentials import Credentials
from sharedctx.store.nats import NatsStore
from sharedctx.store.nats_jobs import NatsJobQueue
from sharedctx.store.options import ConnectOptions, split_servers
from sharedctx.store.refusals import Signal
from sharedctx.store.retry import TransientError
from sharedctx.store.scan import scan
from sharedctx.store.streams import METADATA_KEY, config_of, ensure_consumer

__all__ = ("WorkerStore", "list_workers", "read_presence")

_PRESENCE_STREAM: Final = "KV_sharedctx_workers"
_PRESENCE_SUBJECT: Final = "$KV.sharedctx_workers"
_PRESENCE_TTL_S: Final = 15
_STREAM_PREFIX: Final = "KV_ctx_"


class WorkerStore:
    """The store as a worker uses it. Create it with `connect` and close it with `aclose`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._presence_ready = False

    @classmethod
    async def connect(
        cls,
        servers: str | Sequence[str],
        *,
        name: str,
        credentials: Credentials | None = None,
    ) -> WorkerStore:
        """Connect to NATS.

        Raises:
            StoreUnavailable: no server answers.
            AuthError: the server refused the credentials.
        """
        options = ConnectOptions(
            split_servers(servers), name=name, credentials=credentials or Credentials()
        )
        return cls(await Connection.open(options))

    async def aclose(self) -> None:
        """Let go of everything. May be called again."""
        await self._connection.aclose()

    async def ping(self) -> None:
        """Make a round trip to JetStream. Raises `StoreUnavailable` at once when there is none."""
        try:
            await self._connection.request(f"{self._connection.options.api}.INFO", timeout=2.0)
        except TransientError as error:
            raise StoreUnavailable(f"NATS does not answer: {error}.") from error

    async def namespaces(self) -> set[str]:
        """Return the names of all namespaces."""
        found: set[str] = set()
        offset = 0
        while True:
            page = await call(self._connection, "STREAM.LIST", {"offset": offset})
            streams = page.get("streams") or []
            for stream in streams:
                config = stream["config"]
                if METADATA_KEY in (config.get("metadata") or {}):
                    found |= _namespace_of(config["name"])
            offset += len(streams)
            if not streams or offset >= int(page.get("total", 0)):
                return found

    @asynccontextmanager
    async def created(self) -> AsyncGenerator[asyncio.Event, None]:
        """Give an event that is set when namespaces may have come or gone.

        Raises:
            StoreUnavailable: the link is down.
        """
        event = Signal()
        advisories = "$JS.EVENT.ADVISORY.STREAM.*.*"
        on_message, on_denied = lambda _: event.set(), event.refuse
        try:
            async with self._connection.subscribe(
                advisories, on_message, event.set, on_denied=on_denied
            ):
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
        except ApiError as error:
            raise StoreError(
                f"There is no namespace {namespace!r}.", namespace=namespace
            ) from error
        config = config_of(info["config"])
        await ensure_consumer(self._connection, subjects, config)
        store = NatsStore(self._connection, subjects, config, owns_connection=False)
        try:
            async with (
                store.following_settings(),
                NatsJobQueue.open(self._connection, subjects, store) as queue,
            ):
                yield store, queue
        except TransientError as error:
            raise StoreUnavailable("The connection to NATS is down.") from error

    async def announce(self, worker_id: str, presence: dict[str, Any]) -> None:
        """Publish that this worker is there; forgotten after 15 seconds.

        Args:
            worker_id: Unique, made of A-Z a-z 0-9 - _.
            presence: What to tell, as JSON.
        """
        if not self._presence_ready:
            await call(self._connection, f"STREAM.CREATE.{_PRESENCE_STREAM}", _presence_stream())
            self._presence_ready = True
        payload = json.dumps({"id": worker_id, **presence}).encode()
        subject = f"{_PRESENCE_SUBJECT}.{worker_id}"
        try:
            await publish(self._connection, subject, payload, {})
        except TransientError as error:
            # A server that came back without its memory streams needs it made again.
            self._presence_ready = False
            raise StoreUnavailable from error


def _namespace_of(stream: str) -> set[str]:
    """Return the namespace that `stream` holds; none for a copy under another name."""
    name = stream.removeprefix(_STREAM_PREFIX)
    try:
        return {validate_namespace(name)} if name != stream else set()
    except InvalidNamespace:
        return set()


def _presence_stream() -> dict[str, Any]:
    return {
        "name": _PRESENCE_STREAM,
        "subjects": [f"{_PRESENCE_SUBJECT}.*"],
        "storage": "memory",
        "discard": "old",
        "max_msgs_per_subject": 1,
        "max_age": _PRESENCE_TTL_S * 1_000_000_000,
        "duplicate_window": _PRESENCE_TTL_S * 1_000_000_000,
        "allow_direct": True,
    }


async def list_workers(
    servers: str | Sequence[str], *, credentials: Credentials | None = None
) -> list[dict[str, Any]]:
    """Return what the workers that are alive tell of themselves, sorted by id.

    Raises:
        StoreUnavailable: no server answers.
    """
    options = ConnectOptions(
        split_servers(servers),
        name="sharedctx-list-workers",
        credentials=credentials or Credentials(),
    )
    connection = await Connection.open(options)
    try:
        return await read_presence(connection)
    finally:
        await connection.aclose()


async def read_presence(connection: Connection) -> list[dict[str, Any]]:
    """Return what the workers that are alive tell of themselves, sorted by id."""
    everyone = scan(connection, _PRESENCE_STREAM, f"{_PRESENCE_SUBJECT}.*", headers_only=False)
    try:
        found = [json.loads(message.data) async for message in everyone]
    except ApiError as error:
        if error.is_not_found:
            return []
        raise
    return sorted(found, key=lambda presence: str(presence.get("id")))
