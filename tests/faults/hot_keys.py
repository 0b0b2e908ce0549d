"""``python -m tests.faults.hot_keys``: many writers, workers and readers on a few hot keys.

Writers, workers, readers and the nats-server are real processes. Every content names itself in
each of its sentences, so whatever a `get` returns tells which put it is from. The
history of all calls is then checked: no get may return anything but the content that was current at
some instant of the call, and there may never be more live keys than `max_entries`.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sharedctx import SharedContext, State
from sharedctx.embedded import NatsServer
from tests.nemesis.checker import judge
from tests.nemesis.contents import content, examine_rendition, name
from tests.nemesis.history import Operation, Recorder, load

NAMESPACE = "hot"
KEYS = [f"hot/{number}" for number in range(5)]
MAX_ENTRIES = 60
ROOT = Path(__file__).parents[2]


async def write(ctx: SharedContext, recorder: Recorder, until: float) -> None:
    """Put to hot keys, and now and then to a new one so that the oldest entries are evicted."""
    for number in itertools.count():
        if time.monotonic() > until:
            return
        value = name(f"p{os.getpid()}", number, "p")
        key = random.choice(KEYS) if random.random() < 0.8 else value
        call = recorder.begin("put", f"{NAMESPACE}:{key}", value=value)
        entry = await ctx.put(key, content(value))
        recorder.end(call, "ok", revision=entry.revision)
        await asyncio.sleep(random.random() * 0.02)


async def read(ctx: SharedContext, recorder: Recorder, until: float) -> None:
    """Get hot keys, sometimes waiting for the rendition, and note whose content came."""
    while time.monotonic() < until:
        key = random.choice(KEYS)
        call = recorder.begin("get", f"{NAMESPACE}:{key}")
        text = await ctx.get(key, timeout=random.choice([0, 0, 0.05, 0.5]))
        value, problem = (None, "") if text is None else examine_rendition(text)
        recorder.end(call, "ok", value=value, problem=problem)


async def count(ctx: SharedContext, _recorder: Recorder, until: float) -> None:
    """Watch the number of live keys."""
    while time.monotonic() < until:
        live = len(await ctx.keys())
        if live > MAX_ENTRIES:
            raise AssertionError(f"{live} live keys, at most {MAX_ENTRIES} are allowed")
        await asyncio.sleep(0.01)


async def client(role: str, url: str, until: float, file: Path) -> None:
    """Run one client process of the given role and save its history."""
    roles = {"write": write, "read": read, "count": count}
    async with SharedContext(url, namespace=NAMESPACE) as ctx:
        await roles[role](ctx, Recorder(file, file.stem), until)


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """Start a Python process that finds the packages of this repository."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "workers")])
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.Popen([sys.executable, *arguments], env=environment, cwd=ROOT)


async def summarize(url: str) -> str:
    """Return how much of what is left was compressed."""
    async with SharedContext(url, namespace=NAMESPACE) as ctx:
        entries = [await ctx.get_entry(key) for key in KEYS]
        ready = sum(entry is not None and entry.state is State.READY for entry in entries)
        return f"{len(await ctx.keys())} live keys, {ready} of {len(KEYS)} hot ones with rendition"


def run(
    seconds: float, writers: int, readers: int, workers: int
) -> tuple[list[Operation], list[str]]:
    """Run it all and return the history and what is wrong with it."""
    with tempfile.TemporaryDirectory() as folder:
        server = NatsServer(Path(folder) / "nats")
        server.start()
        try:
            asyncio.run(_create(server.url))
            fleet = [
                start("-m", "sharedctx_workers", "--servers", server.url, "--slots", "1",
                      "--log-level", "warning")
                for _ in range(workers)
            ]  # fmt: skip
            until = time.monotonic() + seconds + 2  # processes take a moment to start
            roles = ["write"] * writers + ["read"] * readers + ["count"]
            files = [Path(folder) / f"{number}.jsonl" for number in range(len(roles))]
            clients = [
                start("-m", "tests.faults.hot_keys", "--role", role, "--url", server.url,
                      "--until", str(until), "--file", str(file))
                for role, file in zip(roles, files, strict=True)
            ]  # fmt: skip
            failed = [role for role, process in zip(roles, clients, strict=True) if process.wait()]
            print(asyncio.run(summarize(server.url)))
            for worker in fleet:
                worker.terminate()
            for worker in fleet:
                worker.wait()
            calls = load(file for file in files if file.exists())
            wrong = [violation.text for violation in judge(calls).violations]
            return calls, [f"a {role} client failed" for role in failed] + wrong
        finally:
            server.stop()


async def _create(url: str) -> None:
    async with SharedContext(url, namespace=NAMESPACE, max_entries=MAX_ENTRIES):
        pass


def main() -> None:
    """Parse the command line and run the scenario, or one client of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--workers", type=int, default=4)
    for internal in ("--role", "--url", "--file"):
        parser.add_argument(internal, help=argparse.SUPPRESS)
    parser.add_argument("--until", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.role:
        asyncio.run(client(given.role, given.url, given.until, Path(given.file)))
        return
    calls, problems = run(given.seconds, given.writers, given.readers, given.workers)
    gets = sum(call.kind == "get" for call in calls)
    print(f"{len(calls) - gets} puts and {gets} gets checked, {len(problems)} problems")
    print(*problems[:20], sep="\n")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
