"""The blocking twin, from plain code, from threads, and beside loops that are not its own."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading

import pytest
from blockbuster import BlockBuster

import sharedctx
from sharedctx import RevisionConflict, SharedContextError, State
from sharedctx.sync import SharedContext
from sharedctx.testing import MemoryStore


def test_it_has_every_method_of_the_async_client_with_the_same_arguments() -> None:
    names = {
        name
        for name, _ in inspect.getmembers(sharedctx.SharedContext, inspect.isfunction)
        if not name.startswith("_") and name != "aclose"
    }
    for name in names:
        ours = inspect.signature(getattr(SharedContext, name))
        theirs = inspect.signature(getattr(sharedctx.SharedContext, name))
        assert list(ours.parameters.items()) == list(theirs.parameters.items()), name


def test_the_whole_round(nats_url: str, namespace: str) -> None:
    with SharedContext(nats_url, namespace=namespace, agent="crew", history=2) as ctx:
        entry = ctx.put("k", "one", expect=0)
        assert entry.state is State.PASSTHROUGH
        with pytest.raises(RevisionConflict):
            ctx.put("k", "two", expect=0)
        ctx.put("k", "two")
        assert ctx.get("k") == "two"
        assert ctx.wait_for("k", timeout=1).revision > entry.revision
        assert [e.original for e in ctx.history("k")] == ["two", "one"]
        assert ctx.keys() == ["k"]
        assert ctx.stats().entries == ctx.info().entries == 1
        assert ctx.search("two")[0].key == "k"
        assert ctx.delete("k") is True
        assert ctx.get_entry("k") is None
        assert ctx.clear() == 0


def test_watch(nats_url: str, namespace: str) -> None:
    with SharedContext(nats_url, namespace=namespace) as ctx:
        events = ctx.watch("a/")
        seen: list[str] = []
        thread = threading.Thread(target=lambda: seen.append(next(events).key))
        thread.start()
        for _ in range(100):
            ctx.put("b", "x")
            ctx.put("a/1", "x")
            thread.join(0.05)
            if not thread.is_alive():
                break
        events.close()  # type: ignore[attr-defined]
        assert seen == ["a/1"]


def test_it_opens_on_first_use_and_may_be_left_open(nats_url: str, namespace: str) -> None:
    ctx = SharedContext(nats_url, namespace=namespace)
    ctx.put("k", "x")
    assert ctx.get("k") == "x"
    del ctx
    gc.collect()


def test_it_serves_threads_and_survives_loops_that_come_and_go(
    nats_url: str, namespace: str, blocking_guard: BlockBuster
) -> None:
    blocking_guard.deactivate()  # blocking a loop is what this test is about
    with SharedContext(nats_url, namespace=namespace) as ctx:

        def work(number: int) -> None:
            async def inside() -> None:
                # A framework that blocks its own loop: what sync is for, though slow.
                ctx.put(f"k{number}", str(number))

            asyncio.run(inside())

        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ctx.keys()) == 8


def test_a_closed_context_says_so() -> None:
    ctx = SharedContext(store=MemoryStore())
    ctx.put("k", "x")
    ctx.close()
    ctx.close()
    with pytest.raises(SharedContextError, match="closed"):
        ctx.get("k")
