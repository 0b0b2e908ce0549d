"""The child processes of a supervisor: worker processes, and how a dead child is started again."""

from __future__ import annotations

import importlib.util
import itertools
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Protocol

from sharedctx.embedded.leash import leashed
from sharedctx.errors import SharedContextError
from sharedctx.store.credentials import ENVIRONMENT

__all__ = ("Child", "KeptAlive", "WorkerProcess", "child_environment")

_FIRST_DELAY_SECONDS: Final = 0.5
_LONGEST_DELAY_SECONDS: Final = 30.0
_NOT_FOR_CHILDREN: Final = frozenset(
    {
        "NATS_DOMAIN",
        "NATS_URL",
        "SHAREDCTX_DOMAIN",
        "SHAREDCTX_HEALTH_PORT",
        "SHAREDCTX_KEY_FILE",
        "SHAREDCTX_NAMESPACE",
        "SHAREDCTX_NAMESPACES",
        "SHAREDCTX_SERVERS",
        *itertools.chain.from_iterable(ENVIRONMENT.values()),
    }
)


def child_environment() -> dict[str, str]:
    """Return our environment, made fit for Python programs that belong to a local stack.

    They import the very packages that this process uses, wherever it found them, and are not bound
    to the credentials, namespaces and ports that the user set for another server.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_CHILDREN}
    folders = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
    for package in ("sharedctx_workers", "sharedctx"):
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            continue
        folder = Path(spec.submodule_search_locations[0]).parent
        # Installed packages are found anyway, and must stay behind the standard library.
        if folder.name not in {"site-packages", "dist-packages"}:
            folders.insert(0, str(folder))
    return {**inherited, "PYTHONPATH": os.pathsep.join(folders)}


class Child(Protocol):
    """A process that can be started again after it died."""

    @property
    def is_running(self) -> bool:
        """Whether its process is alive."""
        ...

    def start(self) -> object:
        """Start it. Does nothing while it runs."""
        ...


class WorkerProcess:
    """One ``python -m sharedctx_workers``, writing its log to a file.

    Args:
        servers: NATS URLs, comma-separated.
        log: Its log file.
        grace: Seconds that it may take to finish the jobs in hand when it is asked to end.
    """

    def __init__(self, servers: str, log: Path, *, grace: float) -> None:
        self._servers = servers
        self._log = log
        self._grace = grace
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the last start, or None before it."""
        return self._process.pid if self._process else None

    @property
    def is_running(self) -> bool:
        """Whether its process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; it needs about a second before it takes jobs. Does nothing while it runs."""
        if self.is_running:
            return
        # -P: a nats.py in the folder where the user stands must not shadow the real one.
        command = [sys.executable, "-P", "-m", "sharedctx_workers"]
        command += ["--servers", self._servers, "--grace", f"{self._grace:g}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the command is ours
                leashed(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def terminate(self) -> None:
        """Ask it to finish the jobs in hand and exit."""
        if self._process is not None:
            self._process.terminate()

    def reap(self, deadline: float) -> None:
        """Wait for its end until `deadline` (`time.monotonic` seconds), then kill it."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class KeptAlive:
    """Starts a running child again when it dies, waiting longer each time it dies young."""

    def __init__(self, name: str, child: Child) -> None:
        self._name = name
        self._child = child
        self._delay = _FIRST_DELAY_SECONDS
        self._started = time.monotonic()
        self._start_at: float | None = None

    def check(self) -> str | None:
        """Start the child if it is due. Returns what happened, for the log, or None."""
        now = time.monotonic()
        if self._child.is_running:
            return None
        if self._start_at is None:
            if now - self._started > _LONGEST_DELAY_SECONDS:
                self._delay = _FIRST_DELAY_SECONDS
            self._start_at = now + self._delay
            return f"{self._name} died; it starts again in {self._delay:g} s"
        if now < self._start_at:
            return None
        self._delay = min(2 * self._delay, _LONGEST_DELAY_SECONDS)
        try:
            self._child.start()
        except (SharedContextError, OSError) as error:
            self._start_at = time.monotonic() + self._delay
            return f"{self._name} did not start: {error}"
        self._started, self._start_at = time.monotonic(), None
        return f"{self._name} started"
