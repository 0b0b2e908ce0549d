from __future__ import annotations

import json

from tests.cli.harness import Cli

_LOG = "".join(f"step {number} went well\n" for number in range(100)) + "disk quota exceeded\n"


def test_search_shows_passages_and_where_they_are_from(cli: Cli) -> None:
    cli("put", "build/log", "--agent", "ci", given=_LOG.encode())
    cli("put", "build/copy", given=_LOG.encode())
    cli("put", "notes", given=b"nothing of interest")
    said = cli("search", "which", "quota", "was", "exceeded?").stdout.decode()
    assert said.startswith("build/copy lines ")
    assert "also in build/log" in said
    assert "  disk quota exceeded\n" in said
    (hit,) = cli.json("search", "quota", "--limit", "1")
    assert (hit["key"], hit["agent"], hit["also_in"]) == ("build/copy", None, ["build/log"])
    first, last = hit["lines"]
    assert cli("get", hit["key"], "--lines", f"{first}-{last}").stdout.decode() == hit["text"]
    (short,) = cli.json("search", "quota", "--max-tokens", "20")
    assert "quota" in short["text"]
    assert len(short["text"]) < len(hit["text"])
    (note,) = cli.json("search", "interest step", "--prefix", "notes")
    assert note["key"] == "notes"


def test_search_shows_lines_whole(cli: Cli) -> None:
    line = "the quota of " + " and ".join(f"tenant-{number}" for number in range(40))
    cli("put", "long", given=line.encode())
    assert f"  {line}\n" in cli("search", "quota").stdout.decode()


def test_search_without_a_result_and_with_wrong_arguments(cli: Cli) -> None:
    error = json.loads(cli("search", "x", "--json", status=3).stderr)
    assert error["error"] == "NamespaceNotFound"
    cli("put", "key", given=b"something")
    ended = cli("search", "unheard-of")
    assert ended.stdout == b""
    assert b"No passage" in ended.stderr
    assert cli.json("search", "unheard-of") == []
    cli("search", status=2)
    cli("search", "x", "--limit", "0", status=2)
