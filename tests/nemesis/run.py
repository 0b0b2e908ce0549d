"""One run: start everything, let faults happen, read back what is left, and judge."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.nemesis.audit import await_jobs, read_back, read_stored
from tests.nemesis.checker import Final, Verdict, Violation, judge
from tests.nemesis.client import CLEARED, MAIN
from tests.nemesis.faults import FAULTS, SPLITS, Plan, plan
from tests.nemesis.history import load, read_lines
from tests.nemesis.report import Happened, Result
from tests.nemesis.world import REPLICAS, NetworkKind, World, open_world

__all__ = ("Settings", "check", "run")

_PROGRESS_S = 10.0
_LONGEST_S = {"r1": 3.0, "r3": 10.0}
"""How long a fault is held at most; a cluster takes 4 to 8 s to elect a leader."""
_END_LIMIT_S = 90.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What to run.

    Attributes:
        config: ``r1`` or ``r3``.
        seed: Decides the faults, and what each client calls.
        operations: How many calls are made, at least.
        seconds: Run so long instead.
        faults: The kinds of faults that happen.
        folder: Where histories, logs and the result go.
        network: What joins the processes.
    """

    config: str
    seed: str
    operations: int
    seconds: float | None
    faults: Sequence[str]
    folder: Path
    network: NetworkKind = "proxies"


async def run(settings: Settings) -> Verdict:
    """Run and judge; what happened stays in the folder of the run."""
    settings.folder.mkdir(parents=True)
    described = {**asdict(settings), "folder": str(settings.folder)}
    (settings.folder / "run.json").write_text(json.dumps(described))
    started = time.monotonic()
    async with open_world(
        settings.config, settings.folder, settings.seed, settings.network
    ) as world:
        try:
            await _torment(world, settings)
            await world.heal()
            await _end_clients(world)
            print(f"  jobs ended after {await await_jobs(world.urls, [MAIN, CLEARED]):.1f} s")
            await _read_back(world)
        except BaseException:
            await world.heal()
            raise
    seconds = time.monotonic() - started
    (settings.folder / "seconds").write_text(str(seconds))
    return check(settings.folder)


async def _torment(world: World, settings: Settings) -> None:
    """Let faults happen until enough was called."""
    while len(_histories(world.folder)) < len(world.clients):
        await asyncio.sleep(0.1)
    progress = _Progress(world, settings)
    longest = _LONGEST_S[settings.config]
    with (settings.folder / "faults.jsonl").open("a") as log:
        for planned in plan(settings.seed, settings.faults, longest=longest):
            await asyncio.sleep(planned.pause)
            happened = await _happen(world, planned)
            log.write(json.dumps(asdict(happened)) + "\n")
            log.flush()
            if progress.is_enough(happened):
                return
            _revive(world)


async def _happen(world: World, planned: Plan) -> Happened:
    began = time.monotonic()
    async with FAULTS[planned.kind](world, planned.chance) as hit:
        await asyncio.sleep(planned.hold)
        healing = time.monotonic()
    # A server that is started again takes a moment to be there; the fault ends when it begins.
    return Happened(planned.kind, hit, began, healing)


def _revive(world: World) -> None:
    """Say when a process has ended by itself, and start it again."""
    for number, client in enumerate(world.clients):
        if not client.is_running:
            (world.folder / f"crash-{client.log.stem}-{world.lives[number]}").touch()
            world.start_client(number)
    for worker in world.workers:
        if not worker.is_running:
            (world.folder / f"crash-{worker.log.stem}-{time.monotonic():.0f}").touch()
            worker.start()


class _Progress:
    """Counts calls as they are written, and tells how far the run is."""

    def __init__(self, world: World, settings: Settings) -> None:
        self._settings = settings
        self._world = world
        self._started = self._told = time.monotonic()
        self._read: dict[Path, int] = {}
        self._lines = 0
        self._faults = 0

    def is_enough(self, happened: Happened) -> bool:
        self._faults += 1
        for file in self._world.folder.glob("history-*.jsonl"):
            with file.open("rb") as lines:
                lines.seek(self._read.get(file, 0))
                new = lines.read()
            self._read[file] = self._read.get(file, 0) + len(new)
            self._lines += new.count(b"\n")
        operations, now = self._lines // 2, time.monotonic()
        if now - self._told > _PROGRESS_S:
            self._told = now
            print(
                f"  {now - self._started:5.0f} s  {operations:>8,} operations  {self._faults:>3} "
                f"faults, last: {happened.kind} of {happened.hit}",
                flush=True,
            )
        if self._settings.seconds is not None:
            return now - self._started >= self._settings.seconds
        return operations >= self._settings.operations


async def _end_clients(world: World) -> None:
    """Let the clients finish what they are calling, and end."""
    await asyncio.sleep(2.0)
    for client in world.clients:
        client.signal(signal.SIGTERM)
    with suppress(TimeoutError):
        async with asyncio.timeout(_END_LIMIT_S):
            while any(client.is_running for client in world.clients):
                await asyncio.sleep(0.1)
    for client in world.clients:
        if client.is_running:
            (world.folder / f"crash-{client.log.stem}-hung").touch()
        elif client.process is not None and client.process.returncode not in {0, -signal.SIGTERM}:
            # By SIGTERM itself only before it was ready for it.
            (world.folder / f"crash-{client.log.stem}-ended").touch()


async def _read_back(world: World) -> None:
    """Write down what every key holds, and every put that was announced."""
    keys = {each.key for each in load(_histories(world.folder)) if each.kind != "clear"}
    final = await read_back(world.urls, sorted(keys))
    with (world.folder / "final.jsonl").open("w") as file:
        for key, end in final.items():
            file.write(json.dumps({"key": key, **asdict(end)}) + "\n")
    (world.folder / "stored.json").write_text(json.dumps(await read_stored(world.urls)))


def _histories(folder: Path) -> list[Path]:
    return sorted(folder.glob("history-*.jsonl"))


def check(folder: Path) -> Verdict:
    """Judge the run in `folder`, and write its result."""
    settings = settings_of(folder)
    operations = load(_histories(folder))
    faults = [Happened(**line) for line in read_lines(folder / "faults.jsonl")]
    clustered = REPLICAS[settings.config] > 1
    stored = json.loads((folder / "stored.json").read_text())
    verdict = judge(
        operations,
        dict(_finals(folder)),
        stored=[(value, revision) for value, revision in stored],
        splits=[(f.began, f.healed) for f in faults if f.kind in SPLITS and clustered],
        kills=[f.began for f in faults if f.kind == "server-kill" and not clustered],
    )
    for crash in sorted(folder.glob("crash-*")):
        verdict.violations.append(Violation("errors", f"a process ended by itself: {crash.name}"))
    seconds = float((folder / "seconds").read_text())
    result = Result.of(f"{settings.config} on {settings.network}", settings.seed, seconds, verdict)
    result.add_faults(faults, operations)
    result.save(folder / "result.json")
    return verdict


def _finals(folder: Path) -> Iterator[tuple[str, Final]]:
    for line in read_lines(folder / "final.jsonl"):
        yield line.pop("key"), Final(**line)


def settings_of(folder: Path) -> Settings:
    """Return what was run in `folder`."""
    described = json.loads((folder / "run.json").read_text())
    return replace(Settings(**described), folder=Path(described["folder"]))
