"""The live view of a namespace."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

from sharedctx.cli.top import _share_out
from tests.cli.harness import COMMAND, Cli


def test_one_frame_tells_agents_kinds_queue_and_workers(cli: Cli, listing_file: Path) -> None:
    cli("put", "tools/listing", str(listing_file), "--agent", "scout [bold]", "--wait")
    cli("put", "small", given=b"x", status=0)
    frame = cli("top", "--once").stdout.decode()
    for expected in ("scout [bold]", "json", "waiting", "Worker", "saved (", "2  "):
        assert expected in frame
    picture = cli.json("top")
    assert picture["total"]["states"] == {"pending": 0, "ready": 1, "passthrough": 1, "failed": 0}
    (scout,) = [each for each in picture["agents"] if each["name"] == "scout [bold]"]
    stats = cli.json("stats")
    assert scout["saved"] == stats["total_tokens_saved"] > 0
    assert picture["queue"]["waiting"] == 0
    assert picture["failed"] == []
    assert len(picture["workers"]) == 1


def test_a_low_screen_shows_some_of_each_table() -> None:
    assert _share_out([6, 2, 9, 2], 10) == [3, 2, 3, 2]
    assert _share_out([6, 2, 9, 2], 100) == [6, 2, 9, 2]
    assert _share_out([6, 2, 9], 1) == [1, 0, 0]
    assert _share_out([6, 2], -3) == [0, 0]
    assert _share_out([60, 2], None) == [8, 2]


def test_on_a_terminal_it_goes_on_until_interrupted(cli: Cli) -> None:
    cli("put", "first", given=b"x")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    watching = subprocess.Popen(
        [*COMMAND, "top", "--interval", "0.2"],
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        env={**cli.environment, "TERM": "xterm"},
    )
    os.close(theirs)
    try:
        assert "1 passthrough" in _read_until(ours, "1 passthrough")
        cli("put", "second", given=b"y")
        assert "2 passthrough" in _read_until(ours, "2 passthrough")
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 130
        assert watching.stderr is not None
        assert watching.stderr.read() == b""
    finally:
        watching.kill()
        watching.wait()
        assert watching.stderr is not None
        watching.stderr.close()
        os.close(ours)


def _read_until(terminal: int, expected: str) -> str:
    shown = ""
    deadline = time.monotonic() + 30
    while expected not in shown and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.5)[0]:
            shown += os.read(terminal, 65_536).decode(errors="replace")
            shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)  # colors and cursor
    return shown


def test_a_namespace_that_does_not_exist_is_not_created(cli: Cli) -> None:
    assert b"does not exist" in cli("top", "--once", status=3).stderr
    cli("top", "--once", status=3)
