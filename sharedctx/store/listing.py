"""What a namespace holds as a whole: its keys, its entries, what has changed, what changes now."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing, suppress

from nats.aio.msg import Msg

from sharedctx.errors import CorruptEntry, InvalidKey
from sharedctx.keys import Subjects, encode_key
from sharedctx.records import EntryRecord, StoredEntry
from sharedctx.store.api import StoredMessage, leader_next
from sharedctx.store.base import Changes
from sharedctx.store.connection import Connection
from sharedctx.store.current import CurrentEntries
from sharedctx.store.events import subscribed
from sharedctx.store.scan import scan, subjects_in
from sharedctx.store.watching import News

__all__ = ("Listing",)

_log = logging.getLogger("sharedctx")


class Listing:
    """Lists one namespace; `sharedctx.store.base.Store` documents what each method gives."""

    def __init__(self, connection: Connection, subjects: Subjects, current: CurrentEntries) -> None:
        self._connection = connection
        self._subjects = subjects
        self._current = current

    async def keys(self, prefix: str) -> list[str]:
        """Return the live keys that start with `prefix`, sorted."""
        subjects = await subjects_in(self._current.state, self._subjects.all_entries)
        return sorted(key for key in self._keys_of(subjects) if key.startswith(prefix))

    def _keys_of(self, subjects: Iterable[str]) -> Iterator[str]:
        for subject in subjects:
            # What is not an encoded key was not put by sharedctx, and no key could read it.
            with suppress(InvalidKey):
                yield self._subjects.key_of(subject)

    async def entries(self, prefix: str, start: int = 1) -> AsyncGenerator[StoredEntry, None]:
        """Iterate over live entries from revision `start` on, without content, oldest first."""
        last = int((await self._current.state())["state"]["last_seq"])
        async with aclosing(self._messages(start, last)) as messages:
            async for message in messages:
                for entry in self._listed(message):
                    if entry.key.startswith(prefix):
                        yield entry

    async def _messages(self, start: int, last: int) -> AsyncGenerator[StoredMessage, None]:
        """Iterate over what is stored from sequence `start` on, at least up to `last`."""
        stream, subject = self._subjects.entries, self._subjects.all_entries
        async with aclosing(scan(self._connection, stream, subject, start=start)) as messages:
            async for message in messages:
                start = message.sequence + 1
                yield message
        # The pass may be served by a replica that is behind; the leader knows what it misses.
        while self._current.replicated and start <= last:
            missed = await leader_next(self._connection, stream, subject, start)
            if missed is None:
                return
            start = missed.sequence + 1
            yield missed

    async def changes(self, after: int) -> Changes:
        """Return what was put after revision `after`."""
        info = await self._current.state(at_least=after)
        last, live = int(info["state"]["last_seq"]), int(info["state"]["messages"])
        entries: list[StoredEntry] = []
        if last > after:
            async with aclosing(self._messages(after + 1, last)) as found:
                entries = [entry async for message in found for entry in self._listed(message)]
        revision = max([last, *(entry.revision for entry in entries)])
        return Changes(entries, revision, live, epoch=str(info["created"]))

    def _listed(self, message: StoredMessage) -> list[StoredEntry]:
        """Return the entry in `message`, or nothing when something foreign lies in the bucket."""
        try:
            key = self._subjects.key_of(message.subject)
            record = EntryRecord.from_headers(message.headers)
        except (CorruptEntry, InvalidKey) as error:
            _log.warning("skipped a foreign message in %s: %s", self._subjects.entries, error)
            return []
        self._current.floors.saw(key, message.sequence)
        return [StoredEntry(key, message.sequence, record)]

    async def history(self, current: StoredEntry) -> list[StoredEntry]:
        """Return the kept revisions of the key of `current`, newest first."""
        event = self._subjects.put_event(encode_key(current.key))
        found = []
        messages = scan(self._connection, self._subjects.history, event, headers_only=False)
        async with aclosing(messages):
            async for message in messages:
                record = EntryRecord.from_headers(message.headers)
                # The server's republish header holds the sequence in the entries stream.
                revision = int(message.headers["Nats-Sequence"])
                packed = None if record.blob else message.data
                found.append(StoredEntry(current.key, revision, record, packed))
        # In a cluster the history may be a moment behind.
        if all(entry.revision < current.revision for entry in found):
            found.append(current)
        return sorted(found, key=lambda entry: -entry.revision)

    async def watch(self, prefix: str) -> AsyncGenerator[StoredEntry, None]:
        """Iterate, without end, over entries put from now on, without their content."""
        news, seen = News(), int((await self._current.state())["state"]["last_seq"])
        connection, events = self._connection, self._subjects.put_event("*")
        settings = self._subjects.settings_event
        add, miss = lambda event: news.add(self._put(event)), news.miss
        async with (
            subscribed(connection, events, add, miss, news.refuse),
            # It comes also when the namespace was made anew, and revisions start over. Without the
            # permission to hear it, a reconnect tells.
            subscribed(connection, settings, lambda _: miss(), miss, lambda _: None),
        ):
            while True:
                entries = await news.take()
                if entries is None:
                    seen, entries = await self._missed(seen)
                for entry in entries:
                    if entry.revision > seen:
                        seen = entry.revision
                        if entry.key.startswith(prefix):
                            yield entry

    def _put(self, event: Msg) -> list[StoredEntry]:
        headers = event.headers or {}
        sequence = int(headers.get("Nats-Sequence", 0))
        return self._listed(StoredMessage(event.subject, sequence, headers, b""))

    async def _missed(self, seen: int) -> tuple[int, list[StoredEntry]]:
        """Return revision `seen`, or 0 in a namespace made anew, and what was put after it."""
        created = self._current.created
        await self._current.state(at_least=seen)
        seen = seen if self._current.created == created else 0
        async with aclosing(self.entries("", start=seen + 1)) as missed:
            return seen, [entry async for entry in missed]
