"""What goes wrong.

Each fault happens when its context is entered, and is healed when it is left. The context gives the
name of what it hits: ``node-2``, ``worker-0``, ``client-3``, or ``all``.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sharedctx.embedded import NatsServer
from sharedctx.keys import subjects_of
from tests.faults.clusters import leader_of
from tests.faults.proxy import Proxy
from tests.nemesis.client import MAIN
from tests.nemesis.world import Program, World

__all__ = ("CLUSTER_FAULTS", "FAULTS", "KILLS", "SPLITS", "Plan", "kinds_for", "plan")

_EXIT_LIMIT_S: Final = 90.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A fault that is to happen.

    Attributes:
        kind: Which one, a key of `FAULTS`.
        pause: Seconds of peace before it.
        hold: Seconds until it is healed.
        chance: Decides whom it hits.
    """

    kind: str
    pause: float
    hold: float
    chance: random.Random


def plan(seed: str, kinds: Sequence[str], *, longest: float) -> Iterator[Plan]:
    """Draw faults of these kinds from a seed, without end; each is held `longest` s at most."""
    chance = random.Random(f"nemesis/{seed}")
    while True:
        # Every kind once in each round, so that none is left to chance.
        for kind in chance.sample(list(kinds), len(kinds)):
            pause, hold = chance.uniform(0.5, 2.0), chance.uniform(0.2, 1.0) * longest
            yield Plan(kind, pause, hold, random.Random(chance.random()))


def kinds_for(replicas: int) -> list[str]:
    """Return the faults that make sense with so many replicas; kills and partitions more often."""
    kinds = [kind for kind in FAULTS if replicas > 1 or kind not in CLUSTER_FAULTS]
    return kinds + [kind for kind in kinds if kind in KILLS]


# Servers


@asynccontextmanager
async def _server_kill(world: World, chance: random.Random) -> AsyncIterator[str]:
    node = chance.choice(world.nodes)
    node.kill()
    yield node.data_dir.name
    node.start()


@asynccontextmanager
async def _leader_kill(world: World, _chance: random.Random) -> AsyncIterator[str]:
    node = await _leader(world)
    node.kill()
    yield node.data_dir.name
    node.start()


@asynccontextmanager
async def _server_pause(world: World, chance: random.Random) -> AsyncIterator[str]:
    node = chance.choice(world.nodes)
    os.kill(node.pid, signal.SIGSTOP)
    yield node.data_dir.name
    os.kill(node.pid, signal.SIGCONT)


@asynccontextmanager
async def _server_restart(world: World, chance: random.Random) -> AsyncIterator[str]:
    node = chance.choice(world.nodes)
    await _end(node, signal.SIGTERM)
    yield node.data_dir.name
    node.start()


@asynccontextmanager
async def _rolling_restart(world: World, chance: random.Random) -> AsyncIterator[str]:
    """Every server in turn lets its clients go, ends, and is started again."""
    for node in chance.sample(world.nodes, len(world.nodes)):
        await _end(node, signal.SIGUSR2)
        node.start()
        await asyncio.sleep(1.0)
    yield "all"


@asynccontextmanager
async def _config_reload(world: World, chance: random.Random) -> AsyncIterator[str]:
    node = chance.choice(world.nodes)
    settings = node.data_dir / "nats-server.conf"
    before = settings.read_text()
    settings.write_text(f"{before}\nmax_connections: {chance.randrange(500, 900)}\n")
    os.kill(node.pid, signal.SIGHUP)
    yield node.data_dir.name
    settings.write_text(before)
    os.kill(node.pid, signal.SIGHUP)


async def _leader(world: World) -> NatsServer:
    assert world.cluster is not None
    return await leader_of(world.cluster, subjects_of(MAIN).entries)


async def _end(node: NatsServer, number: signal.Signals) -> None:
    """Ask a server to end and wait until it has, without holding up the links."""
    os.kill(node.pid, number)
    async with asyncio.timeout(_EXIT_LIMIT_S):
        while node.is_running:
            await asyncio.sleep(0.05)


# The network between the servers


@asynccontextmanager
async def _split_leader(world: World, _chance: random.Random) -> AsyncIterator[str]:
    assert world.network is not None
    node = await _leader(world)
    world.network.isolate(world.nodes.index(node))
    yield node.data_dir.name
    world.network.heal()


