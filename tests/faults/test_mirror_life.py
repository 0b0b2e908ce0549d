"""Mirrors from the making to the removal: their limits, their states, and the command."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nats.js.errors import NotFoundError

from sharedctx import InvalidRequest, SharedContext
from sharedctx.embedded import NatsServer
from sharedctx.errors import StoreError, StoreUnavailable
from sharedctx.store.base import Mirror
from sharedctx.store.mirrors import add_mirror, mirror_states, remove_mirror
from sharedctx.store.streams import config_of
from tests.cli.harness import Cli
from tests.faults.clusters import hub_and_leaf
from tests.faults.mirroring import (
    COPIES,
    EU,
    ORIGINS,
    at,
    copied,
    drop,
    fill,
    jetstream,
)
from tests.worker.harness import until

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
    await drop(hub, ("KV_ctx_team", *ORIGINS))
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
