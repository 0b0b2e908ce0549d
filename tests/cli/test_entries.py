from __future__ import annotations

import json
from pathlib import Path

from tests.cli.harness import Cli

_TEXT = "".join(f"Line {number} of a text that is worth keeping.\n" for number in range(1, 101))


def test_what_is_put_comes_back_byte_for_byte(cli: Cli) -> None:
    for content in (b"", b"no line end", b"with line end\n", "ünï\r\n\0☃".encode(), _TEXT.encode()):
        cli("put", "key", given=content)
        assert cli("get", "key", "--full").stdout == content


def test_content_comes_from_a_file_or_from_standard_input(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "content.txt"
    file.write_bytes(b"from a file")
    cli("put", "file", str(file))
    assert cli("get", "file").stdout == b"from a file"
    cli("put", "dash", "-", given=b"from a pipe")
    assert cli("get", "dash").stdout == b"from a pipe"


def test_put_waits_for_the_rendition_and_get_serves_it(cli: Cli, listing_file: Path) -> None:
    said = cli("put", "listing", str(listing_file), "--wait", "--agent", "tool").stdout.decode()
    assert "'listing' stored at revision 1: " in said
    assert "% saved" in said
    entry = cli.json("get", "listing")
    assert entry["state"] == "ready"
    assert entry["agent"] == "tool"
    assert entry["compressed_tokens"] < entry["original_tokens"]
    assert len(entry["content"]) < listing_file.stat().st_size
    assert cli("get", "listing").stdout.decode() == entry["content"]
    assert cli("get", "listing", "--full").stdout == listing_file.read_bytes()


def test_get_renders_other_views(cli: Cli) -> None:
    text = _TEXT.replace("Line 77", "Line 77, about whales,")
    cli("put", "text", "--wait", given=text.encode())
    assert (
        cli("get", "text", "--lines", "3-4").stdout
        == "".join(text.splitlines(keepends=True)[2:4]).encode()
    )
    assert (
        cli("get", "text", "--lines", "100").stdout == text.splitlines(keepends=True)[-1].encode()
    )
    short = cli("get", "text", "--max-tokens", "60").stdout
    assert 0 < len(short) < len(text) / 4
    found = cli("get", "text", "--max-tokens", "60", "--query", "whales").stdout
    assert b"about whales" in found


def test_put_reports_json(cli: Cli, listing_file: Path) -> None:
    entry = cli.json("put", "listing", str(listing_file), "--agent", "tool", "--ttl", "60")
    assert entry["key"] == "listing"
    assert entry["revision"] == 1
    assert entry["state"] in {"pending", "ready"}
    again = cli.json("put", "listing", str(listing_file), "--wait")
    assert again["revision"] == 2
    assert again["state"] == "ready"
    assert again["agent"] is None
    assert again["savings_percent"] > 0
    assert again["transforms"]


def test_the_name_of_the_file_or_an_option_tells_the_kind(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text("# Notes\n\nNothing is sure, and this is long enough.\n\n" * 40)
    assert "kind:hinted" in cli.json("put", "notes", str(file), "--wait")["transforms"]
    told = cli.json("put", "notes", str(file), "--wait", "--kind", "text")["transforms"]
    assert told[0].startswith("router:text:")
    assert b"config" in cli("put", "notes", str(file), "--kind", "yaml", status=2).stderr


def test_a_conflict_has_its_own_exit_status(cli: Cli) -> None:
    cli("put", "key", "--expect", "0", given=b"first")
    ended = cli("put", "key", "--expect", "0", given=b"second", status=5)
    assert b"revision 1" in ended.stderr
    cli("put", "key", "--expect", "1", given=b"second")
    assert cli("get", "key").stdout == b"second"


def test_a_missing_key_has_its_own_exit_status(cli: Cli) -> None:
    cli("put", "another", given=b"x")
    for command in ("get", "rm", "history"):
        ended = cli(command, "nothing", status=3)
        assert b"'nothing'" in ended.stderr
        assert not ended.stdout
    ended = cli("get", "nothing", "--json", status=3)
    assert json.loads(ended.stderr)["error"] == "KeyNotFound"


def test_a_mistyped_namespace_is_refused_and_not_created(cli: Cli) -> None:
    for command in (["get", "key"], ["ls"], ["stats"]):
        ended = cli(*command, "--json", status=3)
        assert json.loads(ended.stderr)["error"] == "NamespaceNotFound"


def test_wrong_usage_has_its_own_exit_status(cli: Cli, tmp_path: Path) -> None:
    cli("get", "key", "--lines", "4-3", status=2)
    cli("get", "key", "--lines", "x", status=2)
    cli("get", status=2)
    cli("put", "key", str(tmp_path / "missing"), status=2)
    assert b"UTF-8" in cli("put", "key", given=b"\xff\xfe", status=2).stderr
    cli("put", "k" * 2000, given=b"x", status=2)
    cli("ls", "--namespace", "not a namespace", status=2)


def test_rm_deletes_what_is_there(cli: Cli) -> None:
    for key in ("a", "b"):
        cli("put", key, given=b"x")
    assert cli.json("rm", "a") == {"deleted": ["a"]}
    ended = cli("rm", "a", "b", "--json", status=3)
    assert json.loads(ended.stdout) == {"deleted": ["b"]}
    assert cli("ls").stdout == b""


def test_history_lists_and_reads_revisions(cli: Cli) -> None:
    cli("put", "key", "--agent", "me", given=b"first")
    assert cli("history", "key").stdout == b"1\n"
    (entry,) = cli.json("history", "key")
    assert (entry["revision"], entry["agent"]) == (1, "me")
    assert cli("history", "key", "--revision", "1").stdout == b"first"
    assert cli.json("history", "key", "--revision", "1")["content"] == "first"
    cli("history", "key", "--revision", "7", status=3)
