"""A store that holds less than a client has seen: restored, deleted and made anew, or behind."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import nats
import pytest

from sharedctx import ContextEvent, NamespaceNotFound, Ref, SharedContext, StaleRead
from sharedctx.embedded import NatsServer
from sharedctx.store.api import StoredMessage, leader_get
from sharedctx.store.nats import NatsStore


async def _restore(server: NatsServer, backup: Path, back: Callable[[], Awaitable[Any]]) -> None:
    """Bring the server back to what it held when `backup` was made; `back` puts more into it."""
    await asyncio.to_thread(server.kill)
    shutil.rmtree(server.data_dir / "jetstream")
    shutil.copytree(backup, server.data_dir / "jetstream")
    await asyncio.to_thread(server.start)
    await back()


async def _back_up(server: NatsServer, backup: Path) -> None:
    await asyncio.to_thread(server.stop)
    shutil.copytree(server.data_dir / "jetstream", backup)
    await asyncio.to_thread(server.start)


async def _nothing() -> None:
    pass


async def _until_watched(ctx: SharedContext, events: AsyncGenerator[ContextEvent, None]) -> None:
    """Put until `events` tells of it, so that the watch has surely begun; leave none behind."""
    upcoming = asyncio.create_task(anext(events))
    revision = 0
    while not upcoming.done():
        revision = (await ctx.put("watched", "x")).revision
        await asyncio.sleep(0.05)
    event = await upcoming
    while event.revision < revision:
        event = await anext(events)


async def test_a_restored_backup_is_noticed_and_not_served(
    own_server: NatsServer, tmp_path: Path
) -> None:
    async with SharedContext(own_server.url, namespace="old") as ctx:
        await ctx.put("k", "old")
        await ctx.put("same", "unchanged")
        await _back_up(own_server, tmp_path / "backup")
        ref = (await ctx.put("k", "new")).ref
        await ctx.put("fresh", "only in the new state")
        await _restore(own_server, tmp_path / "backup", _nothing)
        for call in (ctx.get("k"), ctx.get_entry("k"), ctx.get("fresh"), ctx.keys(), ctx.clear()):
            with pytest.raises(StaleRead, match="older than what this client has seen"):
                await call
        assert await ctx.get("same") == "unchanged"
        async with SharedContext(own_server.url, namespace="old") as other:
            assert await other.get("same") == "unchanged"
            with pytest.raises(StaleRead):
                await other.get(ref)
        assert await ctx.delete("k")


async def test_a_restored_backup_is_noticed_also_after_new_puts(
    own_server: NatsServer, tmp_path: Path
) -> None:
    async def put_more() -> None:
        async with SharedContext(own_server.url, namespace="old") as other:
            for number in range(9):
                await other.put(f"other/{number}", "x")

    async with SharedContext(own_server.url, namespace="old") as ctx:
        await ctx.put("k", "old")
        await _back_up(own_server, tmp_path / "backup")
        await ctx.put("k", "new")
        await _restore(own_server, tmp_path / "backup", put_more)
        with pytest.raises(StaleRead):
            await ctx.get("k")


async def test_a_watch_of_a_restored_store_ends_with_an_error(
    own_server: NatsServer, tmp_path: Path
) -> None:
    async with SharedContext(own_server.url, namespace="old") as ctx:
        await _back_up(own_server, tmp_path / "backup")
        async with aclosing(ctx.watch()) as events:
            await _until_watched(ctx, events)
            upcoming = asyncio.create_task(anext(events))
            await _restore(own_server, tmp_path / "backup", _nothing)
            with pytest.raises(StaleRead):
                await upcoming


async def test_a_namespace_that_is_deleted_is_not_found(nats_url: str, namespace: str) -> None:
    connection = await nats.connect(nats_url)
    async with SharedContext(nats_url, namespace=namespace) as ctx:
        await ctx.put("k", "x")
        for stream in ("", "_renditions", "_blobs"):
            await connection.jetstream().delete_stream(f"KV_ctx_{namespace}{stream}")
        calls = (
            ctx.put("k", "y"),
            ctx.get("k"),
            ctx.delete("k"),
            ctx.keys(),
            ctx.stats(),
            ctx.clear(),
            ctx.info(),
            ctx.search("x"),
        )
        async with asyncio.timeout(15):
            for call in calls:
                with pytest.raises(NamespaceNotFound):
                    await call
    await connection.close()


async def test_a_namespace_that_was_made_anew_is_used_as_it_is(
    nats_url: str, namespace: str
) -> None:
    connection = await nats.connect(nats_url)
    async with SharedContext(nats_url, namespace=namespace) as ctx:
        for number in range(9):
            await ctx.put(f"k{number}", "before")
        async with aclosing(ctx.watch()) as events:
            await _until_watched(ctx, events)
            upcoming = asyncio.create_task(anext(events))
            for stream in ("", "_renditions", "_blobs"):
                await connection.jetstream().delete_stream(f"KV_ctx_{namespace}{stream}")
            async with SharedContext(nats_url, namespace=namespace) as other:
                await other.put("k8", "after")
            async with asyncio.timeout(20):
                assert (await upcoming).key == "k8"
        assert await ctx.get("k8") == "after"
        assert await ctx.get("k0") is None
        assert await ctx.keys() == ["k8"]
    await connection.close()


async def test_an_answer_below_the_floor_is_asked_for_again(
    nats_url: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A leader that is cut off gives old answers for some seconds; here, for three of them."""
    answers: list[StoredMessage | None] = []
    given = 0

    async def behind(*arguments: Any) -> StoredMessage | None:
        nonlocal given
        given += 1
        if len(answers) < 2:
            answers.append(await leader_get(*arguments))
            return answers[-1]
        return answers[given % 2] if given < 6 else await leader_get(*arguments)

    async with SharedContext(nats_url, namespace=namespace) as ctx:
        store = ctx._store
        assert isinstance(store, NatsStore)
        await asyncio.sleep(0.2)  # it reads the settings once when it is opened
        store._current.replicated = True
        monkeypatch.setattr("sharedctx.store.current.leader_get", behind)
        assert await ctx.get("k") is None
        await ctx.put("k", "one")
        assert await ctx.get("k") == "one"
        await ctx.put("k", "two")
        assert await ctx.get("k") == "two"
        assert given >= 6


async def test_a_ref_is_read_at_its_revision_or_later(nats_url: str, namespace: str) -> None:
    async with (
        SharedContext(nats_url, namespace=namespace) as ctx,
        SharedContext(nats_url, namespace=namespace) as other,
    ):
        first = (await ctx.put("a@b", "one")).ref
        assert first == await ctx.ref("a@b") == Ref.parse(str(first))
        assert await other.get(first) == "one"
        second = (await ctx.put("a@b", "two")).ref
        assert await other.get(first) == "two"
        assert (await other.wait_for(second, timeout=5)).original == "two"
        with pytest.raises(StaleRead):
            await other.get(Ref("a@b", second.revision + 1))
        await ctx.delete("a@b")
        assert await other.get(second) is None
        assert await ctx.ref("a@b") is None
