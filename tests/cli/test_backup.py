from __future__ import annotations

import random
from pathlib import Path

from sharedctx.embedded import NatsServer
from sharedctx.sync import SharedContext
from tests.cli.harness import Cli

# Packs to more than fits into a message, so that it is stored in chunks.
LARGE = "\n".join(str(random.Random(0).getrandbits(4096)) for _ in range(400)).encode()


def test_a_namespace_comes_back_whole_on_another_server(
    cli: Cli, listing_file: Path, tmp_path: Path
) -> None:
    cli("put", "tools/listing", str(listing_file), "--wait")
    cli("put", "large", "--wait", given=LARGE)
    cli("put", "small", given=b"not to be compressed")
    cli("put", "gone", given=b"x")
    cli("rm", "gone")
    before = cli.json("ls")
    copied = cli.json("backup", str(tmp_path / "copy"))
    assert copied[0]["messages"] == 3
    cli("put", "later", given=b"is not in the copy")

    with NatsServer(tmp_path / "nats") as other:
        away = Cli(other.url, cli.environment["SHAREDCTX_NAMESPACE"])
        said = away("restore", str(tmp_path / "copy")).stdout.decode()
        assert "3 entries" in said
        assert away.json("ls") == before
        assert away("get", "tools/listing", "--full").stdout == listing_file.read_bytes()
        assert away("get", "tools/listing").stdout == cli("get", "tools/listing").stdout
        # Nothing is left to do for workers, and the next put has the next revision.
        with SharedContext(other.url, namespace=cli.environment["SHAREDCTX_NAMESPACE"]) as ctx:
            assert ctx.info().jobs_waiting == 0
        assert away.json("put", "next", given=b"y")["revision"] > max(e["revision"] for e in before)
        assert b"exists" in away("restore", str(tmp_path / "copy"), status=1).stderr
        assert len(away.json("ls")) == 4


def test_what_cannot_be_copied_or_restored_is_said(cli: Cli, tmp_path: Path) -> None:
    assert b"does not exist" in cli("backup", str(tmp_path / "a"), status=3).stderr
    assert b"no copy of" in cli("restore", str(tmp_path / "b"), status=2).stderr
    cli("put", "k", given=b"v")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    assert b"something in" in cli("backup", str(tmp_path / "full"), status=2).stderr


def test_a_damaged_copy_leaves_nothing(cli: Cli, tmp_path: Path) -> None:
    cli("put", "k", given=b"v")
    cli("backup", str(tmp_path / "copy"))
    entries = tmp_path / "copy" / f"KV_ctx_{cli.environment['SHAREDCTX_NAMESPACE']}"
    (entries / "stream.tar.s2").write_bytes(b"not a snapshot")
    with NatsServer(tmp_path / "nats") as other:
        away = Cli(other.url, cli.environment["SHAREDCTX_NAMESPACE"])
        away("restore", str(tmp_path / "copy"), status=1)
        away("ls", status=3)
        cli("backup", str(tmp_path / "again"))
        away("restore", str(tmp_path / "again"))
        assert away("get", "k").stdout == b"v"
