from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.cli.harness import COMMAND, Cli


def test_ls_writes_keys_to_a_pipe_and_everything_as_json(cli: Cli, listing_file: Path) -> None:
    cli("put", "tools/b", str(listing_file), "--agent", "tool", "--wait")
    cli("put", "tools/a", given=b"small")
    cli("put", "other key", given=b"small")
    assert cli("ls").stdout == b"other key\ntools/a\ntools/b\n"
    assert cli("ls", "tools/").stdout == b"tools/a\ntools/b\n"
    small, large = cli.json("ls", "tools/")
    assert small["state"] == "passthrough"
    assert large["state"] == "ready"
    assert large["agent"] == "tool"
    assert large["size_bytes"] == listing_file.stat().st_size
    assert large["savings_percent"] > 0
    assert large["compressed_tokens"] < large["original_tokens"]


def test_ls_draws_a_table_on_a_terminal(cli: Cli, listing_file: Path) -> None:
    cli("put", "tools/listing", str(listing_file), "--agent", "tool", "--wait")
    shown = _on_a_terminal(cli, "ls")
    for expected in ("Handed over", "tools/listing", "ready", "tool", "%"):
        assert expected in shown


def _on_a_terminal(cli: Cli, *arguments: str) -> str:
    """Run the command with a pseudo-terminal as its standard output."""
    program = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    command = [sys.executable, "-c", program, *COMMAND, *arguments]
    ended = subprocess.run(
        command,
        check=True,
        env={**cli.environment, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        timeout=60,
    )
    return ended.stdout.decode()


def test_get_ends_the_last_line_on_a_terminal_only(cli: Cli) -> None:
    cli("put", "key", given=b"no line end")
    assert _on_a_terminal(cli, "get", "key").endswith("no line end\r\n")
    assert cli("get", "key").stdout == b"no line end"


def test_stats_count_entries_and_tokens(cli: Cli, listing_file: Path) -> None:
    cli("put", "listing", str(listing_file), "--wait")
    cli("put", "small", given=b"small")
    stats = cli.json("stats")
    assert stats["entries"] == 2
    assert stats["ready"] == 1
    assert stats["passthrough"] == 1
    saved = stats["total_original_tokens"] - stats["total_compressed_tokens"]
    assert stats["total_tokens_saved"] == saved > 0
    assert stats["info"]["config"]["history"] == 1
    assert "Handed over" not in cli("stats").stdout.decode()
    assert "Tokens handed over" in cli("stats").stdout.decode()


def test_watch_writes_a_line_per_put(cli: Cli) -> None:
    cli("put", "before", given=b"x")
    watching = cli.start("watch", "tools/", "--count", "2", "--json")
    assert watching.stdout is not None
    assert watching.stderr is not None
    # It says nothing when it is ready, so put until both are seen.
    deadline = time.monotonic() + 30
    while watching.poll() is None and time.monotonic() < deadline:
        cli("put", "other", given=b"x")
        cli("put", "tools/a", "--agent", "tool", given=b"seen")
    events = [json.loads(line) for line in watching.stdout.read().splitlines()]
    assert watching.wait(10) == 0
    assert [event["key"] for event in events] == ["tools/a", "tools/a"]
    assert events[0]["agent"] == "tool"
    assert events[0]["size"] == 4
    assert events[0]["revision"] < events[1]["revision"]
    watching.stdout.close()
    watching.stderr.close()


def test_watch_ends_with_an_interrupt(cli: Cli) -> None:
    watching = cli.start("watch")
    time.sleep(2)
    watching.send_signal(signal.SIGINT)
    _, complaint = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert complaint == b""


def test_clear_removes_everything_but_asks(cli: Cli) -> None:
    for key in ("a", "b", "c"):
        cli("put", key, given=b"x")
    assert b"--yes" in cli("clear", status=2).stderr
    assert cli.json("clear", "--yes") == {"removed": 3}
    assert cli("clear", "-y").stdout == b"0 removed\n"
    assert cli.json("ls") == []


def test_without_a_server_the_error_says_how_to_start_one(nowhere: Cli) -> None:
    assert b"sharedctx up" in nowhere("get", "key", status=4).stderr
    assert json.loads(nowhere("ls", "--json", status=4).stderr)["error"] == "StoreUnavailable"


def test_options_stand_before_or_after_the_command(nowhere: Cli, cli: Cli, namespace: str) -> None:
    cli("put", "key", given=b"x")
    options = ["--servers", cli.environment["NATS_URL"], "--namespace", namespace]
    assert nowhere(*options, "ls").stdout == b"key\n"
    assert nowhere("ls", *options).stdout == b"key\n"
    assert nowhere("--json", "ls", *options).stdout.startswith(b"[{")


def test_a_reader_that_goes_away_is_no_error_message(cli: Cli) -> None:
    cli("put", "large", given=b"a line of text\n" * 100_000)
    getting = cli.start("get", "large", "--full")
    assert getting.stdout is not None
    assert getting.stderr is not None
    assert getting.stdout.read(10) == b"a line of "
    getting.stdout.close()
    assert getting.stderr.read() == b""
    assert getting.wait(10) == 1
    getting.stderr.close()
