"""Readers in other regions: what mirrors serve, and what is read from the origin in spite of them.

That a mirror serves is seen when the origin has lost what is read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from sharedctx import CorruptEntry, InvalidRequest, PermissionDenied, SharedContext
from sharedctx.embedded import NatsServer
from sharedctx.errors import StoreError, StoreUnavailable
from sharedctx.permissions import Role, permissions_of
from sharedctx.records import RenditionBody
from sharedctx.store.base import Mirror
from sharedctx.store.mirrors import MirrorState, add_mirror, mirror_states, remove_mirror
from sharedctx.store.options import ConnectOptions
from sharedctx.store.streams import config_of
from tests.cli.harness import Cli
from tests.client.conftest import working
from tests.faults.clusters import hub_and_leaf, supercluster
from tests.faults.roles import BIG, TEXT, rendition, user, user_line
from tests.worker.harness import WorkerProcess, until

EU = Mirror("eu", domain="eu")
ORIGINS = ("KV_ctx_team_renditions", "KV_ctx_team_blobs")
COPIES = tuple(f"MIRROR_eu_{origin}" for origin in ORIGINS)


class Region(SharedContext):
    """A reader that keeps nothing, so that each of its reads is a read of the store."""

    def __init__(self, server: NatsServer, **settings: Any) -> None:
        super().__init__(server.url, namespace="team", create=False, cache_bytes=0, **settings)


def at(server: NatsServer) -> ConnectOptions:
    return ConnectOptions((server.url,))


@asynccontextmanager
async def jetstream(
    server: NatsServer, domain: str | None = None
) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(server.url)
    try:
        yield connection.jetstream(domain=domain)
    finally:
        await connection.close()


async def purge(server: NatsServer, streams: Sequence[str], domain: str | None = None) -> None:
    async with jetstream(server, domain) as js:
        for stream in streams:
            assert await js.purge_stream(stream)


async def fill(server: NatsServer, **settings: Any) -> None:
    """Make the namespace, with a rendition, as a worker would write it, and a body in chunks."""
    body, size = RenditionBody("short", b"").pack()
    async with SharedContext(server.url, namespace="team", **settings) as ctx:
        await ctx.put("made", TEXT)
        await ctx.put("big", BIG)
        made = await ctx._store.get("made")
        assert made is not None
        await ctx._store.put_rendition(rendition(made.record, made.record.profile, size), body)


async def copied(server: NatsServer) -> None:
    """Wait until the only mirror of the namespace has copied what its origin at `server` has."""

    async def look() -> bool:
        (state,) = await mirror_states(at(server), "team")
        async with jetstream(server) as js:
            held = [(await js.stream_info(origin)).state.messages for origin in ORIGINS]
        return state == MirrorState(state.mirror, sum(held), state.size)

    await until(look, "a mirror that has copied all")


async def serves_both(reader: SharedContext) -> bool:
    """Whether `reader` gets the rendition and the large body."""
    short = await reader.get("made", timeout=0)
    try:
        return short == "short" and await reader.get("big", full=True) == BIG
    except CorruptEntry:
        return False


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[NatsServer, NatsServer]]:
    with hub_and_leaf(tmp_path, "eu") as both:
        yield both


@pytest.fixture
async def mirrored(servers: tuple[NatsServer, NatsServer]) -> tuple[NatsServer, NatsServer]:
    """A hub and a leaf node that mirrors its namespace and has copied all there is."""
    hub, leaf = servers
    await fill(hub)
    assert await add_mirror(at(hub), "team", EU) == EU
    await copied(hub)
    return hub, leaf


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
    async with jetstream(leaf, "eu") as js:
        for stream in COPIES:
            await js.delete_stream(stream)
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
    async with jetstream(leaf, "eu") as js:
        for stream in COPIES:
            await js.delete_stream(stream)
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


# Its life


async def stream_config(server: NatsServer, stream: str, domain: str | None = None) -> Any:
    async with jetstream(server, domain) as js:
        return (await js.stream_info(stream)).config


async def test_a_mirror_drops_what_is_old_when_its_origin_does(
    servers: tuple[NatsServer, NatsServer],
) -> None:
    hub, leaf = servers
    await fill(hub, ttl=None)
    await add_mirror(at(hub), "team", EU)
    for copy in COPIES:
        assert (await stream_config(leaf, copy, "eu")).max_age == 7 * 86_400
    async with SharedContext(hub.url, namespace="team", ttl=2, max_entries=9, update=True):
        pass
    for origin, copy in zip(ORIGINS, COPIES, strict=True):
        kept, copied = await stream_config(hub, origin), await stream_config(leaf, copy, "eu")
        assert (copied.max_age, copied.max_msgs) == (kept.max_age, kept.max_msgs)
        assert copied.max_msgs_per_subject == 1
    await until(lambda: _holds_no_rendition(leaf), "the end of what is old")


async def _holds_no_rendition(leaf: NatsServer) -> bool:
    async with jetstream(leaf, "eu") as js:
        return (await js.stream_info(COPIES[0])).state.messages == 0


async def test_settings_can_be_changed_while_a_mirror_is_away(
    mirrored: tuple[NatsServer, NatsServer], caplog: pytest.LogCaptureFixture
) -> None:
    hub, leaf = mirrored
    await asyncio.to_thread(leaf.kill)
    async with SharedContext(hub.url, namespace="team", ttl=60, update=True) as ctx:
        assert (await ctx.info()).config.mirrors == (EU,)
    assert "eu keeps its old limits" in caplog.text
    await asyncio.to_thread(leaf.start)
    await until(lambda: _made_again(hub), "an answer of the leaf node")
    assert (await stream_config(leaf, COPIES[0], "eu")).max_age == 60


async def _made_again(hub: NatsServer) -> bool:
    try:
        return await add_mirror(at(hub), "team", Mirror("eu")) == EU
    except StoreUnavailable:
        return False


async def test_removing_a_mirror_removes_its_streams(
    mirrored: tuple[NatsServer, NatsServer],
) -> None:
    hub, leaf = mirrored
    await remove_mirror(at(hub), "team", "eu")
    assert await mirror_states(at(hub), "team") == []
    async with jetstream(leaf, "eu") as js:
        for copy in COPIES:
            with pytest.raises(NotFoundError):
                await js.stream_info(copy)
    with pytest.raises(InvalidRequest, match="there are: none"):
        await remove_mirror(at(hub), "team", "eu")


async def test_removing_a_mirror_that_is_away_says_what_remains(
    mirrored: tuple[NatsServer, NatsServer],
) -> None:
    hub, leaf = mirrored
    await asyncio.to_thread(leaf.kill)
    with pytest.raises(StoreError, match=" and ".join(COPIES)):
        await remove_mirror(at(hub), "team", "eu")
    assert await mirror_states(at(hub), "team") == []


async def test_a_mirror_of_an_older_namespace_is_told_apart(
    mirrored: tuple[NatsServer, NatsServer],
) -> None:
    hub, _ = mirrored
    async with jetstream(hub) as js:
        for stream in ("KV_ctx_team", *ORIGINS):
            await js.delete_stream(stream)
    async with SharedContext(hub.url, namespace="team"):
        pass
    await add_mirror(at(hub), "team", EU)
    (state,) = await mirror_states(at(hub), "team")
    assert state.problem == "is of an older namespace: remove it and make it again"
    await remove_mirror(at(hub), "team", "eu")
    await add_mirror(at(hub), "team", EU)
    await fill(hub)
    await copied(hub)


@pytest.fixture
def cut_off(tmp_path: Path) -> Iterator[NatsServer]:
    """A hub whose leaf node may not ask for what it is to mirror."""
    remote = 'deny_exports: ["$JS.hub.API.CONSUMER.>"]'
    with hub_and_leaf(tmp_path, "eu", remote=remote) as (hub, _):
        yield hub


async def test_a_mirror_to_which_nothing_comes_is_told_apart(cut_off: NatsServer) -> None:
    await fill(cut_off)
    await add_mirror(at(cut_off), "team", EU)
    await asyncio.sleep(2)  # ten times as long as one takes that hears
    (state,) = await mirror_states(at(cut_off), "team")
    assert state.problem == "hears nothing from the namespace"


def test_settings_of_a_newer_version_are_passed_over() -> None:
    recorded = '{"ttl": 9, "mirrors": [{"region": "eu", "domain": "eu", "shape": "round"}]}'
    assert config_of({"metadata": {"sharedctx": recorded}}).mirrors == (EU,)


# The command


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a hub that has a leaf node and a namespace without mirrors."""
    with hub_and_leaf(tmp_path_factory.mktemp("hub"), "eu") as (running, _):
        Cli(running.url, "team")("put", "k", given=b"x")
        yield running.url


