"""The end of a job when the ways that other tests take are closed."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import anyio
import pytest

from sharedctx.codec import content_hash
from sharedctx.errors import StoreError, StoreFull, StoreUnavailable
from sharedctx.records import Profile, State, StoredEntry
from sharedctx.store.nats import NatsStore
from sharedctx_workers.children import Children
from sharedctx_workers.job import JobRunner
from sharedctx_workers.presence import Tally
from tests.worker.harness import OpenStore, put, rendition_of, text_of

_FAULTY = (sys.executable, "-P", str(Path(__file__).with_name("faulty_child.py")))


@dataclass
class _Job:
    """A job in no queue that records what became of it."""

    entry: StoredEntry
    attempt: int = 1
    is_last_attempt: bool = False
    refusal: StoreError | None = None
    fate: list[str] = field(default_factory=list)

    async def done(self) -> None:
        self.fate.append("done")

    async def retry(self, delay: float) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.fate.append(f"retry {delay:g}")

    async def extend(self) -> None:
        """As often as it likes."""


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    async with Children(1, time_limit=20.0, memory_limit=1024, command=_FAULTY) as pool:
        yield pool


@pytest.fixture
async def store(open_store: OpenStore) -> NatsStore:
    return await open_store()


@pytest.fixture
def runner(store: NatsStore, children: Children) -> JobRunner:
    return JobRunner(store, store.config, children, Tally(1))


async def _job(
    store: NatsStore, text: str, *, last: bool = False, refusal: StoreError | None = None
) -> _Job:
    await put(store, "key", text)
    entry = await store.get("key")
    assert entry is not None
    return _Job(entry, is_last_attempt=last, refusal=refusal)


async def test_the_delay_between_attempts_grows(store: NatsStore, runner: JobRunner) -> None:
    job = await _job(store, text_of("RAISE"))
    for attempt in (1, 2, 3, 5):
        job.attempt = attempt
        await runner.run(job)
    assert job.fate == ["retry 0.5", "retry 1", "retry 2", "retry 8"]


async def test_without_a_child_to_count_tokens_a_thread_does(
    store: NatsStore, children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await _job(store, text_of("RAISE"), last=True)
    monkeypatch.setattr(children, "_command", ("/not/there",))
    await JobRunner(store, store.config, children, Tally(1)).run(job)
    rendition = await rendition_of(store, job.entry.record)
    assert rendition.state is State.FAILED
    assert rendition.original_tokens > 100
    assert job.fate == ["done"]


async def test_content_that_nobody_can_read_fails_without_a_count(
    store: NatsStore, runner: JobRunner
) -> None:
    job = await _job(store, text_of("plain"), last=True)
    foreign = replace(job.entry.record, hash=content_hash(b"other"), size=5)
    job.entry = replace(job.entry, record=foreign)
    await runner.run(job)
    rendition = await rendition_of(store, foreign)
    assert rendition.state is State.FAILED
    assert rendition.original_tokens == 0
    assert "not a valid zstd frame" in str(rendition.reason)


async def test_a_tokenizer_that_is_not_installed_fails_the_job(
    store: NatsStore, runner: JobRunner
) -> None:
    job = await _job(store, text_of("plain"), last=True)
    foreign = replace(job.entry.record, profile=Profile("not-installed", 20))
    job.entry = replace(job.entry, record=foreign)
    await runner.run(job)
    rendition = await rendition_of(store, foreign)
    assert rendition.state is State.FAILED
    assert "No tokenizer is named" in str(rendition.reason)


@pytest.mark.parametrize(
    ("error", "fate"), [(StoreUnavailable(), []), (StoreFull(), ["retry 0.5"])]
)
async def test_a_job_is_never_finished_without_its_rendition(
    error: StoreError,
    fate: list[str],
    store: NatsStore,
    runner: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = await _job(store, text_of("plain"))

    async def refuse(*_args: object) -> None:
        raise error

    monkeypatch.setattr(store, "put_rendition", refuse)
    await runner.run(job)
    assert job.fate == fate


async def test_a_job_that_cannot_be_given_back_comes_back_by_itself(
    store: NatsStore, runner: JobRunner
) -> None:
    job = await _job(store, text_of("RAISE"), refusal=StoreUnavailable())
    await runner.run(job)
    assert job.fate == []


async def test_an_unforeseen_error_costs_one_job_only(
    store: NatsStore,
    runner: JobRunner,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    job = await _job(store, text_of("plain"))

    async def break_down(_record: object) -> None:
        raise KeyError(text_of("plain"))

    monkeypatch.setattr(store, "get_rendition", break_down)
    await runner.run(job)
    assert job.fate == ["retry 0.5"]
    assert "the weather" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("successor", [text_of("plain"), None])
async def test_work_stops_when_nobody_can_get_its_content_any_more(
    successor: str | None, store: NatsStore, runner: JobRunner, children: Children
) -> None:
    job = await _job(store, text_of("HANG"))
    async with anyio.create_task_group() as working:
        working.start_soon(runner.run, job)
        while children.busy == 0:
            await anyio.sleep(0.01)
        if successor is None:
            await store.delete("key")
        else:
            await put(store, "key", successor)
    assert job.fate == ["done"]
    assert children.busy == 0
    assert await store.get_rendition(job.entry.record) is None


async def test_work_goes_on_while_a_history_keeps_its_content(
    open_store: OpenStore, children: Children
) -> None:
    store = await open_store(history=2)
    job = await _job(store, text_of("SLOW"))
    runner = JobRunner(store, store.config, children, Tally(1))
    async with anyio.create_task_group() as working:
        working.start_soon(runner.run, job)
        await put(store, "key", text_of("plain"))
    assert job.fate == ["done"]
    assert (await rendition_of(store, job.entry.record)).state is State.READY
