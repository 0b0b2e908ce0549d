from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from sharedctx import SharedContext
from sharedctx.embedded import NatsServer
from tests.cli.harness import Cli


def test_up_runs_a_server_and_a_worker_until_it_is_told_to_stop(nowhere: Cli) -> None:
    running = nowhere.start("up", "--port", "0", "--json")
    assert running.stdout is not None
    told = json.loads(running.stdout.readline())
    processes = psutil.Process(running.pid).children(recursive=True)
    local = Cli(told["servers"][0], "default")
    text = "".join(f"Line {number} of a longer text.\n" for number in range(200))
    assert local.json("put", "key", "--wait", given=text.encode())["state"] == "ready"
    assert Path(told["data_dir"]).is_dir()
    running.terminate()
    _, complaint = running.communicate(timeout=30)
    assert running.returncode == 0, complaint
    assert complaint == b""
    assert not psutil.wait_procs(processes, timeout=10)[1]
    assert not Path(told["data_dir"]).exists()


def test_up_keeps_a_given_data_directory(nowhere: Cli, tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        running = nowhere.start("up", "--port", "0", "--workers", "0", "--data-dir", str(tmp_path))
        assert running.stdout is not None
        line = running.stdout.readline().decode()
        local = Cli(line.split()[1], "default")
        if content == b"first":
            local("put", "key", given=content)
        assert local("get", "key").stdout == b"first"
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
        assert running.returncode == 0


async def _replicas(servers: list[str]) -> int:
    async with SharedContext(servers, create=False) as ctx:
        return (await ctx.info()).config.replicas


def test_up_runs_a_cluster(nowhere: Cli) -> None:
    running = nowhere.start("up", "--nodes", "3", "--port", "0", "--workers", "0", "--json")
    assert running.stdout is not None
    told = json.loads(running.stdout.readline())
    assert len(told["servers"]) == 3
    local = Cli(",".join(told["servers"]), "default")
    local("put", "key", given=b"content")
    assert asyncio.run(_replicas(told["servers"])) == 3
    processes = psutil.Process(running.pid).children(recursive=True)
    running.terminate()
    _, complaint = running.communicate(timeout=30)
    assert running.returncode == 0, complaint
    assert not psutil.wait_procs(processes, timeout=10)[1]


def test_up_says_when_the_port_is_taken(nowhere: Cli, tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        port = server.url.rpartition(":")[2]
        ended = nowhere("up", "--port", port, status=4)
        assert b"taken" in ended.stderr
    ended = nowhere("up", "--data-dir", str(tmp_path / "nats-server.conf"), status=1)
    assert b"nats-server.conf" in ended.stderr


def test_worker_hands_its_arguments_on(cli: Cli) -> None:
    said = cli("worker", "--help").stdout.decode()
    assert "sharedctx worker" in said
    assert "--slots" in said
    cli("worker", "--no-such-option", status=2)


def test_worker_serves_the_server_of_the_outer_options(nowhere: Cli, tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        worker = nowhere.start("--servers", server.url, "worker", "--slots", "1")
        local = Cli(server.url, "default")
        text = "".join(f"Line {number} of a longer text.\n" for number in range(200))
        assert local.json("put", "key", "--wait", given=text.encode())["state"] == "ready"
        worker.terminate()
        _, complaint = worker.communicate(timeout=40)
        assert worker.returncode == 0, complaint


def test_help_and_version_need_no_server(nowhere: Cli) -> None:
    said = nowhere("--help").stdout.decode()
    for command in ("up", "demo", "worker", "put", "get", "ls", "stats"):
        assert f" {command} " in said
    for command in ("search", "watch", "rm", "clear", "history", "doctor"):
        assert f" {command} " in said
    assert "Exit status: 0 done" in said
    assert nowhere("--version").stdout.startswith(b"sharedctx ")


def test_without_the_extra_the_message_names_it(tmp_path: Path) -> None:
    program = (
        "import importlib.util as util, sys\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name: None if name == 'typer' else find(name)\n"
        "import sharedctx.cli\n"
        "assert not {'typer', 'rich'} & set(sys.modules)\n"
        "sharedctx.cli.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        env=Cli("", "").environment,
        cwd=tmp_path,
        timeout=60,
    )
    assert ended.returncode == 1
    assert b"sharedctx[cli]" in ended.stderr


def test_the_demo_holds_what_it_claims(nowhere: Cli) -> None:
    story = nowhere.json("demo")
    assert story["ok"]
    assert len(story["checks"]) == 4
    assert len(story["handoffs"]) == 6
    assert story["tokens_saved"] > 10_000
    kinds = {handoff["kind"] for handoff in story["handoffs"]}
    assert {"JSON", "prose", "source"} <= kinds
    assert {handoff["agent"] for handoff in story["handoffs"]} == {
        "researcher",
        "coder",
        "reviewer",
    }


def test_an_ended_demo_leaves_nothing(nowhere: Cli) -> None:
    for number in (signal.SIGKILL, signal.SIGINT):
        running = nowhere.start("demo")
        deadline = time.monotonic() + 30
        processes: list[psutil.Process] = []
        while len(processes) < 6:  # supervisor, server, worker, three agents
            assert time.monotonic() < deadline
            time.sleep(0.02)
            processes = psutil.Process(running.pid).children(recursive=True)
        os.kill(running.pid, number)
        running.communicate(timeout=20)
        assert running.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
        assert not psutil.wait_procs(processes, timeout=20)[1]
