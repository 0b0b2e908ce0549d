"""What Compose starts, started as plain processes: same commands, environment and configuration."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import anyio

from sharedctx.embedded.server import find_nats_server
from tests.deployment.files import COMPOSE

__all__ = ("Node", "answers", "free_ports", "nats_nodes", "started")

_NATS_SERVER = str(find_nats_server())


@dataclass(frozen=True, slots=True)
class Node:
    """A running node of NATS: its port for clients, and the one for health and metrics."""

    port: int
    http_port: int

    def get(self, path: str) -> Any:
        """Return the JSON that the monitoring port answers."""
        with urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=10) as answer:
            return json.load(answer)


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on at the moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@contextmanager
def started(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command with this environment, and end it at the end."""
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    path = os.pathsep.join(filter(None, sys.path))
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PATH": tools, "PYTHONPATH": path, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def nats_nodes(
    services: Mapping[str, Any], names: Sequence[str], folder: Path
) -> Iterator[list[Node]]:
    """Run the nodes of NATS that the compose file names, on this host.

    They share one network address here, so each gets ports of its own on the command line.
    """
    client, http, route = (free_ports(len(names)) for _ in range(3))
    with ExitStack() as stack:
        for i, name in enumerate(names):
            environment = dict(services[name]["environment"])
            environment["NATS_STORE"] = str(folder / name)
            for number, (node, port) in enumerate(zip(names, route, strict=True), 1):
                url = environment[f"ROUTE_{number}"]
                environment[f"ROUTE_{number}"] = url.replace(f"@{node}:6222", f"@127.0.0.1:{port}")
            arguments = [
                argument.replace("/etc/nats", str(COMPOSE / "nats"))
                for argument in services[name]["command"]
            ]
            own = ["--addr", "127.0.0.1", "-p", str(client[i]), "-m", str(http[i])]
            if len(names) > 1:
                own += ["--cluster", f"nats://127.0.0.1:{route[i]}"]
            command = [_NATS_SERVER, *arguments, *own]
            stack.enter_context(started(command, environment, folder / f"{name}.log"))
        yield [Node(*ports) for ports in zip(client, http, strict=True)]


async def answers(url: str) -> bool:
    """Wait until an address answers with success."""
    with anyio.move_on_after(60):
        while True:
            try:
                await asyncio.to_thread(_fetch, url)
            except OSError:
                await anyio.sleep(0.1)
            else:
                return True
    return False


def _fetch(url: str) -> None:
    with urlopen(url, timeout=3):
        pass
