from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import nats
import psutil
import pytest

from sharedctx.embedded import Stack, local_stack
from sharedctx.embedded import stack as stack_module
from sharedctx.embedded.children import child_environment
from sharedctx.errors import MissingExtra, StoreUnavailable

# A program that holds a stack, tells about it and then does nothing.
_HOLDER = """
import json, sys, time
from sharedctx.embedded import Stack
stack = Stack(workers=1).start()
print(json.dumps([stack.pid, str(stack.data_dir)]), flush=True)
time.sleep(600)
"""


def _eventually(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _below(pid: int) -> dict[str, psutil.Process]:
    """The children of a supervisor, by what they are."""
    kinds: dict[str, psutil.Process] = {}
    for child in psutil.Process(pid).children():
        with suppress(psutil.Error):  # it is just ending
            command = " ".join(child.cmdline())
            for kind in ("nats-server", "sharedctx_workers"):
                if kind in command:
                    kinds[kind] = child
    return kinds


def _await_children(pid: int) -> list[psutil.Process]:
    _eventually(lambda: len(_below(pid)) == 2)
    return psutil.Process(pid).children(recursive=True)


def _assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=15)
    assert not alive


@pytest.fixture
def holder() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER],
        stdout=subprocess.PIPE,
        env=child_environment(),
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _told(holder: subprocess.Popen[bytes]) -> tuple[int, Path]:
    assert holder.stdout is not None
    pid, data_dir = json.loads(holder.stdout.readline())
    return pid, Path(data_dir)


async def test_it_serves_while_the_block_runs_and_leaves_nothing() -> None:
    async with local_stack(workers=1) as stack:
        connection = await nats.connect(stack.url)
        await connection.jetstream().account_info()
        await connection.close()
        data_dir = stack.data_dir
        assert stack.url.startswith("nats://127.0.0.1:")
        processes = [psutil.Process(stack.pid), *_await_children(stack.pid)]
        assert {path.name for path in data_dir.glob("*.log")} == {
            "nats-server.log",
            "supervisor.log",
            "worker-0.log",
        }
    assert not any(process.is_running() for process in processes)
    assert not data_dir.exists()


async def test_a_given_data_directory_is_kept(tmp_path: Path) -> None:
    async with local_stack(0, tmp_path / "kept") as stack:
        connection = await nats.connect(stack.url)
        await connection.jetstream().add_stream(name="S", subjects=["s"])
        await connection.jetstream().publish("s", b"kept")
        await connection.close()
    async with local_stack(0, tmp_path / "kept") as stack:
        connection = await nats.connect(stack.url)
        assert (await connection.jetstream().get_msg("S", 1)).data == b"kept"
        await connection.close()


async def test_cancellation_while_it_starts_leaves_nothing() -> None:
    started: list[Stack] = []

    async def run() -> None:
        async with local_stack(0) as stack:
            started.append(stack)
            await asyncio.sleep(600)

    before = set(psutil.Process().children(recursive=True))
    for delay in (0.0, 0.01, 0.05, 0.1, 0.2):
        task = asyncio.create_task(run())
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert set(psutil.Process().children(recursive=True)) <= before
    for stack in started:
        assert not stack.data_dir.exists()


def test_killing_the_parent_leaves_nothing(holder: subprocess.Popen[bytes]) -> None:
    pid, data_dir = _told(holder)
    processes = [psutil.Process(pid), *_await_children(pid)]
    holder.kill()
    _assert_gone(processes)
    assert not data_dir.exists()


def test_terminating_the_parent_leaves_nothing(holder: subprocess.Popen[bytes]) -> None:
    pid, data_dir = _told(holder)
    processes = [psutil.Process(pid), *_await_children(pid)]
    holder.terminate()
    _assert_gone(processes)
    assert not data_dir.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent death signal of Linux")
def test_killing_the_supervisor_leaves_nothing() -> None:
    with Stack(workers=1) as stack:
        data_dir = stack.data_dir
        processes = _await_children(stack.pid)
        os.kill(stack.pid, signal.SIGKILL)
        assert stack.wait(5)
        _assert_gone(processes)
    assert not data_dir.exists()


def test_a_dead_worker_and_a_dead_server_start_again() -> None:
    with Stack(workers=1) as stack:
        _await_children(stack.pid)
        first = _below(stack.pid)
        first["sharedctx_workers"].kill()
        first["nats-server"].kill()

        def both_again() -> bool:
            now = _below(stack.pid)
            return len(now) == 2 and all(now[kind].pid != first[kind].pid for kind in now)

        _eventually(both_again)
        port = stack.url.rpartition(":")[2]
        assert any(
            str(connection.laddr.port) == port
            for connection in _below(stack.pid)["nats-server"].net_connections()
        )
        log = (stack.data_dir / "supervisor.log").read_text()
        assert "worker 0 died" in log
        assert "nats-server started" in log


def test_the_supervisor_stops_on_sigterm() -> None:
    with Stack(workers=0) as stack:
        os.kill(stack.pid, signal.SIGTERM)
        assert stack.wait(10)


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with Stack(0, tmp_path), pytest.raises(StoreUnavailable, match="Another nats-server"):
        Stack(0, tmp_path).start()
    with pytest.raises(StoreUnavailable, match="Parse error"):
        Stack(0, config="no such setting {").start()


def test_a_closed_stack_stays_closed() -> None:
    stack = Stack(0)
    stack.close()
    with pytest.raises(StoreUnavailable):
        _ = stack.start().url
    with pytest.raises(StoreUnavailable):
        _ = stack.data_dir
    with pytest.raises(StoreUnavailable):
        _ = stack.pid
    assert stack.wait(0)


def test_without_the_worker_modules_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_module, "_WORKER_MODULES", ("no_such_module",))
    with pytest.raises(MissingExtra, match=r"no_such_module.*sharedctx\[local\]"):
        Stack(1).start()
    with Stack(0) as stack:
        assert stack.pid


def test_the_supervisor_runs_by_itself_until_its_input_ends() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "sharedctx.embedded"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert told["servers"][0].startswith("nats://127.0.0.1:")
    assert told["pid"] == process.pid
    process.communicate(timeout=15)
    assert process.returncode == 0
    assert not Path(told["data_dir"]).exists()
