from __future__ import annotations

import random
from pathlib import Path

import pytest

from sharedctx import NamespaceNotFound
from sharedctx.embedded import NatsServer, Stack
from sharedctx.sync import SharedContext
from tests.cli.harness import Cli

# Packs to more than fits into a message, so that it is stored in chunks.
LARGE = "\n".join(str(random.Random(number).getrandbits(4096)) for number in range(400))


def test_a_namespace_comes_back_whole_on_another_server(
    stack: Stack, cli: Cli, namespace: str, listing_file: Path, tmp_path: Path
) -> None:
    texts = {"listing": listing_file.read_text(), "large": LARGE, "small": "kept"}
    with SharedContext(stack.url, namespace=namespace) as ctx:
        for key, text in texts.items():
            ctx.put(key, text, wait=key != "small")
        ctx.put("gone", "x")
        ctx.delete("gone")
        entries, *_ = cli.json("backup", str(tmp_path / "copy"))
        assert entries["messages"] == 3
        revisions = {key: ctx.put(key, "written over").revision for key in texts}
    with NatsServer(tmp_path / "nats") as other:
        away = Cli(other.url, namespace)
        assert b": 3 entries, " in away("restore", str(tmp_path / "copy")).stdout
        with SharedContext(other.url, namespace=namespace) as ctx:
            keys = ctx.keys()
            assert {key: ctx.get(key, full=True) for key in keys} == texts
            assert ctx.get("listing", timeout=0) != texts["listing"]
            # Nothing is left to do for workers, and revisions go on.
            assert ctx.info().jobs_waiting == 0
            assert ctx.put("next", "y").revision == min(revisions.values())
            assert b"exists" in away("restore", str(tmp_path / "copy"), status=1).stderr
            assert len(ctx.keys()) == 4


def test_what_cannot_be_copied_or_restored_is_said(
    stack: Stack, cli: Cli, namespace: str, tmp_path: Path
) -> None:
    assert b"does not exist" in cli("backup", str(tmp_path / "a"), status=3).stderr
    assert b"no copy of" in cli("restore", str(tmp_path / "b"), status=2).stderr
    with SharedContext(stack.url, namespace=namespace) as ctx:
        ctx.put("k", "v")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert b"something in" in cli("backup", str(tmp_path / "full"), status=2).stderr


def test_a_damaged_copy_leaves_nothing(
    stack: Stack, cli: Cli, namespace: str, tmp_path: Path
) -> None:
    with SharedContext(stack.url, namespace=namespace) as ctx:
        ctx.put("k", "v")
    cli("backup", str(tmp_path / "copy"))
    messages = tmp_path / "copy" / f"KV_ctx_{namespace}" / "stream.tar.s2"
    good = messages.read_bytes()
    messages.write_bytes(b"not a snapshot")
    with NatsServer(tmp_path / "nats") as other:
        away = Cli(other.url, namespace)
        away("restore", str(tmp_path / "copy"), status=1)
        with (
            pytest.raises(NamespaceNotFound),
            SharedContext(other.url, namespace=namespace, create=False),
        ):
            pass
        messages.write_bytes(good)
        away("restore", str(tmp_path / "copy"))
        with SharedContext(other.url, namespace=namespace, create=False) as ctx:
            assert ctx.get("k") == "v"
