"""A worker that kills itself at a chosen step of its first job, or whose children misbehave."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

from sharedctx_workers import app, logs
from sharedctx_workers.job import JobRunner
from sharedctx_workers.settings import WorkerSettings

_FAULTY_CHILD = (sys.executable, "-P", str(Path(__file__).with_name("faulty_child.py")))
_Step = Callable[..., Awaitable[Any]]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _dying_before(_step: _Step) -> _Step:
    async def dying(*_args: object) -> None:
        _die()

    return dying


def _dying_after(step: _Step) -> _Step:
    async def dying(*args: object) -> None:
        await step(*args)
        _die()

    return dying


_CRASHES: dict[str, tuple[str, Callable[[_Step], _Step]]] = {
    "fetched": ("existing", _dying_before),
    "compressed": ("compressed", _dying_after),
    "published": ("publish", _dying_after),
    "before-ack": ("finish", _dying_before),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--servers", required=True)
    parser.add_argument("--crash-at", choices=_CRASHES)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--time-limit", type=float, default=10.0)
    parser.add_argument("--memory-limit", type=int, default=1024)
    parser.add_argument("--grace", type=float, default=20.0)
    options = parser.parse_args()
    if options.crash_at:
        name, dying = _CRASHES[options.crash_at]
        setattr(JobRunner, name, dying(getattr(JobRunner, name)))
    settings = WorkerSettings(
        servers=(options.servers,),
        slots=options.slots,
        time_limit=options.time_limit,
        memory_limit=options.memory_limit,
        grace=options.grace,
    )
    logs.configure("debug", "json")
    sys.exit(anyio.run(app.run, settings, _FAULTY_CHILD))


if __name__ == "__main__":
    main()
