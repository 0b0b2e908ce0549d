"""Reading what is current: never older than what this client has seen or written.

One server is always current. In a cluster entries are read from the leader of the stream; one that
was cut off from the others goes on answering for some seconds, and a store that was restored from a
backup holds an older state for good. Both show as an answer below the floor of a key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from sharedctx.errors import StaleRead, StoreUnavailable
from sharedctx.keys import Subjects
from sharedctx.store.api import StoredMessage, call, direct_get, leader_get
from sharedctx.store.connection import Connection
from sharedctx.store.floors import Floor, Floors
from sharedctx.store.retry import TransientError

__all__ = ("CurrentEntries",)

_T = TypeVar("_T")
_ALONE_BUDGET_S: Final = 1.0
"""A single server is not behind anyone: asking it again only settles races with removals."""


class CurrentEntries:
    """Reads the entries stream of one namespace.

    Attributes:
        replicated: Whether the stream has several copies.
        floors: What was seen so far.
        created: When the namespace was made, once it is known.
    """

    def __init__(self, connection: Connection, subjects: Subjects, *, replicated: bool) -> None:
        self._connection = connection
        self._subjects = subjects
        self.replicated = replicated
        self.floors = Floors()
        self.created: datetime | None = None

    async def read(self, key: str, at_least: int = 0) -> StoredMessage | None:
        """Return the entry of `key`, or None, as of now.

        Args:
            key: The key.
            at_least: A revision of it that is known from elsewhere.

        Raises:
            StaleRead: the store holds an older state than was seen.
        """
        subject = self._subjects.entry(key)
        floor = self._floor(key, at_least)
        # A follower may be behind, so entries are read from the leader.
        get = leader_get if self.replicated else direct_get
        message = await get(self._connection, self._subjects.entries, subject)
        certain = floor.admits(message.sequence if message else None)
        if not certain and (self.replicated or floor.exact):
            message = await self._read_again(key, subject, at_least)
        if message is not None:
            self.floors.saw(key, message.sequence)
        return message

    def _floor(self, key: str, at_least: int) -> Floor:
        return max(self.floors.of(key), Floor(at_least)) if at_least else self.floors.of(key)

    async def _read_again(self, key: str, subject: str, at_least: int) -> StoredMessage | None:
        """Read an entry that a first answer was too old for, or that is no longer there."""

        async def attempt() -> StoredMessage | None:
            info = await self._info({"subjects_filter": subject})
            floor = self._floor(key, at_least)
            message = await leader_get(self._connection, self._subjects.entries, subject)
            if floor.admits(message.sequence if message else None):
                return message
            state = info["state"]
            known = int(state["last_seq"])
            if known >= floor.revision:
                # That server knows what was seen, so what it holds now came after it.
                if message is None and subject not in (state.get("subjects") or {}):
                    self.floors.saw(key, known, gone=True)
                    return None
                if message is not None and not floor.exact:
                    return message
            raise _Behind(floor.revision, message.sequence if message else None)

        return await self._until_current(attempt)

    async def state(
        self, body: Mapping[str, Any] | None = None, at_least: int = 0
    ) -> dict[str, Any]:
        """Return ``STREAM.INFO`` from a server that knows all revisions that were seen.

        Args:
            body: Arguments of the call.
            at_least: A revision that it has to know too; it does not count in a namespace that was
                made anew.

        Raises:
            StaleRead: the store holds an older state than was seen.
        """
        created, required = self.created, max(self.floors.highest, at_least)

        async def attempt() -> dict[str, Any]:
            info = await self._info(body)
            last = int(info["state"]["last_seq"])
            anew = created is not None and created != self.created
            if last < required and not anew:
                raise _Behind(required, last)
            return info

        return await self._until_current(attempt)

    async def _info(self, body: Mapping[str, Any] | None) -> dict[str, Any]:
        info = await call(self._connection, f"STREAM.INFO.{self._subjects.entries}", body)
        created = datetime.fromisoformat(info["created"])
        if self.created is None or created > self.created:
            # Not the namespace that was seen, but one of the same name that was made since.
            if self.created is not None:
                self.floors.forget()
            self.created = created
        return info

    async def _until_current(self, attempt: Callable[[], Awaitable[_T]]) -> _T:
        budget = None if self.replicated else _ALONE_BUDGET_S
        try:
            return await self._connection.persist(attempt, writes=False, budget=budget)
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, _Behind):
                raise
            raise StaleRead(
                f"NATS holds {error.__cause__}, which is older than what this client has seen: the "
                "store was restored from an older state, or the server is cut off from its "
                "cluster. Open a new SharedContext to go on with what is there.",
                namespace=self._subjects.namespace,
            ) from error


class _Behind(TransientError):
    def __init__(self, wanted: int, found: int | None) -> None:
        at = "nothing" if found is None else f"revision {found}"
        super().__init__(f"{at} where {wanted} was seen", sent=False)