@asynccontextmanager
async def _split_node(world: World, chance: random.Random) -> AsyncIterator[str]:
    assert world.network is not None
    node = chance.choice(world.nodes)
    world.network.isolate(world.nodes.index(node))
    yield node.data_dir.name
    world.network.heal()


# The network between the servers and the others


@asynccontextmanager
async def _link_silent(world: World, chance: random.Random) -> AsyncIterator[str]:
    name, links = _link(world, chance)
    for link in links:
        link.black_hole()
    yield name
    for link in links:
        link.heal()


@asynccontextmanager
async def _link_refused(world: World, chance: random.Random) -> AsyncIterator[str]:
    name, links = _link(world, chance)
    for link in links:
        link.refuse()
    yield name
    for link in links:
        link.heal()


@asynccontextmanager
async def _link_reset(world: World, chance: random.Random) -> AsyncIterator[str]:
    name, links = _link(world, chance)
    for link in links:
        link.reset()
    yield name


@asynccontextmanager
async def _link_half_closed(world: World, chance: random.Random) -> AsyncIterator[str]:
    name, links = _link(world, chance)
    for link in links:
        link.half_close()
    yield name


@asynccontextmanager
async def _link_delayed(world: World, chance: random.Random) -> AsyncIterator[str]:
    name, links = _link(world, chance)
    delay = chance.uniform(0.01, 0.2)
    for link in links:
        link.delay = delay
    yield name
    for link in links:
        link.delay = 0.0


@asynccontextmanager
async def _link_slow(world: World, chance: random.Random) -> AsyncIterator[str]:
    name, links = _link(world, chance)
    rate = chance.uniform(20_000, 200_000)
    for link in links:
        link.rate = rate
    yield name
    for link in links:
        link.rate = None


def _link(world: World, chance: random.Random) -> tuple[str, list[Proxy]]:
    return chance.choice(sorted(world.links.items()))


# Workers and clients


@asynccontextmanager
async def _worker_kill(world: World, chance: random.Random) -> AsyncIterator[str]:
    worker = chance.choice(world.workers)
    worker.kill()
    yield worker.log.stem
    worker.start()


@asynccontextmanager
async def _client_kill(world: World, chance: random.Random) -> AsyncIterator[str]:
    number = chance.randrange(len(world.clients))
    world.clients[number].kill()
    yield world.clients[number].log.stem
    world.start_client(number)


@asynccontextmanager
async def _worker_pause(world: World, chance: random.Random) -> AsyncIterator[str]:
    async with _paused(chance.choice(world.workers)) as name:
        yield name


@asynccontextmanager
async def _client_pause(world: World, chance: random.Random) -> AsyncIterator[str]:
    async with _paused(chance.choice(world.clients)) as name:
        yield name


@asynccontextmanager
async def _paused(program: Program) -> AsyncIterator[str]:
    program.signal(signal.SIGSTOP)
    yield program.log.stem
    program.signal(signal.SIGCONT)


FAULTS: Final[dict[str, Callable[[World, random.Random], AbstractAsyncContextManager[str]]]] = {
    "server-kill": _server_kill,
    "leader-kill": _leader_kill,
    "split-leader": _split_leader,
    "split-node": _split_node,
    "worker-kill": _worker_kill,
    "client-kill": _client_kill,
    "link-silent": _link_silent,
    "link-refused": _link_refused,
    "server-pause": _server_pause,
    "server-restart": _server_restart,
    "rolling-restart": _rolling_restart,
    "config-reload": _config_reload,
    "worker-pause": _worker_pause,
    "client-pause": _client_pause,
    "link-reset": _link_reset,
    "link-half-closed": _link_half_closed,
    "link-delayed": _link_delayed,
    "link-slow": _link_slow,
}
CLUSTER_FAULTS: Final = frozenset({"leader-kill", "split-leader", "split-node"})
"""Those that need several servers."""
KILLS: Final = frozenset(list(FAULTS)[:8])
"""Kills and partitions."""
SPLITS: Final = frozenset({"split-leader", "split-node", "server-pause"})
"""Those during which a reader of a cluster may be cut off together with an old leader."""
