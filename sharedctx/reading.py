"""From stored records to what readers get: originals, renditions, views and entries."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from sharedctx import tokens
from sharedctx.codec import content_hash, content_text, unpack
from sharedctx.encryption import Encryption, check_sealing, open_entry, open_rendition
from sharedctx.entry import ContextEntry
from sharedctx.errors import CorruptEntry, StoreError
from sharedctx.plain import plain_document
from sharedctx.records import (
    EntryRecord,
    Profile,
    RenditionBody,
    RenditionRecord,
    State,
    StoredEntry,
)
from sharedctx.segment_table import decode_document
from sharedctx.segments import Document, Guarantee
from sharedctx.store.base import Store
from sharedctx.tracing import Trace
from sharedctx.views import view
from sharedctx.waiting import wait_until
from sharedctx.writing import off_loop

__all__ = ("Reader", "Rendition", "describe", "entry_state")

_log = logging.getLogger("sharedctx")
_SMALL = "it is too small to compress"
# A rendition is the text and a table of its segments, at worst one for every few characters. One
# that claims to unpack to more was not made by a compressor, and could fill the memory.
_MOST_TIMES = 32
_MOST_MORE = 64 * 1024
_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Rendition:
    """A rendition in hand; `body` is empty unless its state is ``ready``."""

    record: RenditionRecord
    body: RenditionBody = field(repr=False)
    trace: Trace = field(default_factory=dict, compare=False)


class Reader:
    """Reads originals and renditions of one store, and keeps recent renditions in memory.

    A rendition is of bytes, not of a key, and never changes, so a kept one cannot be stale.
    """

    def __init__(
        self, store: Store, cache_bytes: int, encryption: Encryption | None = None
    ) -> None:
        self._store = store
        self._encryption = encryption
        self._cache: OrderedDict[tuple[str, Profile], Rendition] = OrderedDict()
        self._cache_bytes = cache_bytes
        self._cached_bytes = 0

    async def original(self, entry: StoredEntry) -> str:
        """Return the content of `entry` as it was put.

        Raises:
            CorruptEntry: what is stored is not what was put.
        """
        packed = await self._store.packed_content(entry)
        packed = await open_entry(self._encryption, self._store.namespace, entry, packed)
        return await off_loop(entry.record.size, partial(_unpack_original, packed, entry.record))

    async def rendition(self, entry: StoredEntry, timeout: float | None) -> Rendition | None:
        """Return the rendition of `entry`; wait up to `timeout` seconds for it (0: not at all)."""
        record = entry.record
        check_sealing(self._encryption, record.key_id)  # who cannot open it need not wait for it
        found = self._cached(record) or await self._look(record)
        if found is None and timeout != 0:
            found = await wait_until(
                partial(self._look, record),
                self._store.rendition_signal(record),
                timeout,
                on_silence=partial(self._store.want, entry),
            )
        return found

    async def useful_rendition(self, entry: StoredEntry, timeout: float | None) -> Rendition | None:
        """Return the rendition of `entry` as `rendition` does, but None for small content."""
        # Its original serves as well; its counts are of interest only once they are there.
        return None if entry.record.passthrough else await self.rendition(entry, timeout)

    async def put_entry(
        self, stored: StoredEntry, content: str, *, wait: bool | float
    ) -> ContextEntry:
        """Return the entry that was put, after waiting for its rendition for `wait` seconds."""
        rendition = None
        if wait:
            # The content is stored: what goes wrong from here on must not look like a failed put.
            with suppress(StoreError):
                patience = _WAIT_S if wait is True else float(wait)
                rendition = await self.useful_rendition(stored, patience)
        return describe(stored, content, rendition)

    def _cached(self, record: EntryRecord) -> Rendition | None:
        found = self._cache.get((record.hash, record.profile))
        if found is not None:
            self._cache.move_to_end((record.hash, record.profile))
        return found

    async def _look(self, record: EntryRecord) -> Rendition | None:
        try:
            stored = await self._store.get_rendition(record)
            if stored is None:
                return None
            if stored.record.state is not State.READY:
                return Rendition(stored.record, RenditionBody("", b""), stored.trace)
            size = stored.record.size
            if size > _MOST_TIMES * record.size + _MOST_MORE:
                raise CorruptEntry("It is larger than any rendition of so small a content.")
            packed = await self._store.packed_rendition(stored)
            namespace = self._store.namespace
            packed = await open_rendition(self._encryption, namespace, stored.record, packed)
            body = await off_loop(size, partial(RenditionBody.unpack, packed, size))
        except CorruptEntry as error:
            # As good as missing: the original serves, and a worker that is asked makes it anew.
            _log.warning("a rendition of %s is damaged: %s", record.hash, error)
            return None
        found = Rendition(stored.record, body, stored.trace)
        self._keep(found)
        return found

    def _keep(self, rendition: Rendition) -> None:
        key = (rendition.record.hash, rendition.record.profile)
        if key in self._cache or rendition.record.size > self._cache_bytes:
            return
        self._cache[key] = rendition
        self._cached_bytes += rendition.record.size
        while self._cached_bytes > self._cache_bytes:
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= oldest.record.size

    async def view(
        self,
        entry: StoredEntry,
        rendition: Rendition | None,
        max_tokens: int | None,
        query: str | None,
    ) -> str:
        """Return the content of `entry` at another size, or ordered by a question."""
        original = await self.original(entry)
        work = partial(_view, original, entry.record.profile, rendition, max_tokens, query)
        return await asyncio.to_thread(work)

    async def entry(self, stored: StoredEntry) -> ContextEntry:
        """Return `stored` with its original, its counts, and its rendition if that is there."""
        original = await self.original(stored)
        rendition = await self.rendition(stored, 0)
        count = None
        if rendition is None:
            count = await asyncio.to_thread(_count, stored.record.profile.encoding, original)
        return describe(stored, original, rendition, count)


def entry_state(entry: EntryRecord, rendition: RenditionRecord | None) -> State:
    """Return where an entry stands, given the rendition of its content."""
    if entry.passthrough:
        return State.PASSTHROUGH
    return rendition.state if rendition is not None else State.PENDING


def describe(
    stored: StoredEntry, original: str, rendition: Rendition | None, count: int | None = None
) -> ContextEntry:
    """Return what users see of an entry.

    Args:
        stored: The entry.
        original: Its content.
        rendition: Its rendition, if there is one.
        count: Tokens of `original`, when they are known without a rendition.
    """
    record = rendition.record if rendition else None
    state = entry_state(stored.record, record)
    encoding = stored.record.profile.encoding
    counts = None if count is None else (count, count)
    # Whoever could not read the original has not counted it either.
    if record is not None and (record.original_tokens or not original):
        counts = (record.original_tokens, record.compressed_tokens)
    return ContextEntry(
        key=stored.key,
        agent=stored.record.agent,
        timestamp=stored.record.timestamp,
        revision=stored.revision,
        state=state,
        guarantee=record.guarantee if record else Guarantee.LOSSLESS,
        original=original,
        compressed=rendition.body.text if rendition and state is State.READY else original,
        transforms=list(record.transforms) if record else [],
        reason=record.reason if record else _SMALL if state is State.PASSTHROUGH else None,
        encoding=encoding,
        _counts=counts,
        _count=partial(_count, encoding),
    )


def _count(encoding: str, text: str) -> int:
    return tokens.load(encoding).count(text)


def _unpack_original(packed: bytes, record: EntryRecord) -> str:
    data = unpack(packed, record.size)
    # An encrypted one has just been authenticated together with its hash, which is a keyed one.
    if record.key_id is None and content_hash(data) != record.hash:
        raise CorruptEntry("The stored content does not match its hash. Put it again.")
    return content_text(data)


def _document(rendition: Rendition | None, original: str) -> Document | None:
    if rendition is None or rendition.record.state is not State.READY:
        return None
    try:
        return decode_document(rendition.body.table, original)
    except CorruptEntry as error:
        _log.warning("the segments of %s are damaged: %s", rendition.record.hash, error)
        return None


def _view(
    original: str,
    profile: Profile,
    rendition: Rendition | None,
    max_tokens: int | None,
    query: str | None,
) -> str:
    tokenizer = tokens.load(profile.encoding)
    document = _document(rendition, original)
    if document is not None and rendition is not None:
        usual = rendition.record.compressed_tokens
    else:
        total = tokenizer.count(original)
        if max_tokens is None or total <= max_tokens:
            return original
        document = plain_document(original, tokenizer)
        usual = total * profile.percent // 100
    rendering = view(document, original, tokenizer, max_tokens=max_tokens, query=query, usual=usual)
    return rendering.text
