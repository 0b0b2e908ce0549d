"""A local stack: nats-servers and workers under a supervisor that this process holds."""

from __future__ import annotations

import importlib.util
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import anyio
import anyio.to_thread

from sharedctx.embedded.children import child_environment
from sharedctx.embedded.server import find_nats_server
from sharedctx.embedded.supervisor import StackSettings
from sharedctx.errors import InvalidRequest, MissingExtra, StoreUnavailable

__all__ = ("Stack", "local_stack")

_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 20.0
"""More than a supervisor needs when everything below it hangs and has to be killed."""
_WORKER_MODULES: Final = ("sharedctx_workers", "structlog", "starlette", "uvicorn", "typer")


class Stack:
    """Nats-servers on loopback ports and worker processes.

    ::

        with Stack(workers=2) as stack:
            run(["sharedctx", "--servers", stack.url, "ls"])

    Everything stops when the block ends, and also when this process dies in whatever way. Safe to
    start and close from different threads.

    Args:
        workers: Number of worker processes, 0 or more.
        data_dir: Where data and logs live; kept. None makes a temporary folder and removes it.
        nodes: Number of nats-servers. Several form a cluster, and three survive the loss of one.
        port: TCP port of the first server, the others follow; None takes free ones.
        config: More lines for the configuration file of every server.
        sync_interval: How often what was written is forced to the disk, such as ``10s`` or
            ``always``: before it is acknowledged. None: every two minutes, as NATS does by default.
    """

    def __init__(
        self,
        workers: int = 1,
        data_dir: str | os.PathLike[str] | None = None,
        *,
        nodes: int = 1,
        port: int | None = None,
        config: str = "",
        sync_interval: str | None = None,
    ) -> None:
        if nodes < 1:
            raise InvalidRequest("A local stack has at least one nats-server.")
        self._workers = workers
        self._given_dir = None if data_dir is None else Path(data_dir).absolute()
        self._settings = partial(
            StackSettings,
            workers=workers,
            nodes=nodes,
            port=port,
            config=config,
            sync_interval=sync_interval,
        )
        self._lock = threading.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._url: str | None = None
        self._data_dir: Path | None = None

    @property
    def url(self) -> str:
        """Where clients connect: one URL, or those of all nodes, separated by commas."""
        if self._url is None:
            raise StoreUnavailable("This local stack was not started.")
        return self._url

    @property
    def data_dir(self) -> Path:
        """Folder with the data of the servers and the logs of all processes."""
        if self._data_dir is None:
            raise StoreUnavailable("This local stack was not started.")
        return self._data_dir

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        if self._process is None:
            raise StoreUnavailable("This local stack is not running.")
        return self._process.pid

    def start(self) -> Self:
        """Start it and return once the servers are ready (about a second, a cluster two to six).

        Workers come up meanwhile; what is put before they are there waits for them.

        Raises:
            MissingExtra: the extra ``local`` is not installed.
            StoreUnavailable: the server did not come up; the message says why.
        """
        with self._lock:
            if self._process is None and not self._closed:
                _require_extra(self._workers)
                try:
                    self._launch()
                except BaseException:
                    self._end()
                    raise
        return self

    def close(self) -> None:
        """Stop everything, workers first, and remove a temporary data directory. Idempotent."""
        self._closed = True
        with self._lock:
            self._end()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait up to `seconds` for the supervisor to end by itself; return whether it has."""
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _launch(self) -> None:
        if self._given_dir is not None:
            self._given_dir.mkdir(parents=True, exist_ok=True)
        self._data_dir = self._given_dir or Path(tempfile.mkdtemp(prefix="sharedctx-"))
        settings = self._settings(str(self._data_dir), temporary=self._given_dir is None)
        command = [sys.executable, "-P", "-m", "sharedctx.embedded", json.dumps(asdict(settings))]
        with (self._data_dir / "supervisor.log").open("ab") as log:
            # A session of its own: Ctrl-C in a terminal reaches us, and we stop it in order.
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=child_environment(),
                start_new_session=True,
            )
        answer = json.loads(self._first_line() or "{}")
        if "servers" not in answer:
            reason = answer.get("error") or "The supervisor ended without a word; see its log."
            raise StoreUnavailable(str(reason))
        self._url = ",".join(answer["servers"])

    def _first_line(self) -> bytes:
        """What the supervisor says once it knows, or nothing when it died or takes too long."""
        assert self._process is not None
        assert self._process.stdout is not None
        deadline = time.monotonic() + _START_SECONDS
        line = b""
        while not line.endswith(b"\n"):
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._process.stdout], [], [], left)[0]:
                return b""
            some = os.read(self._process.stdout.fileno(), 65536)
            if not some:
                return b""
            line += some
        return line

    def _end(self) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.close()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process.stdout.close()
            self._process = None
        if self._data_dir is not None and self._given_dir is None:
            # The supervisor did this already, unless it was killed.
            shutil.rmtree(self._data_dir, ignore_errors=True)


@asynccontextmanager
async def local_stack(
    workers: int = 1, data_dir: str | os.PathLike[str] | None = None, **server: Any
) -> AsyncIterator[Stack]:
    """Run a `Stack` for the length of an ``async with`` block.

    Cancellation at any point, also while it starts, stops everything before it goes on.

    Args:
        workers: Number of worker processes, 0 or more.
        data_dir: Where data and logs live; kept. None makes a temporary folder and removes it.
        server: The other options of `Stack`: `nodes`, `port`, `config`, `sync_interval`.

    Raises:
        MissingExtra: the extra ``local`` is not installed.
        StoreUnavailable: the server did not come up.
    """
    stack = Stack(workers, data_dir, **server)
    try:
        await anyio.to_thread.run_sync(stack.start)
        yield stack
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(stack.close)


def _require_extra(workers: int) -> None:
    find_nats_server()
    missing = [name for name in _WORKER_MODULES if importlib.util.find_spec(name) is None]
    if workers and missing:
        raise MissingExtra(
            f"Local workers need {', '.join(missing)}. "
            "Install what is missing with: pip install 'sharedctx[local]'"
        )
