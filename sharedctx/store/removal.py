"""Removing entries: purges with bounds, so that what is put meanwhile is wholly after them.

A purge leaves no marker, so a removed entry takes no slot. Each purge is bounded by a sequence
that was read before, so repeating it when its answer is lost never reaches a later put.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from sharedctx.keys import Subjects, encode_key
from sharedctx.records import RENDITION_HEADER, Blob, EntryRecord, RenditionRecord
from sharedctx.store.api import ApiError, StoredMessage, call, persist, purge
from sharedctx.store.connection import Connection
from sharedctx.store.scan import scan

__all__ = ("clear_namespace", "delete_key", "last_sequence", "referenced_blobs")


async def delete_key(
    connection: Connection, subjects: Subjects, key: str, stored: StoredMessage | None
) -> bool:
    """Remove `key` up to `stored`, what it holds now, and its history; return if it was there."""
    past = await last_sequence(connection, subjects.history)
    deleted = False
    if stored is not None:
        body = {"filter": stored.subject, "seq": stored.sequence + 1}
        deleted = await _purge(connection, subjects.entries, body)
    if past is not None:
        event = subjects.put_event(encode_key(key))
        await _purge(connection, subjects.history, {"filter": event, "seq": past + 1})
    return deleted


async def clear_namespace(connection: Connection, subjects: Subjects, last: int) -> None:
    """Remove all entries up to revision `last`, their history and all renditions.

    A rendition that a concurrent put would still use is made again when it is missed. Blobs stay:
    the record of a concurrent put may name them. Workers reap the others.
    """
    # First what credentials that may only delete keys are denied, so that nothing is half done.
    sides = (subjects.renditions, subjects.history)
    bounds = [(stream, await last_sequence(connection, stream)) for stream in sides]
    for stream, bound in [*bounds, (subjects.entries, last)]:
        if bound is not None:
            await _purge(connection, stream, {"seq": bound + 1})


async def referenced_blobs(connection: Connection, subjects: Subjects) -> list[Blob]:
    """Return the blob manifests in all records of a namespace.

    Raises:
        CorruptEntry: a record is not readable, so the list would not be complete.
    """
    sources = [
        (subjects.entries, subjects.all_entries),
        (subjects.renditions, subjects.rendition("*", "*")),
    ]
    if await last_sequence(connection, subjects.history) is not None:
        sources.append((subjects.history, subjects.put_event("*")))
    blobs: list[Blob | None] = []
    for stream, subject in sources:
        async with aclosing(scan(connection, stream, subject)) as messages:
            async for message in messages:
                kind = RenditionRecord if RENDITION_HEADER in message.headers else EntryRecord
                blobs.append(kind.from_headers(message.headers).blob)
    return [blob for blob in blobs if blob is not None]


async def last_sequence(connection: Connection, stream: str) -> int | None:
    """Return the last sequence of `stream`, or None when there is no such stream."""
    try:
        info = await call(connection, f"STREAM.INFO.{stream}")
    except ApiError as error:
        if error.is_not_found:
            return None
        raise
    return int(info["state"]["last_seq"])


async def _purge(connection: Connection, stream: str, body: Mapping[str, Any]) -> bool:
    """Purge up to the bound in `body`; return whether there was something."""
    attempts = 0

    async def attempt() -> bool:
        nonlocal attempts
        attempts += 1
        purged = await purge(connection, stream, body)
        # A first attempt whose answer was lost may have left nothing to a second one.
        return purged > 0 or attempts > 1

    return await persist(connection, stream, attempt, writes=True)
