"""Large packed bodies in content-addressed chunks.

The id is the hash of the *packed* bytes, so chunks of two writers with different zstd versions
never mix. Chunks are written before the record that names them; a writer that dies between leaves
chunks that nobody refers to, which expire and are reaped by workers.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable

import anyio

from sharedctx.errors import CorruptEntry
from sharedctx.keys import Subjects
from sharedctx.records import Blob
from sharedctx.store.api import call, persist, publish
from sharedctx.store.connection import Connection
from sharedctx.store.nearest import Nearest
from sharedctx.store.scan import scan
from sharedctx.store.streams import CHUNK_BYTES

__all__ = ("Blobs",)

_WINDOW = 8
"""Chunks in flight per body."""


class Blobs:
    """The blobs stream of one namespace."""

    def __init__(self, connection: Connection, subjects: Subjects, nearest: Nearest) -> None:
        self._connection = connection
        self._subjects = subjects
        self._nearest = nearest

    async def write(self, packed: bytes) -> Blob:
        """Store `packed` in chunks. Repeating it refreshes their life."""
        digest = await asyncio.to_thread(lambda: hashlib.sha256(packed).hexdigest())
        blob = Blob(digest, len(packed), -(-len(packed) // CHUNK_BYTES))
        view = memoryview(packed)

        async def write_chunk(index: int) -> None:
            chunk = bytes(view[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES])
            subject = self._subjects.chunk(blob.id, index)

            async def attempt() -> int:
                return await publish(self._connection, subject, chunk, {})

            async with self._connection.large:
                await persist(self._connection, self._subjects.blobs, attempt, writes=True)

        await _windowed(blob.chunks, write_chunk)
        return blob

    async def read(self, blob: Blob) -> bytes:
        """Return the packed body of `blob`.

        Raises:
            CorruptEntry: chunks are missing or damaged.
        """
        if blob.chunks != -(-blob.size // CHUNK_BYTES):
            raise CorruptEntry("The blob manifest of a stored record is malformed.")
        chunks: list[bytes] = [b""] * blob.chunks

        async def read_chunk(index: int) -> None:
            async with self._connection.large:
                chunks[index] = await self._read_chunk(blob, index)

        await _windowed(blob.chunks, read_chunk)
        packed = b"".join(chunks)
        digest = await asyncio.to_thread(lambda: hashlib.sha256(packed).hexdigest())
        if digest != blob.id:
            raise CorruptEntry("The stored content does not match its hash. Put it again.")
        return packed

    async def _read_chunk(self, blob: Blob, index: int) -> bytes:
        subject = self._subjects.chunk(blob.id, index)
        message = await self._nearest.get(self._subjects.blobs, subject, large=True)
        if message is None:
            raise CorruptEntry("A part of the stored content is gone. Put the content again.")
        return message.data

    async def reap(self, referenced: Iterable[Blob], *, min_age: float) -> int:
        """Remove blobs that are not `referenced` and were last written over `min_age` s ago.

        The age protects writers that have stored chunks and not yet the record that names them.
        """
        keep = {blob.id for blob in referenced}
        newest: defaultdict[str, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
        stream = self._subjects.blobs
        async for message in scan(self._connection, stream, self._subjects.all_chunks):
            blob_id = message.subject.split(".")[-2]
            newest[blob_id] = max(newest[blob_id], (message.timestamp, message.sequence))
        reaped = 0
        for blob_id, (stored_at, sequence) in newest.items():
            if blob_id not in keep and time.time() - stored_at > min_age:
                # Bounded, so chunks that a writer stores again right now survive.
                body = {"filter": self._subjects.chunk(blob_id, "*"), "seq": sequence + 1}
                await call(self._connection, f"STREAM.PURGE.{stream}", body)
                reaped += 1
        return reaped


async def _windowed(count: int, work: Callable[[int], Awaitable[None]]) -> None:
    """Run `work` for each index below `count`, `_WINDOW` at a time; the first error ends it all."""
    indexes = iter(range(count))

    async def lane() -> None:
        for index in indexes:
            await work(index)

    lanes = [asyncio.ensure_future(lane()) for _ in range(min(_WINDOW, count))]
    try:
        await asyncio.gather(*lanes)
    finally:
        for task in lanes:
            task.cancel()
        with anyio.CancelScope(shield=True):
            await asyncio.gather(*lanes, return_exceptions=True)
