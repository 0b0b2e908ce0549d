"""What happens to one job, from the moment it is fetched until it has left the queue.

The order of the steps is the promise: a rendition is published before its job is acknowledged, so
a worker that dies anywhere in between only makes another one do the job again. Both write the same
rendition, so there is one effect.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace

import anyio
import structlog

from sharedctx import tokens
from sharedctx.codec import content_text, unpack
from sharedctx.encryption import Encryption, open_entry, open_rendition
from sharedctx.errors import CorruptEntry, StoreError, StoreUnavailable
from sharedctx.records import (
    EntryRecord,
    RenditionBody,
    RenditionRecord,
    State,
    StoredEntry,
    StoredRendition,
)
from sharedctx.segments import Guarantee
from sharedctx.store.base import Job, NamespaceConfig, Store
from sharedctx.tracing import annotate, span
from sharedctx_workers.children import ChildFailure, Children
from sharedctx_workers.metrics import WorkerMetrics
from sharedctx_workers.presence import Tally

__all__ = ("JobRunner",)

_FIRST_RETRY_S = 0.5
_LONGEST_RETRY_S = 60.0
_GIVE_BACK_LIMIT_S = 2.0
# Between looks at whether a job at work has been superseded: most jobs end before the first.
_LOOK_AGAIN_S = 2.0
# Counting is quadratic in the longest piece without a break; a slice keeps it bounded.
_SLICE = 4_096
# Bytes of content. Beyond, the memory of this process would be at risk.
_LARGEST_COUNTED_HERE = 256 << 20

_NEVER_ENDED = "its worker processes died, or could not store a rendition, during every attempt"

_log = structlog.get_logger("sharedctx.worker")


def _count_in_slices(packed: bytes, record: EntryRecord) -> int:
    """Count without a child to protect us: in bounded time, and a few tokens off at the seams."""
    text = content_text(unpack(packed, record.size))
    count = tokens.load(record.profile.encoding).count
    return sum(count(text[at : at + _SLICE]) for at in range(0, len(text), _SLICE))


def _is_replaced(entry: StoredEntry, now: StoredEntry) -> bool:
    """Whether a later put of the same key needs another rendition."""
    needs = [(each.record.hash, each.record.profile) for each in (entry, now)]
    return now.revision > entry.revision and needs[0] != needs[1]


def _retry_delay(attempt: int) -> float:
    return min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 2.0 ** min(attempt - 1, 16))


def _without_body(
    record: EntryRecord, state: State, count: int, reason: str
) -> tuple[RenditionRecord, bytes]:
    """Return the rendition of an original of `count` tokens that serves as it is, and its body."""
    packed, size = RenditionBody("", b"").pack()
    rendition = RenditionRecord(
        hash=record.hash,
        profile=record.profile,
        state=state,
        guarantee=Guarantee.LOSSLESS,
        original_tokens=count,
        compressed_tokens=count,
        reason=reason,
        size=size,
    )
    return rendition, packed


def _percent(rendition: RenditionRecord) -> float:
    whole = rendition.original_tokens
    return round(100.0 * (1 - rendition.compressed_tokens / whole), 1) if whole else 0.0


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Does the jobs of one namespace.

    Attributes:
        store: The namespace.
        config: Its settings.
        children: Where documents are compressed.
        tally: Where finished jobs are counted.
        metrics: Where every try is counted.
        encryption: The keys that this worker holds.
    """

    store: Store
    config: NamespaceConfig
    children: Children
    tally: Tally
    metrics: WorkerMetrics = field(default_factory=WorkerMetrics)
    encryption: Encryption | None = None

    async def run(self, job: Job) -> None:
        """Bring `job` to its end. Raises nothing; when cancelled, gives the job back."""
        attributes: dict[str, str | int] = {
            "messaging.operation.name": "compress",
            "messaging.operation.type": "process",
            "messaging.destination.name": self.store.namespace,
            "messaging.message.body.size": job.entry.record.size,
            "sharedctx.key": job.entry.key.encode("utf-8", "replace").decode(),
            "sharedctx.revision": job.entry.revision,
            "sharedctx.attempt": job.attempt,
        }
        name = f"compress {self.store.namespace}"
        with span(name, "CONSUMER", attributes, cause=job.entry.trace):
            async with anyio.create_task_group() as alive:
                work = anyio.CancelScope()
                alive.start_soon(self._keep, job)
                alive.start_soon(self._cancel_if_superseded, job, work)
                await self._run(job, work)
                alive.cancel_scope.cancel()

    async def _keep(self, job: Job) -> None:
        """Keep `job` with this worker while `_run` lasts: every step of that has a time limit."""
        while True:
            await anyio.sleep(self.config.ack_wait / 3)
            try:
                await job.extend()
            except StoreError:
                continue  # the server is away; if it stays away another worker gets the job
            self._note(job).debug("job.extended")

    async def _cancel_if_superseded(self, job: Job, work: anyio.CancelScope) -> None:
        """Cancel `work` once nobody can get what `job` is made from any more.

        A job that is still waiting leaves the queue when its key is put again; this is for the long
        one that is at work then. With a history, readers may ask for what was there before.
        """
        while self.config.history == 1:
            await anyio.sleep(_LOOK_AGAIN_S)
            try:
                now = await self.store.get(job.entry.key, at_least=job.entry.revision)
            except StoreError:
                continue
            if now is None or _is_replaced(job.entry, now):
                work.cancel()
                return

    async def _run(self, job: Job, work: anyio.CancelScope) -> None:
        """Try `job` in the scope `work`, which is cancelled when it is superseded."""
        note = self._note(job)
        try:
            with work:
                await self._attempt(job)
            if work.cancelled_caught:
                await self.finish(job)
                self._ended(job, "superseded")
                note.info("job.superseded")
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(_GIVE_BACK_LIMIT_S, shield=True):
                await self._give_back(job, 0.0)
            self._ended(job, "left")
            note.info("job.given_back")
            raise
        except StoreUnavailable:
            self._ended(job, "left")
            note.warning("job.left", reason="the server is away; it will hand the job out again")
        except StoreError as error:
            self._ended(job, "left")
            note.warning("job.left", reason=str(error))
            await self._give_back(job, _retry_delay(job.attempt))
        except Exception as error:  # noqa: BLE001 - one broken job must not stop the others
            # Not the traceback: the text of an unforeseen exception may quote the content.
            self._ended(job, "left")
            note.error("job.broken", error=type(error).__name__)
            await self._give_back(job, _retry_delay(job.attempt))

    async def _give_back(self, job: Job, delay: float) -> None:
        try:
            await job.retry(delay)
        except StoreError:
            return  # it comes back by itself after ack_wait

    async def _attempt(self, job: Job) -> None:
        if (rendition := await self.existing(job)) is not None:
            await self.refresh(rendition)
            await self.finish(job)
            self._ended(job, "skipped", rendition.record)
            self._note(job).info("job.skipped", state=rendition.record.state.value)
        elif job.attempt > self.config.max_attempts:
            await self._give_up(job, _NEVER_ENDED)
        elif not await self._can_read(job.entry.record):
            await self._leave_as_is(job)
        else:
            await self._compress(job)

    async def _compress(self, job: Job) -> None:
        try:
            rendition, packed = await self.compressed(job)
        except (ChildFailure, CorruptEntry) as failure:
            await self._failed(job, str(failure))
            return
        if self._keys_for(job.entry.record) is not None and rendition.state is State.READY:
            rendition = replace(rendition, key_id=job.entry.record.key_id)
        await self.publish(rendition, packed)
        await self.finish(job)
        self.tally.done += 1
        self._ended(job, "ok" if rendition.state is State.READY else "passthrough", rendition)
        self._note(job).info(
            "job.done",
            state=rendition.state.value,
            original_tokens=rendition.original_tokens,
            compressed_tokens=rendition.compressed_tokens,
            percent_saved=_percent(rendition),
            seconds=round(rendition.elapsed_s, 4),
        )

    async def existing(self, job: Job) -> StoredRendition | None:
        """Return the rendition that makes this job unnecessary. A failed one does not."""
        try:
            rendition = await self.store.get_rendition(job.entry.record, at_origin=True)
            if rendition is None or rendition.record.state is State.FAILED:
                return None
            # Read whole: what cannot be read must be made again, whatever its header says.
            packed = await self.store.packed_rendition(rendition)
            if job.entry.record.key_id is not None and rendition.record.state is State.PASSTHROUGH:
                return None if await self._can_read(job.entry.record) else rendition
            packed = await open_rendition(
                self._keys_for(job.entry.record), self.store.namespace, rendition.record, packed
            )
            RenditionBody.unpack(packed, rendition.record.size)
        except CorruptEntry:
            return None  # a sound one takes its place
        return StoredRendition(rendition.record, packed)

    async def refresh(self, rendition: StoredRendition) -> None:
        """Let a rendition live as long as the entry that was just put again."""
        if self.config.ttl is None:
            return
        await self.publish(replace(rendition.record, blob=None), rendition.packed or b"")

    async def compressed(self, job: Job) -> tuple[RenditionRecord, bytes]:
        """Fetch the content and compress it in a child.

        Raises:
            ChildFailure: the child could not do it.
            CorruptEntry: the content is gone or damaged.
        """
        self._note(job).debug("job.started", size=job.entry.record.size)
        record = job.entry.record
        return await self.children.compress(await self._packed_content(job), record)

    async def _packed_content(self, job: Job) -> bytes:
        packed = await self.store.packed_content(job.entry)
        keys = self._keys_for(job.entry.record)
        return await open_entry(keys, self.store.namespace, job.entry, packed)

    def _keys_for(self, record: EntryRecord) -> Encryption | None:
        return None if record.key_id is None else self.encryption

    async def _can_read(self, record: EntryRecord) -> bool:
        if record.key_id is None:
            return True
        return self.encryption is not None and await self.encryption.holds(record.key_id)

    async def _leave_as_is(self, job: Job) -> None:
        """Tell readers that the original is all there will be."""
        record = job.entry.record
        reason = f"it is encrypted with the key {record.key_id!r}, which no worker holds"
        rendition, packed = _without_body(record, State.PASSTHROUGH, 0, reason)
        await self.publish(rendition, packed)
        await self.finish(job)
        self._ended(job, "passthrough", rendition)
        self._note(job).warning("job.unreadable", key_id=record.key_id)

    async def publish(self, rendition: RenditionRecord, packed: bytes) -> None:
        """Store a rendition. The store tries for a while when the server is away."""
        if rendition.key_id is not None and self.encryption is not None:
            rendition, packed = await self.encryption.seal_rendition(
                self.store.namespace, rendition, packed
            )
        await self.store.put_rendition(rendition, packed)

    async def finish(self, job: Job) -> None:
        """Acknowledge the job. Nothing of it is left to do."""
        await job.done()

    async def _failed(self, job: Job, reason: str) -> None:
        if job.is_last_attempt:
            await self._give_up(job, reason)
            return
        delay = _retry_delay(job.attempt)
        self._ended(job, "retry")
        self._note(job).warning("job.failed", reason=reason, retry_in=delay)
        await job.retry(delay)

    async def _give_up(self, job: Job, reason: str) -> None:
        """Publish a failed rendition: readers get the original for good, and learn why."""
        if await self.existing(job) is not None:  # equal content may have succeeded elsewhere
            await self.finish(job)
            self._ended(job, "skipped")
            return
        count = await self._count(job)
        tries = min(job.attempt, self.config.max_attempts)
        attempts = f"{tries} attempt{'s' if tries > 1 else ''}"
        told = f"given up after {attempts}: {reason}"
        rendition, packed = _without_body(job.entry.record, State.FAILED, count, told)
        await self.publish(rendition, packed)
        await self.finish(job)
        self.tally.failed += 1
        self._ended(job, "dead", rendition)
        self._note(job).error("job.given_up", reason=reason, original_tokens=count)

    async def _count(self, job: Job) -> int:
        """Tokens of the original; 0 when nobody can read it or this worker cannot count it."""
        record = job.entry.record
        try:
            packed = await self._packed_content(job)
        except CorruptEntry:
            return 0
        with contextlib.suppress(ChildFailure):
            return await self.children.count(packed, record)
        if record.size > _LARGEST_COUNTED_HERE:
            return 0
        try:
            return await anyio.to_thread.run_sync(_count_in_slices, packed, record)
        except Exception:  # noqa: BLE001 - damaged content, or a tokenizer that is not ours
            return 0

    def _ended(self, job: Job, outcome: str, rendition: RenditionRecord | None = None) -> None:
        """Tell metrics and trace how this try of `job` ended."""
        self.metrics.ended(job, outcome, rendition)
        attributes: dict[str, str | int] = {"sharedctx.outcome": outcome}
        if rendition is not None:
            attributes |= {
                "sharedctx.kind": rendition.kind,
                "sharedctx.state": rendition.state.value,
                "sharedctx.tokens.original": rendition.original_tokens,
                "sharedctx.tokens.compressed": rendition.compressed_tokens,
            }
        annotate(attributes)

    def _note(self, job: Job) -> structlog.typing.FilteringBoundLogger:
        note: structlog.typing.FilteringBoundLogger = _log.bind(
            namespace=self.store.namespace,
            key=job.entry.key,
            revision=job.entry.revision,
            attempt=job.attempt,
        )
        return note
