"""A worker may be killed at any moment: its jobs are done by another one, with one effect."""

from __future__ import annotations

import random
import signal

import anyio
import pytest

from sharedctx.records import State
from tests.worker.harness import (
    OpenStore,
    StartWorker,
    idle,
    put,
    rendition_of,
    state_of,
    text_of,
    until,
)


@pytest.mark.parametrize("step", ["fetched", "compressed", "published", "before-ack"])
async def test_killed_worker_is_replaced(
    step: str, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store()
    record = await put(store, "key", text_of("plain"))
    dying = start_worker("--crash-at", step, script="scripted_worker.py")
    assert await dying.ended() == -signal.SIGKILL
    assert (await store.get_rendition(record) is not None) == (step in {"published", "before-ack"})

    survivor = start_worker()
    assert await state_of(store, record) is State.READY
    await idle(store)
    action = "job.skipped" if step in {"published", "before-ack"} else "job.done"
    await survivor.logged(action, key="key", attempt=2)
    assert [found.hash async for found in store.renditions()] == [record.hash]


@pytest.mark.parametrize("pause", [0.0, 2.5], ids=["at once", "when nobody was there"])
async def test_a_job_that_outlives_every_worker_ends_as_failed(
    pause: float, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store(max_attempts=2)
    record = await put(store, "key", text_of("plain"))
    for _ in range(2):
        dying = start_worker("--crash-at", "fetched", script="scripted_worker.py")
        assert await dying.ended() == -signal.SIGKILL

    await anyio.sleep(pause)
    start_worker()
    rendition = await rendition_of(store, record)
    assert rendition.state is State.FAILED
    assert rendition.reason is not None
    assert "worker processes died" in rendition.reason
    assert rendition.original_tokens == rendition.compressed_tokens > 100


async def test_killing_workers_at_random_loses_nothing(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    chance = random.Random(7)
    store = await open_store(max_attempts=50)
    records = []
    for round_ in range(5):
        worker = start_worker()
        records += [await put(store, f"{round_}-{i}", text_of(f"{round_} {i}")) for i in range(8)]
        await worker.logged("job.done")
        await anyio.sleep(chance.uniform(0.0, 0.2))
        worker.kill()
    start_worker()
    for record in records:
        assert await state_of(store, record) is State.READY
    await idle(store)
    assert len([found async for found in store.renditions()]) == len(records)


async def test_children_die_with_their_worker(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store()
    worker = start_worker("--time-limit", "600", script="scripted_worker.py")
    await put(store, "busy", text_of("HANG"))
    await worker.logged("job.started", key="busy")
    children = worker.children()
    assert len(children) == 2
    worker.kill()
    await until(lambda: not any(child.is_running() for child in children), "their end")


async def test_a_worker_that_was_stopped_and_woken_does_no_harm(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store()
    # The time that it sleeps counts against the limit.
    zombie = start_worker("--time-limit", "60", script="scripted_worker.py")
    record = await put(store, "key", text_of("SLOW"))
    await zombie.logged("job.started", key="key")
    zombie.process.send_signal(signal.SIGSTOP)
    other = start_worker()
    # The server may also have handed the job to the open request of the sleeper.
    await other.logged("job.done", key="key")
    zombie.process.send_signal(signal.SIGCONT)
    await zombie.logged("job.done", key="key", attempt=1)
    assert await state_of(store, record) is State.READY
    await idle(store)
