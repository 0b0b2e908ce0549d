"""A worker that is asked to stop loses nothing and exits with 0."""

from __future__ import annotations

import signal
import time

import anyio
import pytest

from sharedctx.embedded import NatsServer
from sharedctx.records import State
from tests.worker.harness import OpenStore, StartWorker, idle, put, state_of, text_of


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
async def test_jobs_in_hand_are_finished(
    signum: signal.Signals, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store(ack_wait=20.0)
    worker = start_worker(script="scripted_worker.py")
    records = [await put(store, f"key-{i}", text_of(f"SLOW {i}")) for i in range(6)]
    await worker.logged("job.started")
    assert await worker.stop(signum) == 0
    assert (await store.info()).jobs_in_hand == 0
    assert len([found async for found in store.renditions()]) >= 2

    start_worker()
    for record in records:
        assert await state_of(store, record) is State.READY
    await idle(store)


async def test_jobs_beyond_the_grace_time_are_given_back(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store(ack_wait=60.0)
    worker = start_worker("--grace", "0.2", script="scripted_worker.py")
    record = await put(store, "key", text_of("HANG"))
    await worker.logged("job.started")
    assert await worker.stop() == 0
    await worker.logged("job.given_back", key="key")

    other = start_worker()
    await other.logged("job.done", key="key", attempt=2)
    assert await state_of(store, record) is State.READY


async def test_a_second_signal_ends_the_grace_time(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store(ack_wait=60.0)
    worker = start_worker("--grace", "600", "--time-limit", "600", script="scripted_worker.py")
    await put(store, "key", text_of("HANG"))
    await worker.logged("job.started")
    worker.process.send_signal(signal.SIGINT)
    await worker.logged("worker.stopping")
    assert await worker.stop(signal.SIGINT) == 0
    await worker.logged("job.given_back", key="key")


async def test_an_idle_worker_stops_at_once(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    await open_store(ack_wait=60.0)
    worker = start_worker()
    await worker.logged("namespace.served")
    started = time.monotonic()
    assert await worker.stop() == 0
    assert time.monotonic() - started < 20


async def test_a_worker_without_a_server_waits_for_it_and_can_be_stopped(
    own_server: NatsServer, start_worker: StartWorker
) -> None:
    await anyio.to_thread.run_sync(own_server.kill)
    worker = start_worker()
    await worker.logged("worker.connecting")
    assert await worker.stop() == 0
