"""The live picture of a namespace that top and the dashboard show."""

from __future__ import annotations

import time

import anyio
import pytest
from anyio import to_thread

from sharedctx import NamespaceNotFound, SharedContext, State, monitor, overview
from sharedctx.embedded import NatsServer
from sharedctx.monitor import Monitor
from sharedctx.store.nats import NatsStore
from sharedctx.store.options import ConnectOptions
from sharedctx_workers import compress

_TEXT = "\n".join(f"Fact {n}: value {n * 37 % 101} was measured twice." for n in range(300))


async def _work(url: str, namespace: str) -> None:
    """Do what a worker does with every entry that has no rendition."""
    store = await NatsStore.open(ConnectOptions((url,)), namespace, create=False)
    async with SharedContext(url, namespace=namespace) as context:
        async for entry in store.entries():
            text = await context.get(entry.key, full=True)
            assert text is not None
            record, body = compress(text, entry.record.profile)
            await store.put_rendition(record, body.pack()[0])
    await store.aclose()


async def _until(picture: Monitor, condition: object, what: str) -> None:
    assert callable(condition)
    with anyio.fail_after(30):
        while not condition():
            await picture.changed(picture.version)
    assert condition(), what


async def test_it_starts_whole_and_follows_every_event(
    nats_url: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "_QUEUE_EVERY_S", 0.2)
    options = ConnectOptions((nats_url,))
    async with SharedContext(nats_url, namespace=namespace) as context:
        await context.put("before", _TEXT, agent="early")
        await _work(nats_url, namespace)
        async with Monitor.open(options, namespace) as picture:
            (seen,) = picture.entries()
            assert seen.state is State.READY
            assert seen.saved > 0
            assert picture.samples[-1].queue.waiting == 1, "no worker took it"

            await context.put("after", _TEXT + "\nmore", agent="late")
            await _until(picture, lambda: len(picture.entries()) == 2, "the put")
            assert picture.entries()[0].state is State.PENDING
            await _work(nats_url, namespace)
            await _until(
                picture, lambda: picture.entries()[0].state is State.READY, "the rendition"
            )
            await _until(picture, lambda: picture.samples[-1].queue.waiting == 2, "the queue")
            assert 0 < picture.samples[-1].age < 60

            await context.put("after", "replaced by something small", agent="late")
            await _until(picture, lambda: len(picture.puts()) == 3, "the third put")
            await context.delete("before")
            await _until(picture, lambda: len(picture.entries()) == 1, "the removal")

            saved = overview.history(
                picture, "agent", now=time.time() + 1, span=60, intervals=6
            ).series
            assert sum(saved["early"]) == seen.saved, "what is gone has saved tokens all the same"
            assert sum(saved["late"]) > 0
            stats, total = await context.stats(), overview.total(picture.entries())
            assert total.entries == stats.entries == 1
            assert picture.problem == ""


async def test_it_says_that_the_server_is_away_and_catches_up(
    own_server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "_QUEUE_EVERY_S", 0.2)
    monkeypatch.setattr(monitor, "_PASS_EVERY_S", 1.0)
    options = ConnectOptions((own_server.url,), retry_budget=0.5)
    async with SharedContext(own_server.url) as context:
        await context.put("first", "x")
        async with Monitor.open(options, "default") as picture:
            await to_thread.run_sync(own_server.kill)
            await _until(picture, lambda: picture.problem, "the problem")
            assert [seen.entry.key for seen in picture.entries()] == ["first"]
            await to_thread.run_sync(own_server.start)
            await context.put("second", "y")
            await _until(picture, lambda: len(picture.entries()) == 2, "the second put")
            await _until(picture, lambda: not picture.problem, "the recovery")


async def test_a_namespace_is_never_created(nats_url: str, namespace: str) -> None:
    for _ in range(2):
        with pytest.raises(NamespaceNotFound):
            async with Monitor.open(ConnectOptions((nats_url,)), namespace):
                raise AssertionError("it was created")


async def test_the_smallest_series_are_added_up(nats_url: str, namespace: str) -> None:
    async with SharedContext(nats_url, namespace=namespace) as context:
        for n in range(5):
            await context.put(f"key-{n}", _TEXT + "\nmore" * n, agent=f"agent-{n}")
        await _work(nats_url, namespace)
        async with Monitor.open(ConnectOptions((nats_url,)), namespace) as picture:
            history = overview.history(
                picture, "agent", now=time.time() + 1, span=60, intervals=3, most=3
            )
            assert len(history.series) == 3
            assert list(history.series)[-1] == "(others)"
            total = sum(sum(series) for series in history.series.values())
            assert total == overview.total(picture.entries()).saved
