"""The pull loop and the upkeep of a namespace, against a queue that fails on cue."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import anyio
import pytest

from sharedctx.errors import StoreError, StoreUnavailable
from sharedctx.records import EntryRecord, StoredEntry
from sharedctx.store.base import Job
from sharedctx_workers import janitor
from sharedctx_workers.consumer import Hand, consume
from sharedctx_workers.job import JobRunner
from tests.worker.harness import PROFILE


class _Queue:
    """A `JobQueue` that plays what it was given, and then finds no jobs."""

    def __init__(self, script: Sequence[int | StoreError]) -> None:
        self._script = list(script)
        self.asked: list[int] = []

    async def fetch(self, count: int, timeout: float) -> list[Job]:
        self.asked.append(count)
        step = self._script.pop(0) if self._script else 0
        if isinstance(step, StoreError):
            raise step
        if not step:
            await anyio.sleep(timeout / 100)
        record = EntryRecord("0" * 64, 0, PROFILE, None, time.time())
        return [cast("Job", SimpleNamespace(entry=StoredEntry("k", 1, record)))] * step


class _Runner:
    """Does as a `JobRunner` but only counts, and stops the consumer after so many jobs."""

    store = SimpleNamespace(namespace="team")

    def __init__(self, stop: anyio.Event, after: int) -> None:
        self._stop, self._after = stop, after
        self.ran = 0

    async def run(self, _job: Job) -> None:
        await anyio.sleep(0.01)
        self.ran += 1
        if self.ran == self._after:
            self._stop.set()


async def _consume(queue: _Queue, after: int, slots: int = 2) -> tuple[_Runner, Hand]:
    stop = anyio.Event()
    runner, hand = _Runner(stop, after), Hand(slots)
    with anyio.fail_after(20):
        await consume(queue, cast("JobRunner", runner), hand, stop)
        await hand.empty()
    return runner, hand


async def test_no_more_is_fetched_than_fits_in_hand() -> None:
    queue = _Queue([4, 4, 1])
    runner, hand = await _consume(queue, after=9)
    assert runner.ran == 9
    assert hand.held == 0
    assert queue.asked[0] == 4
    assert max(queue.asked) == 4


async def test_jobs_in_hand_are_finished_after_a_stop() -> None:
    runner, _ = await _consume(_Queue([4]), after=1)
    assert runner.ran == 4


async def test_a_server_that_is_away_is_asked_again_ever_more_slowly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    sleep = anyio.sleep

    async def record(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    monkeypatch.setattr(anyio, "sleep", record)
    runner, _ = await _consume(_Queue([StoreUnavailable()] * 7 + [1]), after=1)
    assert runner.ran == 1
    assert [p for p in pauses if p != 0.01][:7] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]


async def test_a_queue_that_is_gone_ends_the_loop_but_not_its_jobs() -> None:
    runner, _ = await _consume(_Queue([3, StoreError("gone")]), after=99)
    assert runner.ran == 3


async def test_large_bodies_are_reaped_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(janitor, "_SOONEST_S", 0.001)
    monkeypatch.setattr(janitor, "_LATEST_S", 0.002)
    calls = 0

    class _Store:
        namespace = "team"

        async def reap_blobs(self) -> int:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise StoreUnavailable
            return 1

    with anyio.move_on_after(20) as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(janitor.reap_forever, _Store())
            while calls < 3:
                await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
    assert not scope.cancelled_caught
