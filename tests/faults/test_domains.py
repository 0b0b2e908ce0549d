"""Clients at a leaf node work in the JetStream domain of its hub."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from sharedctx import InvalidRequest, SharedContext, StoreUnavailable
from sharedctx.store.nats import NatsStore
from tests.cli.harness import Cli
from tests.client.conftest import working
from tests.faults.clusters import hub_and_leaf

TEXT = "".join(
    f"Sentence {number} is here to be compressed with the others.\n" for number in range(99)
)
BIG = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(80_000))


@pytest.fixture(params=["without JetStream", "with a JetStream of its own"])
def leaf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """URLs of a hub, whose domain is `hub`, and of a leaf node of it."""
    with hub_and_leaf(tmp_path, "leaf" if "own" in request.param else None) as (hub, leaf):
        yield hub.url, leaf.url


async def test_everything_works_through_a_leaf_node(leaf: tuple[str, str]) -> None:
    hub_url, leaf_url = leaf
    async with (
        SharedContext(leaf_url, domain="hub", history=3, ttl=600) as ctx,
        SharedContext(hub_url) as at_hub,
        aclosing(ctx.watch()) as events,
    ):
        upcoming = asyncio.create_task(anext(events))
        async with working(hub_url, "default"):
            entry = await ctx.put("k", TEXT, wait=20)
            assert entry.state == "ready"
            assert await at_hub.get("k") == await ctx.get("k") == entry.compressed
        await ctx.put("big", BIG, ttl=60)
        assert await at_hub.get("big", full=True) == BIG
        assert await ctx.get("big", full=True) == BIG
        waiting = asyncio.create_task(ctx.wait_for("late", timeout=20))
        await asyncio.sleep(0.2)
        await at_hub.put("late", "here")
        assert (await waiting).original == "here"
        second = await ctx.put("k", "two", expect=entry.revision)
        assert [each.original for each in await ctx.history("k")] == ["two", TEXT]
        assert await at_hub.get(second.ref) == "two"
        assert await ctx.keys() == ["big", "k", "late"]
        assert (await ctx.stats()).entries == 3
        assert (await ctx.search("here"))[0].key == "late"
        assert await ctx.delete("late")
        assert await ctx.clear() == 2
        assert (await upcoming).key in {"k", "big"}


async def test_a_worker_at_a_leaf_node_compresses(leaf: tuple[str, str]) -> None:
    hub_url, leaf_url = leaf
    async with SharedContext(hub_url) as ctx, working(leaf_url, "default", domain="hub"):
        assert (await ctx.put("k", TEXT, wait=20)).state == "ready"


def test_commands_and_their_worker_take_the_domain(leaf: tuple[str, str]) -> None:
    hub_url, leaf_url = leaf
    at_leaf = Cli(leaf_url, "default")
    worker = at_leaf.start("--domain", "hub", "worker", "--slots", "1")
    try:
        put = at_leaf.json("put", "k", "--wait", "--domain", "hub", given=TEXT.encode())
        assert put["state"] == "ready"
        assert Cli(hub_url, "default")("get", "k", "--full").stdout.decode() == TEXT
        found = at_leaf.json("doctor", "--domain", "hub")
        assert "workers" in str(found)
    finally:
        worker.terminate()
        worker.communicate(timeout=40)


async def test_without_the_domain_the_hub_is_not_used(leaf: tuple[str, str]) -> None:
    hub_url, leaf_url = leaf
    async with SharedContext(hub_url) as ctx:
        await ctx.put("k", "at the hub")
    with suppress(StoreUnavailable):  # without JetStream at the leaf
        async with SharedContext(leaf_url, retry_budget=1) as here:
            assert await here.get("k") is None


async def test_the_domain_comes_from_the_environment_too(
    leaf: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub_url, leaf_url = leaf
    monkeypatch.setenv("NATS_DOMAIN", "hub")
    async with SharedContext(leaf_url) as ctx:
        await ctx.put("k", "x")
        assert isinstance(ctx._store, NatsStore)
    monkeypatch.delenv("NATS_DOMAIN")
    async with SharedContext(hub_url, create=False) as ctx:
        assert await ctx.get("k") == "x"


@pytest.mark.parametrize("domain", ["a.b", ">", "a b"])
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(InvalidRequest, match="domain"):
        SharedContext(domain=domain)
