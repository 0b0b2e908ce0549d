"""The command line of the worker."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from sharedctx.embedded import NatsServer
from sharedctx.login_options import LOGIN_OPTIONS
from sharedctx_workers import app
from sharedctx_workers.command import memory_limit_of, worker
from sharedctx_workers.prose.loading import TextBackend
from sharedctx_workers.settings import WorkerSettings


def _run(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(entry for entry in sys.path if entry)
    return subprocess.run(
        [sys.executable, "-m", "sharedctx_workers", *args],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"PYTHONPATH": path, "COLUMNS": "200", "NO_COLOR": "1"} | env,
    )


def test_help_names_every_option_and_exit_code() -> None:
    result = _run("--help")
    assert result.returncode == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", result.stdout)
    for login in LOGIN_OPTIONS:
        assert login.flag in text
    for option in inspect.signature(worker).parameters.keys() - {"credentials"}:
        assert f"--{option.replace('_', '-')}" in text
        assert f"SHAREDCTX_{option.upper()}" in text
    assert "NATS_URL" in text
    assert "NATS_CREDS" in text
    assert "Exit codes" in text


@pytest.mark.parametrize(
    "args",
    [
        ["--namespace", "no/such"],
        ["--slots", "-1"],
        ["--log-format", "xml"],
        ["--health-port", "70000"],
        ["--servers", " , "],
        ["--text-backend", "gpt"],
        ["--device", "tpu"],
    ],
)
def test_wrong_arguments_exit_with_2(args: list[str]) -> None:
    result = _run(*args)
    assert result.returncode == 2
    assert args[0] in result.stderr


def test_refused_credentials_exit_with_3_and_stay_secret(tmp_path: Path) -> None:
    config = 'authorization { user: "worker", password: "right" }'
    with NatsServer(tmp_path / "nats", config=config) as server:
        url = server.url.replace("nats://", "nats://worker:wrong-secret@")
        result = _run(NATS_URL=url)
    assert result.returncode == app.EXIT_REFUSED
    assert "worker.refused" in result.stderr
    assert "wrong-secret" not in result.stderr


@pytest.mark.parametrize(
    ("given", "backend", "expected"),
    [(None, "student", 2048), (None, "torch", 0), (512, "torch", 512), (0, "student", 0)],
)
def test_torch_has_no_limit_of_address_space_unless_one_is_given(
    given: int | None, backend: TextBackend, expected: int
) -> None:
    assert memory_limit_of(given, backend) == expected


async def test_children_that_do_not_start_end_the_worker() -> None:
    settings = WorkerSettings(servers=("nats://127.0.0.1:1",))
    with anyio.fail_after(60):
        assert await app.run(settings, [sys.executable, "-c", "1/0"]) == app.EXIT_BROKEN