def test_the_command_makes_lists_and_removes(servers: tuple[NatsServer, NatsServer]) -> None:
    hub, leaf = servers
    cli, at_leaf = Cli(hub.url, "team"), Cli(leaf.url, "team")
    assert b"does not exist" in cli("mirror", status=3).stderr
    cli("put", "k", given=b"x")
    assert b"Say where" in cli("mirror", "eu", status=2).stderr
    made = at_leaf.json("mirror", "eu", "--mirror-domain", "eu", "--domain", "hub")
    assert (made["region"], made["domain"]) == ("eu", "eu")
    assert b"eu, domain eu" in cli("mirror", "eu").stdout
    (listed,) = cli.json("mirror")
    assert (listed["region"], listed["domain"], listed["lag"]) == ("eu", "eu", 0)
    assert b"mirrors ('eu',)" in cli("doctor", status=1).stdout
    cli("mirror", "eu", "--remove")
    assert b"there are: none" in cli("mirror", "eu", "--remove", status=2).stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("eu", "--mirror-domain", "nowhere"), 4, b"No JetStream answers in the domain 'nowhere'"),
        (("eu", "--mirror-domain", "a.b"), 2, b"not the name of a JetStream domain"),
        (("e_u", "--mirror-domain", "eu"), 2, b"A region is named by"),
        (("eu", "--mirror-domain", "eu", "--replicas", "2"), 2, b"1, 3 or 5"),
        (("eu", "--mirror-domain", "eu", "--replicas", "3"), 1, b"No servers can hold"),
        (("eu", "--replicas", "3"), 2, b"Say where"),
        (("--cluster", "eu"), 2, b"Name the region"),
        (("--remove",), 2, b"Name the region"),
        (("eu", "--remove", "--tag", "x"), 2, b"where its mirror is to be"),
    ],
)
def test_the_command_says_what_is_wrong(
    hub: str, arguments: tuple[str, ...], status: int, said: bytes
) -> None:
    ended = Cli(hub, "team")("mirror", *arguments, status=status)
    assert said in b" ".join(ended.stderr.split())


async def test_a_namespace_without_a_domain_is_told_so(own_server: NatsServer) -> None:
    async with SharedContext(own_server.url, namespace="team"):
        pass
    with pytest.raises(InvalidRequest, match="has no domain"):
        await add_mirror(at(own_server), "team", EU)


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
