"""Real servers under real load: what they log and report is material of the corpus."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nats
from nats.aio.client import Client

from tests.benchmarks.compression.workshop import Missing, Workshop

__all__ = ("RunningServer", "access_log", "free_port", "nats_under_load", "worker_log")

_ROOT: Final = Path(__file__).parents[4]
# Agents put the sources of this project, some several times, and a worker compresses them.
_WORKER: Final = """
import asyncio, subprocess, sys, tempfile
from pathlib import Path
from sharedctx import SharedContext
from sharedctx.embedded import NatsServer

async def main():
    texts = [path.read_text() for path in sorted(Path("sharedctx").rglob("*.py"))]
    with tempfile.TemporaryDirectory() as folder, NatsServer(Path(folder)) as server:
        worker = subprocess.Popen(
            (sys.executable, "-m", "sharedctx_workers", "--servers", server.url,
             "--log-level", "debug", "--log-format", sys.argv[1]))
        async with SharedContext(server.url) as ctx:
            for number, text in enumerate(texts):
                await ctx.put(f"file/{number}", text, agent=f"agent-{number % 5}")
                if number % 3 == 0:
                    await ctx.put(f"copy/{number}", text, agent="copier")
            await ctx.put("last", texts[0] * 2, wait=True)
        worker.terminate()
        worker.wait()

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A NATS server with clients, streams and traffic."""

    monitoring_port: int
    log: Path


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def nats_under_load(workshop: Workshop) -> Iterator[RunningServer]:
    """Run a NATS server with monitoring, clients that work, and clients that err."""
    folder = workshop.fresh("nats")
    port, monitoring = free_port(), free_port()
    log = folder / "server.log"
    process = subprocess.Popen(
        (
            workshop.nats_server(), "-a", "127.0.0.1", "-p", str(port), "-m", str(monitoring),
            "-js", "-sd", folder / "store", "-l", log, "-D",
        )
    )  # fmt: skip
    loop = asyncio.new_event_loop()
    try:
        _await_port(port)
        clients = loop.run_until_complete(_load(f"nats://127.0.0.1:{port}"))
        yield RunningServer(monitoring, log)
        loop.run_until_complete(_close(clients))
    finally:
        process.terminate()
        process.wait()
        loop.close()


def _await_port(port: int) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise Missing("nats-server did not start")


async def _load(url: str) -> list[Client]:
    clients = []
    for number in range(24):
        client = await nats.connect(url, name=f"service-{number % 6}-{number}")
        for subject in ("orders.*", f"inventory.{number}.>", f"metrics.cpu.{number % 4}"):
            await client.subscribe(subject)
        for _ in range(number * 3):
            await client.publish(f"orders.{number}", b"x" * (100 + 7 * number))
        await client.flush()
        clients.append(client)
    stream = clients[0].jetstream()
    for name in ("ORDERS", "AUDIT", "BILLING", "SENSORS", "MAIL"):
        await stream.add_stream(name=name, subjects=[f"js.{name.lower()}.>"], max_msgs=500)
        for number in range(60):
            await stream.publish(f"js.{name.lower()}.{number % 7}", b"y" * number)
        for number in range(3):
            await stream.subscribe(f"js.{name.lower()}.{number}", durable=f"worker-{number}")
    for client in clients[:4]:
        with contextlib.suppress(Exception):
            await client.jetstream().stream_info("ABSENT")
    return clients


def worker_log(style: str) -> Callable[[Workshop], str]:
    """Return a maker of the log, ``json`` or ``console``, of a worker that is given work."""

    def make(workshop: Workshop) -> str:
        paths = f"{_ROOT}:{_ROOT / 'workers'}"
        command = (sys.executable, "-c", _WORKER, style)
        return workshop.run(*command, cwd=_ROOT, env={"PYTHONPATH": paths})

    return make


async def _close(clients: list[Client]) -> None:
    for client in clients:
        await client.close()


def access_log(workshop: Workshop) -> str:
    """Return what a Django development server logs under requests that succeed and fail."""
    folder = workshop.fresh("site")
    python = workshop.tools() / "python"
    workshop.run(python, "-m", "django", "startproject", "site1", folder)
    (folder / "site1" / "urls.py").write_text(_URLS)
    workshop.run(python, "manage.py", "migrate", cwd=folder)
    port = free_port()
    log = folder / "access.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            (python, "-u", "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"),
            cwd=folder, stdout=out, stderr=out, env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
        )  # fmt: skip
        try:
            _await_port(port)
            _request_pages(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait()
    return log.read_text()


_URLS: Final = """
from django.http import HttpResponse, JsonResponse
from django.urls import path

def item(request, number):
    if number % 37 == 0:
        raise ZeroDivisionError(f"item {number} has no price")
    status = 404 if number % 11 == 0 else 200
    return JsonResponse({"item": number, "note": "x" * (number % 90)}, status=status)

urlpatterns = [
    path("items/<int:number>/", item),
    path("health", lambda request: HttpResponse("ok")),
    path("old", lambda request: HttpResponse(status=301, headers={"Location": "/health"})),
]
"""


def _request_pages(base: str) -> None:
    for number in range(420):
        paths = [f"/items/{number * 7 % 400}/?page={number % 9}", "/health"]
        if number % 23 == 0:
            paths += ["/old", f"/.env{number}", "/wp-login.php", "/items/abc/"]
        for path in paths:
            method = "POST" if number % 19 == 4 else "GET"
            request = urllib.request.Request(base + path, method=method)
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(request, timeout=10).read()
