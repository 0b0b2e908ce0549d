"""The jobs of one namespace: originals to compress, from three sources in one queue.

Jobs come from the durable consumer of the entries stream. Two kinds come beside it: a rendition
that a reader missed although its job is long done, and a job that the server has given up because
its worker died on every attempt.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from nats.aio.msg import Msg

from sharedctx.errors import (
    CorruptEntry,
    InvalidKey,
    PermissionDenied,
    SharedContextError,
    StoreError,
    StoreUnavailable,
)
from sharedctx.keys import Subjects, decode_key
from sharedctx.records import EntryRecord, StoredEntry
from sharedctx.store.api import call, delivery
from sharedctx.store.base import Job
from sharedctx.store.connection import Connection
from sharedctx.store.nats import NatsStore
from sharedctx.store.retry import TransientError
from sharedctx.store.streams import CONSUMER
from sharedctx.tracing import trace_of

__all__ = ("NatsJobQueue",)

_GROUP: Final = "sharedctx-workers"
# Keys that readers ask for, waiting to be looked at; who is not heard asks again.
_MOST_ASKED: Final = 1_000
_ACK: Final = b"+ACK"
_IN_PROGRESS: Final = b"+WPI"
# Why a server ends a pull although the queue goes on, there or at another server.
_PASSING: Final = ("leadership change", "server shutdown", "exceeded maxwaiting")
_ADVISORY: Final = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES"


class _ConsumerJob:
    """A job from the durable consumer."""

    def __init__(
        self,
        connection: Connection,
        reply: str,
        entry: StoredEntry,
        attempt: int,
        max_attempts: int,
    ) -> None:
        self._connection = connection
        self._reply = reply
        self.entry = entry
        self.attempt = attempt
        self.is_last_attempt = attempt >= max_attempts

    async def done(self) -> None:
        await self._answer(_ACK)

    async def retry(self, delay: float) -> None:
        await self._answer(b"-NAK " + json.dumps({"delay": int(delay * 1e9)}).encode())

    async def extend(self) -> None:
        await self._answer(_IN_PROGRESS)

    async def _answer(self, word: bytes) -> None:
        # Unconfirmed: a lost answer only means that the job is delivered and found done again.
        try:
            await self._connection.publish(self._reply, word)
        except TransientError as error:
            raise StoreUnavailable("The connection to NATS is down.") from error


class _SideJob:
    """A job that is not in the consumer, so nobody waits for an answer about it."""

    def __init__(self, queue: NatsJobQueue, entry: StoredEntry, attempt: int, last: bool) -> None:  # noqa: FBT001
        self._queue = queue
        self.entry = entry
        self.attempt = attempt
        self.is_last_attempt = last

    async def done(self) -> None:
        """Nothing is left to do."""

    async def retry(self, delay: float) -> None:
        self._queue.ask_again(self.entry.key, self.attempt + 1, delay)

    async def extend(self) -> None:
        """No other worker can take this job."""


class NatsJobQueue:
    """The `JobQueue` of one namespace. Use it inside `open`."""

    def __init__(self, connection: Connection, subjects: Subjects, store: NatsStore) -> None:
        self._connection = connection
        self._subjects = subjects
        self._store = store
        self._inbox = connection.new_inbox()
        pull = f"CONSUMER.MSG.NEXT.{subjects.entries}.{CONSUMER}"
        self._next = f"{connection.options.api}.{pull}"
        self._denied: PermissionDenied | None = None
        self._pulls = 0
        self._arrived: asyncio.Queue[Msg] = asyncio.Queue()
        self._asked: dict[str, int] = {}  # attempt by key
        self._dead: list[int] = []
        self._news = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, connection: Connection, subjects: Subjects, store: NatsStore
    ) -> AsyncGenerator[NatsJobQueue, None]:
        """Listen for jobs until the block ends.

        Raises:
            TransientError: the link is down.
        """
        queue = cls(connection, subjects, store)
        advisory = f"{_ADVISORY}.{subjects.entries}.{CONSUMER}"
        denied = queue._on_denied
        async with (
            connection.subscribe(f"{queue._inbox}.*", queue._on_arrival, on_denied=denied),
            connection.subscribe(subjects.wanted, queue._on_asked, on_denied=denied, queue=_GROUP),
            connection.subscribe(advisory, queue._on_dead, on_denied=denied, queue=_GROUP),
        ):
            with connection.refusals.told("publish", queue._next, denied):
                yield queue

    async def fetch(self, count: int, timeout: float) -> list[Job]:
        """Return up to `count` jobs; an empty list when none came within `timeout` seconds.

        Raises:
            StoreUnavailable: NATS is away; wait a little before the next call.
            StoreError: the namespace is gone.
            PermissionDenied: the credentials are not those of a worker.
        """
        try:
            async with asyncio.timeout(timeout + self._connection.options.request_timeout):
                jobs = await self._side_jobs(count)
                jobs += await self._pull(count - len(jobs), {"no_wait": True})
                if jobs:
                    return jobs
                await self._pull(1, {"expires": int(timeout * 1e9)}, jobs)
                return jobs or await self._side_jobs(count)
        except (TransientError, TimeoutError) as error:
            raise StoreUnavailable("NATS does not hand out jobs at the moment.") from error

    async def _pull(
        self, count: int, how: dict[str, Any], into: list[Job] | None = None
    ) -> list[Job]:
        """Ask the consumer for `count` jobs; return when it is done or other news comes."""
        jobs: list[Job] = [] if into is None else into
        if count < 1:
            return jobs
        self._pulls += 1
        inbox = f"{self._inbox}.{self._pulls}"
        request = json.dumps({"batch": count, **how}).encode()
        await self._connection.publish(self._next, request, reply=inbox)
        while len(jobs) < count:
            self._news.clear()
            if self._denied is not None:
                raise self._denied
            if self._arrived.empty():
                if "expires" in how and (self._asked or self._dead):
                    return jobs
                await self._news.wait()
                continue
            message = self._arrived.get_nowait()
            status = (message.headers or {}).get("Status")
            if status is None:
                jobs += self._job_of(message)
            elif message.subject == inbox:
                _check_status(status, message)
                return jobs
        return jobs

    def _job_of(self, message: Msg) -> list[Job]:
        origin = delivery(message.reply)
        try:
            key = self._subjects.key_of(message.subject)
            record = EntryRecord.from_headers(message.headers)
        except (CorruptEntry, InvalidKey):
            # Foreign: left to run out of attempts, nobody can compress or read it.
            return []
        packed = None if record.blob else message.data
        entry = StoredEntry(key, origin.sequence, record, packed, trace_of(message.headers or {}))
        return [
            _ConsumerJob(
                self._connection,
                message.reply,
                entry,
                origin.attempt,
                self._store.config.max_attempts,
            )
        ]

    async def _side_jobs(self, count: int) -> list[Job]:
        """Return up to `count` jobs that are not in the consumer. What fails here stays queued."""
        jobs: list[Job] = []
        while self._dead and len(jobs) < count:
            jobs += await self._dead_job(self._dead[-1])
            self._dead.pop()
        asked = list(self._asked.items())[: count - len(jobs)]
        if asked:
            settled = await self._settled_revision()
            for key, attempt in asked:
                jobs += await self._asked_job(key, attempt, settled)
                self._asked.pop(key, None)
        return jobs

    async def _dead_job(self, sequence: int) -> list[Job]:
        """Return the job whose workers died, unless its original is no longer current."""
        try:
            body = {"seq": sequence}
            answer = await call(self._connection, f"STREAM.MSG.GET.{self._subjects.entries}", body)
            entry = await self._store.get(self._subjects.key_of(answer["message"]["subject"]))
        except SharedContextError:
            return []
        if entry is None or entry.revision != sequence:
            return []
        return [_SideJob(self, entry, self._store.config.max_attempts + 1, last=True)]

    async def _asked_job(self, key: str, attempt: int, settled: int) -> list[Job]:
        """Return the job that a reader asked for, unless the consumer may still hold it."""
        try:
            entry = await self._store.get(key)
        except CorruptEntry:
            return []
        if entry is None or entry.revision > settled:
            return []
        return [_SideJob(self, entry, attempt, last=attempt >= self._store.config.max_attempts)]

    async def _settled_revision(self) -> int:
        """Return the revision up to which every job of the consumer has come to its end."""
        operation = f"CONSUMER.INFO.{self._subjects.entries}.{CONSUMER}"
        info = await call(self._connection, operation)
        return int(info["ack_floor"]["stream_seq"])

    def ask_again(self, key: str, attempt: int, delay: float) -> None:
        """Queue a job that a reader asked for once more, after `delay` seconds."""
        loop = asyncio.get_running_loop()
        loop.call_later(delay, self._ask, key, attempt)

    def _ask(self, key: str, attempt: int) -> None:
        if len(self._asked) < _MOST_ASKED:
            self._asked.setdefault(key, attempt)
        self._news.set()

    def _on_denied(self, error: PermissionDenied) -> None:
        self._denied = error
        self._news.set()

    def _on_arrival(self, message: Msg) -> None:
        self._arrived.put_nowait(message)
        self._news.set()

    def _on_asked(self, message: Msg) -> None:
        try:
            self._ask(decode_key(message.data.decode()), 1)
        except (UnicodeDecodeError, InvalidKey):
            return

    def _on_dead(self, message: Msg) -> None:
        try:
            self._dead.append(int(json.loads(message.data)["stream_seq"]))
        except (ValueError, KeyError, TypeError):
            return
        self._news.set()


def _check_status(status: str, message: Msg) -> None:
    """Raise for the ends of a pull that are not just "no more jobs now" (404, 408)."""
    description = (message.headers or {}).get("Description", "")
    if status in {"404", "408"}:
        return
    if status == "503" or any(word in description.lower() for word in _PASSING):
        raise TransientError(description or "no responders", sent=False)
    raise StoreError(f"The job queue of the namespace is gone: {status} {description}.")
