"""List what a stream holds: its subjects, or messages in one pass of a short-lived consumer."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

import anyio
from nats.aio.msg import Msg

from sharedctx.errors import PermissionDenied, SharedContextError, StoreUnavailable
from sharedctx.store.api import StoredMessage, call, delivery
from sharedctx.store.connection import Connection
from sharedctx.store.retry import NobodyServes, TransientError

__all__ = ("scan", "subjects_in")

_BATCH = 256
# A pull ends with one of these when there are fewer messages than it asked for.
_NO_MORE = frozenset({"404", "408"})
# In a cluster, other servers learn a moment later that a consumer was made.
_FOUND_S = 2.0
_IDLE_NS = 30 * 1_000_000_000
_SUBJECTS_PER_PAGE = 100_000


class _BrokenOffError(Exception):
    """A pass cannot go on."""


async def subjects_in(
    state: Callable[[Mapping[str, Any]], Awaitable[dict[str, Any]]], subject: str
) -> list[str]:
    """Return the subjects under the filter `subject` on which a stream holds messages.

    Args:
        state: Returns ``STREAM.INFO`` for the given arguments.
        subject: The filter.
    """
    found: list[str] = []
    while True:
        body = {"subjects_filter": subject, "offset": len(found)}
        info = await state(body)
        page = info["state"].get("subjects") or {}
        found += page
        if len(page) < _SUBJECTS_PER_PAGE:
            return found


async def scan(
    connection: Connection,
    stream: str,
    subject: str,
    *,
    start: int = 1,
    headers_only: bool = True,
) -> AsyncGenerator[StoredMessage, None]:
    """Iterate over the messages that `stream` holds on `subject` when this is called.

    It ends when there is nothing after the last message, so whatever was there throughout is met;
    a message that is replaced during the pass may be met again at its new place.

    Args:
        connection: Where to.
        stream: Name of the stream.
        subject: Subject or filter.
        start: First sequence of interest.
        headers_only: Leave out the payloads.

    Raises:
        StoreUnavailable: the pass broke off; nothing it gave is a complete list.
    """
    name = f"scan-{secrets.token_hex(8)}"
    config = {
        "name": name,
        "ack_policy": "none",
        "deliver_policy": "by_start_sequence",
        "opt_start_seq": max(1, start),
        "filter_subject": subject,
        "headers_only": headers_only,
        "mem_storage": True,
        "num_replicas": 1,
        "inactive_threshold": _IDLE_NS,
    }
    body = {"stream_name": stream, "config": config}
    created = await call(connection, f"CONSUMER.CREATE.{stream}.{name}", body)
    pending = int(created["num_pending"])
    try:
        while pending > 0:
            batch, pending = await _next_batch(connection, stream, name)
            for message in batch:
                yield message
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(1), suppress(SharedContextError):
            await call(connection, f"CONSUMER.DELETE.{stream}.{name}")


async def _next_batch(
    connection: Connection, stream: str, name: str
) -> tuple[list[StoredMessage], int]:
    """Return some messages and how many come after them."""
    try:
        return await connection.persist(
            lambda: _pull(connection, stream, name), writes=False, budget=_FOUND_S
        )
    except (_BrokenOffError, StoreUnavailable) as error:
        raise StoreUnavailable("A listing broke off because NATS went away. Retry.") from error


async def _pull(connection: Connection, stream: str, name: str) -> tuple[list[StoredMessage], int]:
    replies: asyncio.Queue[Msg | PermissionDenied] = asyncio.Queue()
    tell = replies.put_nowait
    inbox = connection.new_inbox()
    subject = f"{connection.options.api}.CONSUMER.MSG.NEXT.{stream}.{name}"
    request = json.dumps({"batch": _BATCH, "no_wait": True}).encode()
    try:
        async with connection.subscribe(inbox, tell, on_denied=tell):
            with connection.refusals.told("publish", subject, tell):
                await connection.publish(subject, request, reply=inbox)
                return await _collect(replies, connection.options.request_timeout)
    except NobodyServes:
        raise
    except (TransientError, TimeoutError) as error:
        # Part of the answer may be lost, and would not come again.
        raise _BrokenOffError from error


async def _collect(
    replies: asyncio.Queue[Msg | PermissionDenied], timeout: float
) -> tuple[list[StoredMessage], int]:
    batch: list[StoredMessage] = []
    pending = 0
    while len(batch) < _BATCH:
        with anyio.fail_after(timeout):
            message = await replies.get()
        if isinstance(message, PermissionDenied):
            raise message
        headers = message.headers or {}
        status = headers.get("Status")
        if status in _NO_MORE:
            break
        if status == "503":
            raise NobodyServes
        if status is not None:
            raise TransientError(f"status {status}", sent=False)
        origin = delivery(message.reply)
        pending = origin.pending
        batch.append(
            StoredMessage(message.subject, origin.sequence, headers, message.data, origin.timestamp)
        )
    return batch, pending
