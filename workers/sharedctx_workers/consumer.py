"""The pull loop of one namespace, and how much a worker takes in hand at all."""

from __future__ import annotations

import anyio
import structlog

from sharedctx.errors import StoreError, StoreUnavailable
from sharedctx.store.base import Job, JobQueue
from sharedctx_workers.job import JobRunner

__all__ = ("Hand", "consume")

# A worker that stops with jobs in hand also does those that its last fetch brings within this time.
_FETCH_WAIT_S = 2.0
_FIRST_BACKOFF_S = 0.1
_LONGEST_BACKOFF_S = 2.0

_log = structlog.get_logger("sharedctx.worker")


class Hand:
    """Jobs that this process holds, over all namespaces.

    Twice the slots: one at work and one ready behind it, so that no child waits for the network.
    Namespaces that fetch at the same moment may each fill the same room, so it can be exceeded.

    Attributes:
        held: Jobs in hand.
    """

    def __init__(self, slots: int) -> None:
        self._capacity = 2 * slots
        self.held = 0
        self._freed = anyio.Event()

    async def room(self) -> int:
        """Wait until another job fits, and return how many do."""
        while self.held >= self._capacity:
            await self._freed.wait()
        return self._capacity - self.held

    async def empty(self) -> None:
        """Wait until no job is held."""
        while self.held:
            await self._freed.wait()

    def take(self) -> None:
        """Count one more job."""
        self.held += 1

    def release(self) -> None:
        """Count one job less."""
        self.held -= 1
        self._freed.set()
        self._freed = anyio.Event()


async def _run_one(job: Job, runner: JobRunner, hand: Hand) -> None:
    try:
        await runner.run(job)
    finally:
        hand.release()


async def consume(queue: JobQueue, runner: JobRunner, hand: Hand, stop: anyio.Event) -> None:
    """Fetch and do jobs until `stop` is set, then finish those in hand.

    While the server is away it tries again, ever more slowly. It also ends when the queue is gone.
    """
    backoff = _FIRST_BACKOFF_S
    async with anyio.create_task_group() as in_hand:
        while not stop.is_set():
            count = await hand.room()
            if stop.is_set():
                break
            try:
                jobs = await queue.fetch(count, _FETCH_WAIT_S)
            except StoreUnavailable:
                _log.debug("fetch.unavailable", namespace=runner.store.namespace)
                await anyio.sleep(backoff)
                backoff = min(2 * backoff, _LONGEST_BACKOFF_S)
                continue
            except StoreError as error:
                _log.warning("fetch.refused", namespace=runner.store.namespace, reason=str(error))
                break
            backoff = _FIRST_BACKOFF_S
            for job in jobs:
                hand.take()
                in_hand.start_soon(_run_one, job, runner, hand)
