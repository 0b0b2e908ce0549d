from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import sharedctx
from sharedctx.embedded import children
from sharedctx.embedded.children import KeptAlive, child_environment


class _DiesAtOnce:
    """A program that ends as soon as it is started."""

    def __init__(self) -> None:
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        self.starts += 1
        self._process = subprocess.Popen([sys.executable, "-S", "-c", ""])


def test_a_child_that_dies_young_is_started_less_and_less_often() -> None:
    child = _DiesAtOnce()
    child.start()
    kept = KeptAlive("child", child)
    events = []
    deadline = time.monotonic() + 2.2
    while time.monotonic() < deadline:
        if event := kept.check():
            events.append(event)
        time.sleep(0.01)
    assert child.starts == 3  # at 0, 0.5 and 1.5 s
    assert events[0] == "child died; it starts again in 0.5 s"
    assert events[2] == "child died; it starts again in 1 s"


def test_a_start_that_fails_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "_FIRST_DELAY_SECONDS", 0.0)

    class _FullDisk(_DiesAtOnce):
        def start(self) -> None:
            raise OSError(28, "No space left on device")

    kept = KeptAlive("child", _FullDisk())
    assert kept.check() == "child died; it starts again in 0 s"
    assert "did not start: [Errno 28]" in str(kept.check())
    assert "did not start: [Errno 28]" in str(kept.check())


def test_children_import_what_we_import_and_know_no_other_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NATS_CREDS", "/somewhere")
    monkeypatch.setenv("SHAREDCTX_NAMESPACES", "one two")
    monkeypatch.setenv("SHAREDCTX_SLOTS", "1")
    environment = child_environment()
    assert "NATS_CREDS" not in environment
    assert "SHAREDCTX_NAMESPACES" not in environment
    assert environment["SHAREDCTX_SLOTS"] == "1"
    ours = Path(str(sharedctx.__file__)).parent.parent
    folders = environment["PYTHONPATH"].split(os.pathsep)
    assert (str(ours) in folders) == (ours.name != "site-packages")
    assert not any(folder.endswith("site-packages") for folder in folders)
