"""Copies of a namespace in a folder, by the snapshots of JetStream itself.

Each stream has a folder of its own with two files, as the `nats` tool has them: ``backup.json``
holds its configuration and state, ``stream.tar.s2`` its messages and how far its consumer is.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import anyio
from nats.aio.msg import Msg

from sharedctx.errors import (
    InvalidRequest,
    NamespaceNotFound,
    PermissionDenied,
    StoreError,
    StoreUnavailable,
)
from sharedctx.keys import Subjects, subjects_of
from sharedctx.store.api import ApiError, call
from sharedctx.store.connection import Connection
from sharedctx.store.options import ConnectOptions
from sharedctx.store.retry import TransientError

__all__ = ("Copied", "back_up", "restore")

_FACTS: Final = "backup.json"
_MESSAGES: Final = "stream.tar.s2"
_CHUNK_BYTES: Final = 128 * 1024
_SILENCE_S: Final = 30.0
# The server reads the whole copy, and checks it, before it answers the last chunk.
_LAST_ANSWER_S: Final = 600.0
_STREAM_EXISTS: Final = frozenset({10058, 10130})
_FINISHED: Final = frozenset({None, "204"})


@dataclass(frozen=True, slots=True)
class Copied:
    """A stream that was copied.

    Attributes:
        stream: Its name.
        messages: Messages in it.
        size: Bytes of its copy.
    """

    stream: str
    messages: int
    size: int


def _streams(subjects: Subjects) -> tuple[str, ...]:
    # Records before what they refer to, so that a body that a copied record names is copied too.
    return subjects.entries, subjects.history, subjects.renditions, subjects.blobs


async def back_up(options: ConnectOptions, namespace: str, folder: Path) -> list[Copied]:
    """Copy all streams of a namespace into `folder`, which must be empty or not there.

    Agents and workers go on meanwhile: each copy is of one moment, that of the entries first.

    Raises:
        InvalidRequest: there is something in `folder`.
        NamespaceNotFound: there is no such namespace.
        StoreUnavailable: NATS went away; the copy is not complete.
    """
    subjects = subjects_of(namespace)
    await asyncio.to_thread(_make_empty, folder)
    connection = await Connection.open(options)
    try:
        copied = [await _copy(connection, stream, folder / stream) for stream in _streams(subjects)]
    finally:
        await connection.aclose()
    if copied[0] is None:
        raise NamespaceNotFound(namespace=namespace)
    return [each for each in copied if each is not None]


def _make_empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise InvalidRequest(f"There is something in {folder}. Name a folder that is not there.")


async def _copy(connection: Connection, stream: str, folder: Path) -> Copied | None:
    """Copy one stream, or return None when there is no such stream."""
    chunks: asyncio.Queue[Msg | PermissionDenied] = asyncio.Queue()
    inbox, put = connection.new_inbox(), chunks.put_nowait
    # Checked first (jsck), because a copy of damaged messages would be found out too late.
    request = {"deliver_subject": inbox, "chunk_size": _CHUNK_BYTES, "jsck": True}
    try:
        async with connection.subscribe(inbox, put, on_denied=put):
            answer = await call(connection, f"STREAM.SNAPSHOT.{stream}", request)
            await asyncio.to_thread(folder.mkdir)
            size = await _receive(connection, chunks, folder / _MESSAGES)
    except ApiError as error:
        if error.is_not_found:
            return None
        raise
    except (TransientError, TimeoutError) as error:
        raise StoreUnavailable("NATS went away; the copy is not complete. Begin anew.") from error
    facts = {"config": answer["config"], "state": answer["state"]}
    async with await anyio.open_file(folder / _FACTS, "w", encoding="utf-8") as file:
        await file.write(json.dumps(facts, indent=2))
    return Copied(stream, int(answer["state"]["messages"]), size)


async def _receive(
    connection: Connection, chunks: asyncio.Queue[Msg | PermissionDenied], path: Path
) -> int:
    """Write the chunks of a snapshot to `path` and return how many bytes there were."""
    size = 0
    async with await anyio.open_file(path, "wb") as file:
        while True:
            with anyio.fail_after(_SILENCE_S):
                chunk = await chunks.get()
            if isinstance(chunk, PermissionDenied):
                raise chunk
            if not chunk.data:
                break
            size += await file.write(chunk.data)
            if chunk.reply:  # the server sends only so much that is not acknowledged
                await connection.publish(chunk.reply)
    headers = chunk.headers or {}
    if headers.get("Status") not in _FINISHED:
        raise StoreError(f"The snapshot broke off: {headers.get('Description', headers)}.")
    return size


async def restore(options: ConnectOptions, namespace: str, folder: Path) -> list[Copied]:
    """Make the streams of a namespace from what `back_up` wrote; what is restored is complete.

    Raises:
        InvalidRequest: `folder` holds no copy of this namespace.
        StoreError: the namespace exists already, or the server refused the copy.
        StoreUnavailable: NATS went away; nothing is left of what was restored.
    """
    names = _streams(subjects_of(namespace))
    found = await asyncio.to_thread(_facts, folder, names)
    if names[0] not in found:
        raise InvalidRequest(f"{folder} holds no copy of the namespace {namespace!r}.")
    connection = await Connection.open(options)
    restored: list[Copied] = []
    try:
        for stream in reversed(names):  # the entries last: they make a namespace of it
            if stream in found:
                copied = await _restore(connection, stream, found[stream], folder / stream)
                restored.append(copied)
    except BaseException:
        with anyio.CancelScope(shield=True):
            for each in restored:
                await call(connection, f"STREAM.DELETE.{each.stream}")
        raise
    finally:
        await connection.aclose()
    return restored[::-1]


def _facts(folder: Path, streams: Sequence[str]) -> dict[str, Any]:
    """Return what `folder` tells of these streams."""
    paths = {stream: folder / stream / _FACTS for stream in streams}
    try:
        return {
            stream: json.loads(path.read_text("utf-8"))
            for stream, path in paths.items()
            if path.exists()
        }
    except ValueError as error:
        raise InvalidRequest(f"{folder} holds no copy that can be read: {error}.") from error


async def _restore(
    connection: Connection, stream: str, facts: Mapping[str, Any], folder: Path
) -> Copied:
    try:
        answer = await call(connection, f"STREAM.RESTORE.{stream}", facts)
        size = await _send(connection, str(answer["deliver_subject"]), folder / _MESSAGES)
    except ApiError as error:
        if error.code in _STREAM_EXISTS:
            raise StoreError(
                f"The stream {stream} exists. Restore to another server or account, or remove the "
                f"streams of the namespace first, for example with: nats stream rm {stream}"
            ) from error
        raise
    except TransientError as error:
        raise StoreUnavailable("NATS went away while it restored. Begin anew.") from error
    return Copied(stream, int(facts["state"]["messages"]), size)


async def _send(connection: Connection, subject: str, path: Path) -> int:
    """Send the messages of a copy, and return how many bytes there were."""
    size = 0
    async with await anyio.open_file(path, "rb") as file:
        while chunk := await file.read(_CHUNK_BYTES):
            await connection.request(subject, chunk)
            size += len(chunk)
    answer = json.loads((await connection.request(subject, timeout=_LAST_ANSWER_S)).data or b"{}")
    if "error" in answer:
        raise StoreError(f"The server refused the copy: {answer['error'].get('description')}.")
    return size
