"""Faults of workers: the rows W of `tests.faults.matrix` that no other test has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import nats
import pytest

from sharedctx import SharedContext, State
from sharedctx.embedded import NatsServer
from sharedctx.keys import subjects_of
from sharedctx.records import RENDITION_HEADER
from sharedctx.store.nats_workers import WorkerStore
from tests.client.conftest import working
from tests.worker.harness import WorkerProcess, until

_SCRIPT = Path(__file__).parents[1] / "worker" / "scripted_worker.py"
TEXT = "".join(f"Sentence number {number} says something of its own. " for number in range(60))


@pytest.fixture
async def ctx(own_server: NatsServer) -> AsyncIterator[SharedContext]:
    async with SharedContext(own_server.url, max_attempts=2, ack_wait=1.0) as context:
        yield context


@pytest.fixture
def start_worker(own_server: NatsServer, tmp_path: Path) -> Iterator[Callable[[], WorkerProcess]]:
    workers: list[WorkerProcess] = []

    def start() -> WorkerProcess:
        log = tmp_path / f"worker-{len(workers)}.log"
        workers.append(WorkerProcess(log, str(_SCRIPT), "--servers", own_server.url))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()


def tries(worker: WorkerProcess, key: str) -> list[int]:
    """The attempts at the job of `key` that a worker has made."""
    started = (event for event in worker.events if event["action"] == "job.started")
    return [event["attempt"] for event in started if event["key"] == key]


async def test_w3_a_poison_job_is_given_up_at_its_limit(
    ctx: SharedContext, start_worker: Callable[[], WorkerProcess]
) -> None:
    worker = start_worker()
    await ctx.put("poison", f"RAISE {TEXT}")

    async def is_over() -> bool:
        entry = await ctx.get_entry("poison")
        return len(tries(worker, "poison")) > 2 or (
            entry is not None and entry.state is State.FAILED
        )

    await until(is_over, "the end of the job")
    assert tries(worker, "poison") == [1, 2]
    worker.kill()
    other = start_worker()
    await ctx.put("sound", TEXT, wait=True)
    assert tries(other, "poison") == [], "a worker that starts anew tries it again"


async def test_w6_while_no_worker_runs_work_goes_on_and_what_is_replaced_is_never_compressed(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    for version in range(3):
        for number in range(60):
            await ctx.put(f"k{number}", f"{TEXT} {version} {number}")
    assert await ctx.get("k7", timeout=0) == f"{TEXT} 2 7"
    assert (await ctx.info()).jobs_waiting == 60
    async with working(own_server.url, ctx.namespace):
        entries = [await ctx.put("last", TEXT, wait=True)]
        for number in range(60):
            assert await ctx.get(f"k{number}", timeout=20) != f"{TEXT} 2 {number}"
    assert entries[0].state is State.READY
    made = [rendition async for rendition in ctx._store.renditions()]
    assert len(made) == 61


async def test_w7_a_reader_serves_the_original_of_what_a_newer_worker_wrote(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    await ctx.put("k", TEXT)
    subjects = subjects_of(ctx.namespace)
    connection = await nats.connect(own_server.url)
    async with working(own_server.url, ctx.namespace):
        assert await ctx.get("k", timeout=20) != TEXT
    stored = await connection.jetstream().get_last_msg(
        subjects.renditions, subjects.rendition("*", "*")
    )
    assert stored.subject is not None
    header = (stored.headers or {})[RENDITION_HEADER]
    newer = header.replace('"v":1', '"v":2').replace('"state"', '"mood"')
    for value, body in ((newer, b"?"), (header, b"not a body that this version knows")):
        await connection.jetstream().publish(
            stored.subject, body, headers={RENDITION_HEADER: value}
        )
        async with SharedContext(own_server.url) as reader:
            assert await reader.get("k", timeout=0) == TEXT
    await connection.close()


async def test_w7_a_worker_leaves_an_entry_of_a_newer_version_alone(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    workers = await WorkerStore.connect(own_server.url, name="old")
    connection = await nats.connect(own_server.url)
    await ctx.put("now", TEXT)
    entries = subjects_of(ctx.namespace).entries
    stored = await connection.jetstream().get_last_msg(entries, f"$KV.ctx_{ctx.namespace}.now")
    headers = {
        name: value.replace('"v":1', '"v":2')
        for name, value in (stored.headers or {}).items()
        if name.startswith("Ctx-")
    }
    await connection.jetstream().publish(
        f"$KV.ctx_{ctx.namespace}.later", b"a body", headers=headers
    )
    async with workers.open(ctx.namespace) as (_, queue):
        jobs = await queue.fetch(4, 1.0)
        assert [job.entry.key for job in jobs] == ["now"]
        await jobs[0].done()
    async with aclosing(ctx._store.entries()) as listed:
        assert [entry.key async for entry in listed] == ["now"]
    await workers.aclose()
    await connection.close()
