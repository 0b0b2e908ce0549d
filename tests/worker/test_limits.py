"""What one document may cost, and how a job ends that cannot be done."""

from __future__ import annotations

import signal

import pytest

from sharedctx.records import EntryRecord, RenditionRecord, State
from sharedctx.segments import Guarantee
from tests.worker.harness import (
    OpenStore,
    StartWorker,
    idle,
    put,
    rendition_of,
    state_of,
    text_of,
)


@pytest.mark.parametrize(
    ("word", "time_limit", "reason"),
    [
        ("CRASH", "20", "SIGSEGV"),
        ("HANG", "1.5", "longer than the time limit of 1.5 s"),
        ("BOMB", "20", "more memory than the limit of 1024 MiB"),
        ("RAISE", "20", "ValueError at faulty_child.py:"),
    ],
)
async def test_poison_fails_and_what_is_behind_it_is_done(
    word: str, time_limit: str, reason: str, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store(max_attempts=2)
    worker = start_worker("--time-limit", time_limit, script="scripted_worker.py")
    poison = await put(store, "poison", text_of(word))
    healthy = [await put(store, f"healthy-{i}", text_of(f"number{i}")) for i in range(4)]
    for record in healthy:
        assert await state_of(store, record) is State.READY
    failed = await rendition_of(store, poison)
    _check_failed(failed, poison, reason)
    await idle(store)

    assert reason in (await worker.logged("job.failed", key="poison", attempt=1))["reason"]
    assert reason in (await worker.logged("job.given_up", key="poison", attempt=2))["reason"]
    attempts = [e for e in worker.events if e["action"] == "job.started" and e["key"] == "poison"]
    assert len(attempts) == 2
    assert "the weather" not in worker.log.read_text(), "content in the log"


def _check_failed(failed: RenditionRecord, record: EntryRecord, reason: str) -> None:
    assert failed.state is State.FAILED
    assert failed.guarantee is Guarantee.LOSSLESS
    assert failed.hash == record.hash
    assert failed.original_tokens == failed.compressed_tokens > 100
    assert failed.reason is not None
    assert failed.reason.startswith("given up after 2 attempts: ")
    assert reason in failed.reason


async def test_failed_content_is_tried_again_when_it_is_put_again(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store(max_attempts=1)
    worker = start_worker(script="scripted_worker.py")
    record = await put(store, "key", text_of("RAISE"))
    assert await state_of(store, record) is State.FAILED
    await worker.stop()
    start_worker()
    await put(store, "key", text_of("RAISE"))
    await idle(store)
    assert await state_of(store, record) is State.READY


async def test_long_jobs_stay_with_their_worker(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    """Both the running one and the one that waits for its slot."""
    rival = start_worker()
    await rival.logged("worker.started")
    rival.process.send_signal(signal.SIGSTOP)
    store = await open_store(ack_wait=0.5)
    worker = start_worker("--slots", "1", script="scripted_worker.py")
    records = [await put(store, f"key-{i}", text_of(f"SLOW {i}")) for i in range(2)]
    for i in range(2):
        await worker.logged("job.started", key=f"key-{i}")
    rival.process.send_signal(signal.SIGCONT)
    for i, record in enumerate(records):
        assert await state_of(store, record) is State.READY
        await worker.logged("job.done", key=f"key-{i}", attempt=1)
    await idle(store)
    await rival.logged("namespace.served")
    assert not [event for event in rival.events if event["action"].startswith("job.")]
