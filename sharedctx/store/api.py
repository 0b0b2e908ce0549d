"""Requests to the JetStream API: raw JSON, with its error codes as our errors."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple, TypeVar

from nats.aio.msg import Msg

from sharedctx.errors import (
    CorruptEntry,
    NamespaceNotFound,
    RevisionConflict,
    StoreError,
    StoreFull,
)
from sharedctx.store.connection import Connection
from sharedctx.store.retry import NobodyServes, TransientError

__all__ = (
    "NAME_IN_USE",
    "NO_CLUSTER",
    "NO_PEERS",
    "ApiError",
    "Delivery",
    "StoredMessage",
    "StreamMissing",
    "call",
    "delivery",
    "direct_get",
    "direct_try",
    "leader_get",
    "leader_next",
    "persist",
    "publish",
    "purge",
)

_T = TypeVar("_T")

NAME_IN_USE: Final = 10058
"""There is a stream of this name with another configuration."""
NO_CLUSTER: Final = 10074
"""The server is none of a cluster."""
NO_PEERS: Final = 10005
"""The servers of the cluster are too few, or too few of them have the tags."""

# An entry or a rendition that is not answered by then was lost with the leader of its stream. The
# chunks of blobs get longer, because links may be slow.
_ANSWER_S = 2.0
_EXISTS_S = 0.25
_SMALL_BYTES = 160 * 1024
_WRONG_LAST_SEQUENCE = 10071
# Another write to the same subject, or an earlier attempt at this one, is in flight on a replicated
# stream: try again.
_WRITE_IN_FLIGHT = frozenset({10164, 10158})
# No space: max messages or bytes reached, message larger than the stream takes, resources of the
# server or of the account gone.
_FULL = frozenset({10077, 10054, 10023, 10047, 10028, 10002})
# The usual answer to a publish, read faster than through a JSON parser.
_ACKNOWLEDGED = re.compile(rb'\{"stream":"[^"]*", ?"seq":(\d+)')
_STREAM_NOT_FOUND = 10059
_NOT_FOUND = frozenset({10037, 10014, _STREAM_NOT_FOUND})


class ApiError(StoreError):
    """JetStream answered a request with an error."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"NATS JetStream refused the request: {description} (code {code}).")
        self.code = code

    @property
    def is_not_found(self) -> bool:
        """Whether the stream, consumer or message does not exist."""
        return self.code in _NOT_FOUND


class StreamMissing(ApiError, NamespaceNotFound):
    """The stream does not exist: its namespace does not, or was deleted meanwhile."""

    def __init__(self, description: str) -> None:
        super().__init__(_STREAM_NOT_FOUND, description)
        self.args = (f"{NamespaceNotFound()} NATS says: {description}.",)


class StoredMessage(NamedTuple):
    """A message in a stream; `timestamp` is when it was stored, in Unix seconds, 0 if not known."""

    subject: str
    sequence: int
    headers: Mapping[str, str]
    data: bytes
    timestamp: float = 0.0

    def __repr__(self) -> str:
        return f"StoredMessage({self.subject!r}, {self.sequence}, {len(self.data)} bytes)"


class Delivery(NamedTuple):
    """What the reply subject of a message from a consumer tells."""

    attempt: int
    sequence: int
    timestamp: float
    pending: int


def delivery(reply: str) -> Delivery:
    """Parse the reply subject of a message from a consumer.

    It is ``$JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<consumer seq>.<ns>.<pending>``, and
    with two more tokens before the stream (domain, account) when they are in use.
    """
    tokens = reply.split(".")
    first = 4 if len(tokens) == 9 else 6
    attempt, sequence, _, nanoseconds, pending = map(int, tokens[first : first + 5])
    return Delivery(attempt, sequence, nanoseconds / 1e9, pending)


def _raise_for(error: Mapping[str, Any]) -> None:
    status, code = error.get("code", 0), error.get("err_code", 0)
    description = str(error.get("description", "unknown error"))
    if code in _FULL:
        raise StoreFull(f"A limit of the NATS server or stream is reached: {description}.")
    if code == _WRONG_LAST_SEQUENCE:
        raise RevisionConflict
    if status == 503 or code in _WRITE_IN_FLIGHT:
        raise TransientError(description, sent=False)
    if code == _STREAM_NOT_FOUND:
        raise StreamMissing(description)
    raise ApiError(code, description)


def _json(message: Msg) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(message.data.decode())
    except ValueError as error:
        raise StoreError("NATS JetStream sent an unreadable answer.") from error
    if "error" in answer:
        _raise_for(answer["error"])
    return answer


async def call(
    connection: Connection,
    operation: str,
    body: Mapping[str, Any] | None = None,
    *,
    writes: bool = False,
    timeout: float | None = None,
    budget: float | None = None,
    api: str | None = None,
) -> dict[str, Any]:
    """Call ``$JS.API.<operation>`` and return its answer; tried again while NATS is away.

    Args:
        connection: Where to.
        operation: Which call.
        body: Its arguments.
        writes: Whether it changes content, so that a lost answer leaves the outcome unknown.
        timeout: Seconds for one attempt, when not those of the connection.
        budget: Seconds over which it is tried again, when fewer than those of the connection.
        api: First tokens of the subject, when not those of the connection.

    Raises:
        ApiError: JetStream refused it.
        StoreUnavailable: NATS did not answer within the retry budget.
        UnknownOutcome: the same of a call that writes, when it may have been carried out.
    """
    payload = json.dumps(body).encode() if body is not None else b""

    async def attempt() -> dict[str, Any]:
        subject = f"{api or connection.options.api}.{operation}"
        return _json(await connection.request(subject, payload, timeout=timeout))

    return await connection.persist(attempt, writes=writes, budget=budget)


