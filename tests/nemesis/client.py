"""One client process: calls whatever there is to call, at random, and records all of it."""

from __future__ import annotations

import argparse
import asyncio
import random
import signal
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from sharedctx import (
    RevisionConflict,
    SharedContext,
    SharedContextError,
    StaleRead,
    State,
    StoreUnavailable,
    UnknownOutcome,
)
from tests.nemesis.contents import SMALL, content, examine, examine_rendition, name
from tests.nemesis.history import Kind, Recorder

__all__ = ("CLEARED", "HOT_KEYS", "MAIN", "Client")

MAIN = "nemesis"
"""The namespace in which whatever was put and not replaced must be there at the end."""
CLEARED = "cleared"
"""The namespace that is cleared now and then."""
HOT_KEYS = 8
_TASKS = 4
_RECENT = 400


class Client:
    """Makes calls and records them.

    Args:
        name: Name of this process; small letters and digits without ``x``.
        contexts: The open contexts, by namespace.
        recorder: Where the history goes.
        chance: Decides what to call.
    """

    def __init__(
        self,
        name: str,
        contexts: dict[str, SharedContext],
        recorder: Recorder,
        chance: random.Random,
    ) -> None:
        self._name = name
        self._contexts = contexts
        self._recorder = recorder
        self._chance = chance
        self._puts = 0
        self._known: dict[str, int] = {}
        self._mine: deque[str] = deque(maxlen=_RECENT)
        self._choices: list[tuple[float, Callable[[], Awaitable[None]]]] = [
            (62, self._get),
            (8, self._get_whole),
            (6, self._get_entry),
            (9, self._overwrite),
            (7, self._put_once),
            (3, self._put_conditionally),
            (1, self._delete),
            (2, self._cancelled),
            (2, self._use_cleared),
        ]

    async def run(self, stop: asyncio.Event) -> None:
        """Make calls until `stop` is set."""
        weights = [weight for weight, _ in self._choices]
        calls = [call for _, call in self._choices]

        async def work() -> None:
            while not stop.is_set():
                await self._chance.choices(calls, weights)[0]()

        await asyncio.gather(*(work() for _ in range(_TASKS)))

    # What is called

    def _key(self) -> str:
        if self._mine and self._chance.random() < 0.3:
            return self._chance.choice(self._mine)
        return self._hot_key()

    def _hot_key(self) -> str:
        # Some are replaced all the time, some stay long enough to be compressed and read.
        return f"{MAIN}:hot/{int(HOT_KEYS * self._chance.random() ** 3)}"

    async def _get(self) -> None:
        await self._read(self._key(), timeout=self._chance.choice([0, 0, 0, 0, 0.05, 0.5]))

    async def _get_whole(self) -> None:
        await self._read(self._key(), full=True)

    async def _read(self, key: str, **options: Any) -> None:
        async def call(context: SharedContext, key: str) -> dict[str, Any]:
            text = await context.get(key, **options)
            if text is None:
                return {}
            value, problem = (examine if options.get("full") else examine_rendition)(text)
            is_rendition = value is not None and text != content(value)
            return {"value": value, "problem": problem, "rendition": is_rendition}

        await self._record("get", key, call)

    async def _get_entry(self) -> None:
        async def call(context: SharedContext, key: str) -> dict[str, Any]:
            entry = await context.get_entry(key)
            if entry is None:
                return {}
            value, problem = examine(entry.original)
            if examine_rendition(entry.compressed)[0] != value:
                problem = "the rendition is of other bytes"
            found = {"value": value, "revision": entry.revision, "problem": problem}
            return {**found, "rendition": entry.state is State.READY}

        key = self._key()
        found = await self._record("get", key, call)
        self._known[key] = found.get("revision", 0)

    async def _overwrite(self) -> None:
        await self._put(self._hot_key(), self._form(0.15))

    async def _put_once(self) -> None:
        key = f"{MAIN}:once/{self._name}/{self._puts}"
        await self._put(key, self._form(0.2))
        self._mine.append(key)

    async def _put_conditionally(self) -> None:
        key = self._hot_key()
        await self._put(key, SMALL, expect=self._known.get(key, 0))

    def _form(self, compressed: float) -> str:
        if self._chance.random() >= compressed:
            return SMALL
        return self._chance.choices("pljb", [100, 100, 100, 1])[0]

    async def _put(self, key: str, form: str, **options: Any) -> None:
        self._puts += 1
        value = name(self._name, self._puts, form)

        async def call(context: SharedContext, key: str) -> dict[str, Any]:
            # As the agent it is in the header, which the server announces with the revision.
            entry = await context.put(key, content(value), agent=value, **options)
            return {"revision": entry.revision}

        done = await self._record("put", key, call, value=value, **options)
        if "revision" in done:
            self._known[key] = done["revision"]
        elif options:
            self._known.pop(key, None)

    async def _delete(self) -> None:
        key = self._hot_key()
        revision = self._known.get(key, 0)
        if not revision:
            return

        async def call(context: SharedContext, key: str) -> dict[str, Any]:
            deleted = await context.delete(key, revision=revision)
            return {} if deleted else {"outcome": "failed"}

        await self._record("delete", key, call, revision=revision)
        self._known[key] = 0

    async def _cancelled(self) -> None:
        call = self._chance.choice([self._overwrite, self._put_once, self._get, self._delete])
        task = asyncio.ensure_future(call())
        await asyncio.sleep(self._chance.random() * 0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _use_cleared(self) -> None:
        key = f"{CLEARED}:k/{self._chance.randrange(4)}"
        match self._chance.choices(["put", "get", "clear"], [10, 20, 1])[0]:
            case "put":
                await self._put(key, SMALL)
            case "get":
                await self._read(key, timeout=0)
            case _:
                await self._record("clear", f"{CLEARED}:", self._clear)

    @staticmethod
    async def _clear(context: SharedContext, _key: str) -> dict[str, Any]:
        await context.clear()
        return {}

    # How it is recorded

    async def _record(
        self,
        kind: Kind,
        key: str,
        call: Callable[[SharedContext, str], Awaitable[dict[str, Any]]],
        **fields: Any,
    ) -> dict[str, Any]:
        namespace, _, bare = key.partition(":")
        number = self._recorder.begin(kind, key, **fields)
        try:
            found = {"outcome": "ok", **await call(self._contexts[namespace], bare)}
        except asyncio.CancelledError:
            self._recorder.end(number, "unknown")
            raise
        except UnknownOutcome:
            found = {"outcome": "unknown"}
        except (StoreUnavailable, RevisionConflict, StaleRead):
            found = {"outcome": "failed"}
        except SharedContextError as error:
            found = {"outcome": "unknown", "problem": f"{type(error).__name__}: {error}"}
        self._recorder.end(number, **found)
        return found


async def main() -> None:
    """Run one client until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--servers", required=True)
    parser.add_argument("--history", type=Path, required=True)
    parser.add_argument("--seed", required=True)
    parser.add_argument("--retry-budget", type=float, required=True)
    given = parser.parse_args()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as stack:
        contexts = {}
        for namespace in (MAIN, CLEARED):
            context = SharedContext(
                given.servers, namespace=namespace, retry_budget=given.retry_budget, create=False
            )
            await _open(context, stop)
            contexts[namespace] = await stack.enter_async_context(context)
        recorder = Recorder(given.history, given.name)
        await Client(given.name, contexts, recorder, random.Random(given.seed)).run(stop)


async def _open(context: SharedContext, stop: asyncio.Event) -> None:
    """Open `context`, however long the servers are away."""
    while not stop.is_set():
        try:
            await context.open()
        except StoreUnavailable:
            await asyncio.sleep(0.2)
        else:
            return


if __name__ == "__main__":
    asyncio.run(main())
