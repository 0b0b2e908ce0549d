"""Partitions by the kernel: packets vanish, and what depends on them goes on elsewhere."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from sharedctx import SharedContext
from sharedctx.keys import subjects_of
from tests.faults.clusters import leader_of
from tests.faults.hosted import HostedCluster, HostNetwork, node_names
from tests.faults.hosts import Host, Hosts, can_shape, open_hosts, refusal

NAMESPACE = "hosts"
_STREAM = subjects_of(NAMESPACE).entries
_ROOT = Path(__file__).parents[2]
_PORT = 5000
_SENT = 20_000
_ALL_PACKETS, _IP = 3, 0x0800  # as the kernel numbers protocols
_CRASHING = """
import os, sys, time
from pathlib import Path
from tests.faults.hosted import HostedServer
from tests.faults.hosts import open_hosts

with open_hosts(["node-1"]) as hosts:
    host = hosts["node-1"]
    server = HostedServer(Path(sys.argv[1]), host).start()
    print(server.pid, os.fstat(host.fd).st_ino, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module", autouse=True)
def _permission() -> None:
    if problem := refusal():
        pytest.skip(f"NO NETWORK NAMESPACES, so no partitions by the kernel: {problem}")


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with open_hosts(["one", "other", "third"]) as opened:
        yield opened


def _listen(host: Host) -> socket.socket:
    with host.entered():
        return socket.create_server(("0.0.0.0", _PORT))


def _connect(host: Host, to: Host, port: int = _PORT) -> socket.socket:
    with host.entered():
        return socket.create_connection((to.address, port), timeout=1)


def _linked(host: Host, to: Host) -> tuple[socket.socket, socket.socket]:
    """Return both ends of a connection from one host to another."""
    with _listen(to) as server:
        near = _connect(host, to)
        far, _ = server.accept()
    far.settimeout(1)
    return near, far


def _wire(host: Host) -> socket.socket:
    """Return a socket that sees every IP packet that a host sends or receives."""
    with host.entered():
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL_PACKETS))
        wire.bind(("eth0", _ALL_PACKETS))
    wire.settimeout(0)
    return wire


def _seen(wire: socket.socket) -> tuple[int, int]:
    """Return how many packets were sent and how many received."""
    sent = received = 0
    with suppress(BlockingIOError):
        while True:
            _, (_, protocol, kind, *_) = wire.recvfrom(100)
            if protocol == _IP:
                outgoing = kind == socket.PACKET_OUTGOING
                sent, received = sent + outgoing, received + (not outgoing)
    return sent, received


def test_a_silent_host_is_lost_without_a_word(hosts: Hosts) -> None:
    one, other = hosts["one"], hosts["other"]
    near, far = _linked(one, other)
    with near, far, _wire(one) as wire:
        with pytest.raises(ConnectionRefusedError):  # the kernel of the other host says no
            _connect(one, other, 1)
        assert _seen(wire)[1] > 0
        hosts.silence("other")
        near.send(b"late")
        with pytest.raises(TimeoutError):
            _connect(one, other, 1)
        with pytest.raises(TimeoutError):
            far.recv(8)
        sent, received = _seen(wire)
        assert sent > 0
        assert received == 0
        hosts.heal()
        far.settimeout(10)
        assert far.recv(8) == b"late"  # TCP has sent it again


def test_packets_are_lost_in_one_direction_only(hosts: Hosts) -> None:
    near, far = _linked(hosts["one"], hosts["other"])
    with near, far:
        hosts.drop([("one", "other")])
        near.send(b"lost")
        far.send(b"heard")
        assert near.recv(8) == b"heard"
        with pytest.raises(TimeoutError):
            far.recv(8)


def test_a_third_host_reaches_two_that_do_not_reach_each_other(hosts: Hosts) -> None:
    HostNetwork(hosts, ["one", "other"]).part(0, 1)
    with _listen(hosts["other"]), _listen(hosts["one"]):
        with pytest.raises(TimeoutError):
            _connect(hosts["one"], hosts["other"])
        for name in ("one", "other"):
            _connect(hosts["third"], hosts[name]).close()


@pytest.mark.parametrize("qdisc", ["netem delay 100ms", "tbf rate 400kbit burst 4kb latency 1s"])
def test_a_shaped_host_is_slow_until_it_is_healed(hosts: Hosts, qdisc: str) -> None:
    if not can_shape(qdisc):
        pytest.skip(f"THE KERNEL HAS NO QUEUEING DISCIPLINE {qdisc}")
    near, far = _linked(hosts["one"], hosts["other"])

    def seconds() -> float:
        started = time.monotonic()
        near.sendall(bytes(_SENT))
        left = _SENT
        while left:
            left -= len(far.recv(left))
        return time.monotonic() - started

    with near, far:
        far.settimeout(30)
        hosts.shape("one", qdisc)
        slow = seconds()
        hosts.heal()
        assert seconds() < slow / 3


def test_nothing_is_left_of_a_process_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _CRASHING, str(tmp_path)]
    crashing = subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    assert crashing.stdout is not None
    with crashing, crashing.stdout:
        server, namespace = map(int, crashing.stdout.readline().split())
        assert server in _members(namespace)
        crashing.send_signal(signal.SIGKILL)
    until = time.monotonic() + 10
    while _members(namespace) and time.monotonic() < until:
        time.sleep(0.05)
    assert _members(namespace) == []


def _members(namespace: int) -> list[int]:
    """Return the processes in a namespace of this inode."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "ns" / "net").stat().st_ino == namespace:
                found.append(int(process.name))
    return found


def test_a_silent_leader_is_replaced_and_follows_when_it_is_back(tmp_path: Path) -> None:
    # The threads of its own event loop, and nothing else here, are on the host of the clients.
    with open_hosts([*node_names(3), "near"]) as hosts, hosts["near"].entered():
        cluster = HostedCluster(tmp_path, hosts)
        try:
            cluster.start()
            asyncio.run(_replace_leader(cluster, hosts))
        finally:
            cluster.kill()


async def _replace_leader(cluster: HostedCluster, hosts: Hosts) -> None:
    async with SharedContext(cluster.urls, namespace=NAMESPACE, replicas=3) as ctx:
        await ctx.put("k", "before")
    old = await leader_of(cluster, _STREAM)
    watching = await nats.connect(old.url, allow_reconnect=False)
    hosts.silence(old.data_dir.name)
    others = [node.url for node in cluster.nodes if node is not old]
    async with SharedContext(others, namespace=NAMESPACE, retry_budget=60) as ctx:
        await ctx.put("k", "after")
    assert await leader_of(cluster, _STREAM) is not old
    assert watching.is_connected  # nobody has told it
    hosts.heal()
    async with asyncio.timeout(60):
        while not await _follows(watching, old.data_dir.name):
            await asyncio.sleep(0.2)
    await watching.close()
    async with SharedContext(old.url, namespace=NAMESPACE) as ctx:
        assert await ctx.get("k") == "after"


async def _follows(connection: Client, node: str) -> bool:
    """Whether there is a new leader, and it says that a node has a complete copy again."""
    with suppress(NatsError):
        cluster = (await connection.jetstream().stream_info(_STREAM)).cluster
        replicas = cluster.replicas if cluster is not None else None
        return any(each.name == node and each.current for each in replicas or [])
    return False
