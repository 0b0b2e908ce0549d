"""Readers in other regions: what mirrors serve, and what is read from the origin in spite of them.

That a mirror serves is seen when the origin has lost what is read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest

from sharedctx import PermissionDenied, SharedContext
from sharedctx.embedded import NatsServer
from sharedctx.errors import StoreError
from sharedctx.permissions import Role, permissions_of
from sharedctx.store.base import Mirror
from sharedctx.store.mirrors import add_mirror, mirror_states, remove_mirror
from tests.client.conftest import working
from tests.faults.clusters import hub_and_leaf, supercluster
from tests.faults.mirroring import (
    COPIES,
    EU,
    ORIGINS,
    Region,
    at,
    copied,
    drop,
    fill,
    purge,
    serves_both,
)
from tests.faults.roles import TEXT, user, user_line
from tests.worker.harness import WorkerProcess, until

# A leaf node with a domain of its own


async def test_readers_at_a_leaf_node_read_from_its_mirror(
    mirrored: tuple[NatsServer, NatsServer],
) -> None:
    hub, leaf = mirrored
    await purge(hub, ORIGINS)
    async with Region(leaf, domain="hub") as near, Region(hub) as far:
        assert await serves_both(near)
        assert not await serves_both(far)


async def test_readers_that_are_open_already_learn_of_a_mirror(
    servers: tuple[NatsServer, NatsServer],
) -> None:
    hub, leaf = servers
    await fill(hub)
    async with Region(leaf, domain="hub") as near:
        await add_mirror(at(hub), "team", EU)
        await copied(hub)
        await purge(hub, ORIGINS)
        await until(lambda: serves_both(near), "a read from the mirror")
        await remove_mirror(at(hub), "team", "eu")
        assert not await serves_both(near)


async def test_what_a_mirror_lacks_is_read_from_the_origin(
    mirrored: tuple[NatsServer, NatsServer],
) -> None:
    _, leaf = mirrored
    await purge(leaf, COPIES, domain="eu")
    async with Region(leaf, domain="hub") as near:
        assert await serves_both(near)


async def test_a_mirror_that_is_gone_costs_nothing(
    mirrored: tuple[NatsServer, NatsServer],
) -> None:
    hub, leaf = mirrored
    await drop(leaf, COPIES, domain="eu")
    async with Region(leaf, domain="hub") as near:
        began = time.monotonic()
        assert await serves_both(near)
        assert time.monotonic() - began < 0.5
    (state,) = await mirror_states(at(hub), "team")
    assert state.problem == "is gone: make it again"
    assert await add_mirror(at(hub), "team", Mirror("eu")) == EU
    await copied(hub)


async def test_a_mirror_that_never_answers_is_waited_for_once(
    mirrored: tuple[NatsServer, NatsServer],
) -> None:
    _, leaf = mirrored
    await drop(leaf, COPIES, domain="eu")
    mute = await nats.connect(leaf.url)
    heard = await mute.subscribe("$JS.API.DIRECT.GET.KV_ctx_team_renditions.>")
    await mute.flush()
    async with Region(leaf, domain="hub") as near:
        took = []
        for _ in range(2):
            began = time.monotonic()
            assert await near.get("made", timeout=5) == "short"
            took.append(time.monotonic() - began)
    assert heard.pending_msgs == 1
    assert took[0] < 3
    assert took[1] < 0.5
    await mute.close()


async def test_a_leaf_node_that_comes_back_has_its_mirror(
    mirrored: tuple[NatsServer, NatsServer],
) -> None:
    hub, leaf = mirrored
    await asyncio.to_thread(leaf.kill)
    (state,) = await mirror_states(at(hub), "team")
    assert state.problem == "does not answer"
    async with SharedContext(hub.url, namespace="team") as ctx, working(hub.url, "team"):
        assert (await ctx.put("more", TEXT + "more", wait=20)).state == "ready"
    await asyncio.to_thread(leaf.start)
    await copied(hub)
    async with Region(leaf, domain="hub") as near:
        assert await near.get("more") not in {None, TEXT + "more"}


async def test_a_rendition_that_only_a_mirror_has_is_made_again(
    servers: tuple[NatsServer, NatsServer], tmp_path: Path
) -> None:
    hub, leaf = servers
    await fill(hub, ttl=None)
    await add_mirror(at(hub), "team", EU)
    await copied(hub)
    await purge(hub, ORIGINS[:1])
    worker = WorkerProcess(
        tmp_path / "worker.log",
        *("-m", "sharedctx_workers", "--servers", leaf.url, "--domain", "hub", "--slots", "1"),
    )
    try:
        async with Region(hub) as far:
            assert await far.get("made", timeout=30) not in {None, TEXT}
    finally:
        worker.kill()


# Permissions


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[tuple[NatsServer, NatsServer]]:
    """A hub and a leaf node whose users may read, one of them only from the hub."""
    reader = permissions_of("team", Role.READER, domain="hub")
    at_hub = tuple(each for each in reader.publish if not each.startswith("$JS.API."))
    users = [
        "{user: root, password: p}",
        user_line("reader", reader),
        user_line("writer", permissions_of("team", Role.WRITER, domain="hub")),
        user_line("reader-of-hub", reader._replace(publish=at_hub)),
    ]
    config = f"authorization {{ users: [ {', '.join(users)} ] }}"
    with hub_and_leaf(tmp_path, "eu", config=config) as both:
        yield both


async def test_a_reader_may_read_from_a_mirror_if_its_permissions_say_so(
    guarded: tuple[NatsServer, NatsServer],
) -> None:
    hub, leaf = guarded
    await fill(hub)
    await add_mirror(at(hub), "team", EU)
    await copied(hub)
    names = ("reader", "reader-of-hub", "writer")
    logins = [user(leaf.url, name).credentials for name in names]
    async with (
        Region(leaf, domain="hub", credentials=logins[0]) as near,
        Region(leaf, domain="hub", credentials=logins[1]) as not_allowed,
        Region(leaf, domain="hub", credentials=logins[2]) as writer,
    ):
        for each in (near, not_allowed):
            assert await serves_both(each)
            assert await each.keys() == ["big", "made"]
        await writer.put("note", "by a writer")
        assert await near.get("note") == "by a writer"
        with pytest.raises(PermissionDenied):
            await near.put("note", "by a reader")
        await purge(hub, ORIGINS)
        assert await serves_both(near)
        assert not await serves_both(not_allowed)


# A supercluster


@pytest.fixture
def regions(tmp_path: Path) -> Iterator[dict[str, NatsServer]]:
    with supercluster(tmp_path, "us", "eu") as servers:
        yield servers


async def test_in_a_supercluster_the_server_itself_reads_from_the_nearest(
    regions: dict[str, NatsServer],
) -> None:
    us, eu, made = regions["us"], regions["eu"], Mirror("eu", cluster="eu")
    await fill(us, replicas=1)
    with pytest.raises(StoreError, match="No servers can hold"):
        await add_mirror(at(us), "team", Mirror("asia", cluster="asia"))
    assert await add_mirror(at(us), "team", made) == made
    assert await add_mirror(at(eu), "team", made) == made
    await copied(us)
    async with Region(eu) as near, Region(us) as far:
        # What only the origin has, because the mirror lost it ...
        await purge(eu, COPIES)
        assert await serves_both(near)
        await remove_mirror(at(us), "team", "eu")
        await add_mirror(at(us), "team", made)
        await copied(us)
        # ... and what only the mirror has.
        await purge(us, ORIGINS)
        assert await serves_both(near)
        assert not await serves_both(far)
        await asyncio.to_thread(eu.kill)
        assert await far.get("made", timeout=0) == TEXT
