"""What a worker tells the others about itself, every few seconds."""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from typing import Protocol

import anyio
import structlog

from sharedctx.errors import StoreError

__all__ = ("Announcer", "Tally", "announce_forever", "installed_version", "worker_id")

_EVERY_S = 5.0

_log = structlog.get_logger("sharedctx.worker")


class Announcer(Protocol):
    """The part of the store that keeps presence records."""

    async def announce(self, worker_id: str, presence: dict[str, object]) -> None:
        """Store the presence record of a worker for a short while."""
        ...


@dataclass(slots=True)
class Tally:
    """What this process has done since it started.

    Attributes:
        slots: Jobs that it can compress at the same time.
        done: Jobs finished with a rendition.
        failed: Jobs given up after their last attempt.
        started: When it started, in Unix seconds.
    """

    slots: int
    done: int = 0
    failed: int = 0
    started: float = field(default_factory=time.time)


def worker_id() -> str:
    """Make a name for this process, unique among all workers and fit for a NATS subject."""
    # In containers that share a host name every worker may be process 1.
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


def installed_version() -> str:
    """Version of this installation, or ``source``."""
    try:
        return metadata.version("sharedctx")
    except metadata.PackageNotFoundError:
        return "source"  # run from a checkout that is not installed


def _presence(tally: Tally, busy: int) -> dict[str, object]:
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "version": installed_version(),
        "slots": tally.slots,
        "busy": busy,
        "done": tally.done,
        "failed": tally.failed,
        "started": tally.started,
    }


async def announce_forever(
    store: Announcer, name: str, tally: Tally, busy: Callable[[], int]
) -> None:
    """Announce this worker every 5 s until cancelled; while the server is away nobody hears."""
    while True:
        try:
            await store.announce(name, _presence(tally, busy()))
        except StoreError as error:
            _log.debug("presence.not_announced", reason=str(error))
        await anyio.sleep(_EVERY_S)