async def persist(
    connection: Connection,
    stream: str,
    attempt: Callable[[], Awaitable[_T]],
    *,
    writes: bool,
    budget: float | None = None,
) -> _T:
    """Repeat `attempt`, which needs `stream`, while it raises `TransientError`.

    Raises:
        StreamMissing: there is no such stream, so that trying again is in vain.
        StoreUnavailable: as `Connection.persist`.
        UnknownOutcome: as `Connection.persist`.
    """
    failures = 0

    async def attempt_or_learn_why() -> _T:
        nonlocal failures
        try:
            return await attempt()
        except NobodyServes:
            # The stream has no leader at the moment, or it is gone: only the latter is final, and
            # told at once. Without a leader there is no answer, so it is asked ever more seldom.
            failures += 1
            if failures.bit_count() == 1:
                await _check_exists(connection, stream)
            raise

    return await connection.persist(attempt_or_learn_why, writes=writes, budget=budget)


async def _check_exists(connection: Connection, stream: str) -> None:
    with suppress(TransientError, TimeoutError):
        async with asyncio.timeout(_EXISTS_S):
            _json(await connection.request(f"{connection.options.api}.STREAM.INFO.{stream}"))


async def publish(
    connection: Connection, subject: str, payload: bytes, headers: Mapping[str, str]
) -> int:
    """Make one attempt to store a message and return its sequence.

    Raises:
        TransientError: it may be tried again with the same ``Nats-Msg-Id``.
        RevisionConflict: an expected sequence did not hold.
        StoreFull: a limit is reached.
    """
    to, timeout = connection.options.stored(subject), _timeout(large=len(payload) > _SMALL_BYTES)
    reply = await connection.request(to, payload, headers, timeout=timeout)
    acknowledged = _ACKNOWLEDGED.match(reply.data)
    return int(acknowledged[1] if acknowledged else _json(reply)["seq"])


def _timeout(*, large: bool) -> float | None:
    return None if large else _ANSWER_S


async def purge(connection: Connection, stream: str, body: Mapping[str, Any]) -> int:
    """Make one attempt to remove messages and return how many there were.

    Raises:
        TransientError: it may be tried again.
    """
    subject = f"{connection.options.api}.STREAM.PURGE.{stream}"
    return int(_json(await connection.request(subject, json.dumps(body).encode()))["purged"])


async def direct_get(
    connection: Connection, stream: str, subject: str, *, large: bool = False
) -> StoredMessage | None:
    """Return the last message on `subject` from any copy: fast, and possibly behind.

    Args:
        connection: Where to.
        stream: Name of the stream.
        subject: The subject.
        large: Whether the message is as large as the chunk of a blob.
    """
    api, timeout = connection.options.api, _timeout(large=large)

    async def attempt() -> StoredMessage | None:
        return await direct_try(connection, api, stream, subject, timeout)

    return await persist(connection, stream, attempt, writes=False)


async def direct_try(
    connection: Connection, api: str, stream: str, subject: str, timeout: float | None
) -> StoredMessage | None:
    """Make one attempt at `direct_get`, in the domain whose API begins with `api`.

    Raises:
        TransientError: it was not answered, or nobody serves it.
    """
    reply = await connection.request(f"{api}.DIRECT.GET.{stream}.{subject}", timeout=timeout)
    headers = reply.headers or {}
    status = headers.get("Status")
    if status == "404":
        return None
    if status is not None:
        raise StoreError(f"NATS refused a direct get: {headers.get('Description', status)}.")
    return StoredMessage(subject, int(headers["Nats-Sequence"]), headers, reply.data)


async def leader_get(
    connection: Connection, stream: str, subject: str, *, large: bool = False
) -> StoredMessage | None:
    """Return the last message on `subject` from the stream's leader: never behind when healthy."""
    return await _leader_message(connection, stream, {"last_by_subj": subject}, large=large)


async def leader_next(
    connection: Connection, stream: str, subject: str, start: int
) -> StoredMessage | None:
    """Return the first message on the filter `subject` at sequence `start` or after it."""
    return await _leader_message(connection, stream, {"next_by_subj": subject, "seq": start})


async def _leader_message(
    connection: Connection, stream: str, which: Mapping[str, Any], *, large: bool = False
) -> StoredMessage | None:
    timeout = _timeout(large=large)
    try:
        answer = await call(connection, f"STREAM.MSG.GET.{stream}", which, timeout=timeout)
    except StreamMissing:
        raise
    except ApiError as error:
        if error.is_not_found:
            return None
        raise
    message = answer["message"]
    try:
        headers = _header_lines(base64.b64decode(message.get("hdrs", "")))
        data = base64.b64decode(message.get("data", ""))
    except (binascii.Error, UnicodeDecodeError) as error:
        raise CorruptEntry("NATS sent an unreadable message.") from error
    return StoredMessage(message["subject"], int(message["seq"]), headers, data)


def _header_lines(raw: bytes) -> dict[str, str]:
    lines = raw.decode().split("\r\n")[1:]
    return {
        name: value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
