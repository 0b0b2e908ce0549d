"""The supervisor: owns the nats-servers and the workers of a local stack, and outlives nobody.

It stops everything in good order when it gets SIGTERM, SIGINT or SIGHUP, when its standard input
ends, or when its parent changes; the last two happen also when the parent is killed with SIGKILL.
When the supervisor itself is killed, the kernel kills its children (Linux).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final

from sharedctx.embedded.children import Child, KeptAlive, WorkerProcess
from sharedctx.embedded.cluster import NatsCluster
from sharedctx.embedded.server import NatsServer
from sharedctx.errors import InvalidRequest, SharedContextError

__all__ = ("StackSettings", "main")

_GRACE_SECONDS: Final = 4.0
"""How long workers may finish jobs in hand. What they leave is done after the next start."""
_KILL_SECONDS: Final = 6.0
"""A worker that is still there after so long hangs."""
_LOOK_SECONDS: Final = 0.25
_STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class StackSettings:
    """What a supervisor is told, as one JSON object in its only argument, or nothing for a default.

    Attributes:
        data_dir: Where the server keeps its data and everyone their logs.
        temporary: Whether `data_dir` is removed at the end.
        workers: Number of worker processes, 0 or more.
        nodes: Number of nats-servers; several form a cluster.
        port: TCP port of the first server, the others follow; None takes free ones.
        config: More lines for the configuration file of every server.
        sync_interval: How often what was written is forced to the disk; see `NatsServer`.
    """

    data_dir: str
    temporary: bool
    workers: int = 1
    nodes: int = 1
    port: int | None = None
    config: str = ""
    sync_interval: str | None = None


class _Wakeups:
    """Everything that ends the watch: signals, end of standard input, death of the parent."""

    def __init__(self, wakeup_fd: int) -> None:
        self._wakeup_fd = wakeup_fd
        self._parent = os.getppid()
        self._signaled = False

    def on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signaled = True

    def stop_requested(self, seconds: float) -> bool:
        """Wait up to `seconds`, less when a child ends, and tell whether to stop."""
        readable, _, _ = select.select([0, self._wakeup_fd], [], [], seconds)
        if self._wakeup_fd in readable:
            os.read(self._wakeup_fd, 4096)
        ended = 0 in readable and not os.read(0, 4096)
        return ended or self._signaled or os.getppid() != self._parent


@contextmanager
def _wakeups() -> Iterator[_Wakeups]:
    """Route the signals of this process into a `_Wakeups`."""
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    wakeups = _Wakeups(readable)
    for number in _STOP_SIGNALS:
        signal.signal(number, wakeups.on_signal)
    # Python writes a byte per handled signal; a handler for SIGCHLD makes a dead child one of them.
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(writable)
    try:
        yield wakeups
    finally:
        signal.set_wakeup_fd(-1)
        os.close(readable)
        os.close(writable)


def _tell_parent(**facts: object) -> None:
    # A parent that is gone already is noticed by the watch.
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(facts) + "\n")
        sys.stdout.flush()


def _log(event: str) -> None:
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    sys.stderr.write(f"{at} {event}\n")
    sys.stderr.flush()


def _watch(wakeups: _Wakeups, children: list[KeptAlive]) -> None:
    """Keep `children` alive until it is time to stop."""
    while not wakeups.stop_requested(_LOOK_SECONDS):
        for child in children:
            if event := child.check():
                _log(event)


def _servers(settings: StackSettings) -> NatsServer | NatsCluster:
    """Return the server, or the cluster, not yet started."""
    folder, config = Path(settings.data_dir), settings.config
    alone = 1 if (folder / "jetstream").exists() else settings.nodes
    held = len(list(folder.glob("node-*"))) or alone
    if held != settings.nodes:
        raise InvalidRequest(
            f"{folder} holds the data of {held} nodes, not of {settings.nodes}. Give that number, "
            "or another folder."
        )
    port, sync = settings.port, settings.sync_interval
    if settings.nodes == 1:
        return NatsServer(folder, port=port, config=config, sync_interval=sync)
    return NatsCluster(folder, settings.nodes, port=port, config=config, sync_interval=sync)


def _stop(server: NatsServer | NatsCluster, workers: list[WorkerProcess]) -> None:
    """Workers first, because finishing a job needs the server."""
    for worker in workers:
        worker.terminate()
    deadline = time.monotonic() + _KILL_SECONDS
    for worker in workers:
        worker.reap(deadline)
    server.stop()


def _supervise(settings: StackSettings) -> None:
    data_dir = Path(settings.data_dir)
    server = _servers(settings)
    workers: list[WorkerProcess] = []
    with _wakeups() as wakeups:
        try:
            server.start()
            nodes = server.nodes if isinstance(server, NatsCluster) else [server]
            urls = [node.url for node in nodes]
            for number in range(settings.workers):
                log = data_dir / f"worker-{number}.log"
                workers.append(WorkerProcess(",".join(urls), log, grace=_GRACE_SECONDS))
                workers[-1].start()
            _log(f"up at {', '.join(urls)}")
            _tell_parent(servers=urls, data_dir=settings.data_dir, pid=os.getpid())
            names = ["nats-server"] if len(nodes) == 1 else [node.data_dir.name for node in nodes]
            named: dict[str, Child] = dict(zip(names, nodes, strict=True))
            named |= {f"worker {number}": worker for number, worker in enumerate(workers)}
            _watch(wakeups, [KeptAlive(name, child) for name, child in named.items()])
        finally:
            _log("stopping")
            _stop(server, workers)


def main(arguments: list[str]) -> int:
    """Run a stack until it is asked to stop; return the exit status.

    The first line on standard output is one JSON object: ``{"servers": [...], "data_dir": ...,
    "pid": ...}`` once the server accepts connections, or ``{"error": ...}``.
    """
    if arguments:
        settings = StackSettings(**json.loads(arguments[0]))
    else:
        settings = StackSettings(tempfile.mkdtemp(prefix="sharedctx-"), temporary=True)
    try:
        _supervise(settings)
    except (SharedContextError, OSError) as error:
        _log(f"ended: {error}")
        _tell_parent(error=str(error))
        return 1
    finally:
        if settings.temporary:
            shutil.rmtree(settings.data_dir, ignore_errors=True)
    return 0
