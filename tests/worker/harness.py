"""Real worker processes, and entries put the way a client puts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import psutil

from sharedctx.codec import content_bytes, content_hash, pack
from sharedctx.records import EntryRecord, Profile, RenditionRecord, State
from sharedctx.store.base import Store
from sharedctx.store.nats import NatsStore

__all__ = (
    "PROFILE",
    "OpenStore",
    "StartWorker",
    "WorkerProcess",
    "idle",
    "put",
    "rendition_of",
    "state_of",
    "text_of",
    "until",
)

PROFILE = Profile("o200k_base", 20)
_PATIENCE_S = 40.0


async def until(condition: Callable[[], Any], what: str = "it") -> Any:
    """Wait for a true value of `condition`, which may be a coroutine function, and return it."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        value = condition()
        if hasattr(value, "__await__"):
            value = await value
        if value:
            return value
        await anyio.sleep(0.02)
    raise AssertionError(f"{what} did not happen in {_PATIENCE_S} s")


def text_of(word: str, lines: int = 60) -> str:
    """A text that begins with `word` and is worth compressing."""
    body = (f"{word} says the {i}th thing about {word} and the weather." for i in range(lines))
    return f"{word} \n" + "\n".join(body)


async def idle(store: Store) -> None:
    """Wait until every job of the namespace has left the queue."""

    async def look() -> bool:
        info = await store.info()
        return info.jobs_waiting == 0 and info.jobs_in_hand == 0

    await until(look, "an empty queue")


async def put(store: Store, key: str, text: str, profile: Profile = PROFILE) -> EntryRecord:
    """Put `text` and return its record."""
    data = content_bytes(text)
    record = EntryRecord(content_hash(data), len(data), profile, None, time.time())
    await store.put(key, record, pack(data))
    return record


async def rendition_of(store: Store, record: EntryRecord) -> RenditionRecord:
    """Wait for the rendition of `record`."""

    async def look() -> RenditionRecord | None:
        found = await store.get_rendition(record)
        return found.record if found else None

    found = await until(look, "the rendition")
    assert isinstance(found, RenditionRecord)
    return found


async def state_of(store: Store, record: EntryRecord) -> State:
    """Wait for the rendition of `record` and return its state."""
    return (await rendition_of(store, record)).state


class WorkerProcess:
    """A worker in its own process. `args` follow the interpreter."""

    def __init__(self, log: Path, *args: str) -> None:
        self.log = log
        with log.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *args],
                stderr=stderr,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            )

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it has logged."""
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    async def logged(self, action: str, **fields: object) -> dict[str, Any]:
        """Wait until it has logged `action` with these fields."""

        def find() -> dict[str, Any] | None:
            wanted = {"action": action, **fields}
            return next((e for e in self.events if wanted.items() <= e.items()), None)

        try:
            event = await until(find, f"{action} {fields}")
        except AssertionError as error:
            raise AssertionError(f"{error}; log:\n{self.log.read_text()}") from None
        assert isinstance(event, dict)
        return event

    def children(self) -> list[psutil.Process]:
        """Its child processes."""
        return psutil.Process(self.process.pid).children()

    async def ended(self) -> int:
        """Wait until it has ended and return its exit code."""
        await until(lambda: self.process.poll() is not None, "the end of the worker")
        return self.process.returncode

    async def stop(self, signum: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(signum)
        return await self.ended()

    def kill(self) -> None:
        """End it with SIGKILL, if it still runs."""
        self.process.kill()
        self.process.wait()


OpenStore = Callable[..., Awaitable[NatsStore]]
StartWorker = Callable[..., WorkerProcess]
