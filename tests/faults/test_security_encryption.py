"""Encryption of bodies: what NATS holds, who can read it, and what happens without the key."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.js.errors import NotFoundError

from sharedctx import DecryptionFailed, Encryption, InvalidRequest, SharedContext
from sharedctx.embedded import NatsServer
from sharedctx.records import State
from tests.cli.harness import Cli
from tests.client.conftest import OpenContext
from tests.worker.harness import StartWorker

KEYS = {name: os.urandom(32) for name in ("old", "new")}
SECRET = "CANARY-content-2Jw"
TEXT = "".join(f"{SECRET} says sentence number {n} of many.\n" for n in range(200))
BIG = "".join(f"{SECRET}{n * 2654435761 % 2**32:08x}\n" for n in range(20_000))


def keys(name: str = "old", known: dict[str, bytes] | None = None) -> Encryption:
    return Encryption(name, (KEYS if known is None else known).__getitem__)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    lines = [f"{name} {base64.b64encode(key).decode()}" for name, key in KEYS.items()]
    path.write_text("# ours\n" + "\n".join(lines) + "\n")
    return path


async def stored_bytes(url: str) -> bytes:
    """Everything that the server holds."""
    connection = await nats.connect(url)
    js = connection.jetstream()
    held = b""
    for stream in await js.streams_info():
        for sequence in range(max(1, stream.state.first_seq), stream.state.last_seq + 1):
            try:
                message = await js.get_msg(stream.config.name or "", sequence)
            except NotFoundError:
                continue
            held += (message.data or b"") + str(message.headers).encode()
    await connection.close()
    return held


async def test_the_server_holds_nothing_that_can_be_read(own_server: NatsServer) -> None:
    async with SharedContext(own_server.url, encryption=keys()) as ctx:
        for key, text in (("small", SECRET), ("text", TEXT), ("big", BIG)):
            entry = await ctx.put(key, text)
            assert entry.original == text
            assert await ctx.get(key, full=True) == text
            assert await ctx.get(key, timeout=0) == text
            found = await ctx.get_entry(key)
            assert found is not None
            assert found.original == text
            assert found.original_tokens > 0
        assert (await ctx.get("text", lines=(3, 3))) == TEXT.splitlines(keepends=True)[2]
        assert (await ctx.search("sentence number 7"))[0].key == "text"
        assert KEYS["old"].hex() not in repr([ctx, ctx._encryption, vars(ctx._encryption)])
        assert repr(KEYS["old"]) not in repr([ctx._encryption, vars(ctx._encryption)])
    held = await stored_bytes(own_server.url)
    assert SECRET.encode() not in held
    assert b"sentence" not in held


async def test_equal_contents_are_known_to_be_equal_and_nothing_else(
    open_context: OpenContext,
) -> None:
    ctx = await open_context(encryption=keys())
    other = await open_context(encryption=keys("new"))
    hashes = []
    for context, key in ((ctx, "a"), (ctx, "b"), (other, "c")):
        await context.put(key, TEXT)
        stored = await ctx._store.get(key)
        hashes.append(stored.record.hash)
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashlib.sha256(TEXT.encode()).hexdigest() not in hashes


async def test_keys_can_be_rotated(open_context: OpenContext) -> None:
    before = await open_context(encryption=keys("old"))
    await before.put("a", TEXT)
    after = await open_context(encryption=keys("new"))
    await after.put("b", TEXT)
    assert await after.get("a", full=True) == await after.get("b", full=True) == TEXT
    ahead = await open_context(encryption=keys("new", {"new": KEYS["new"]}))
    with pytest.raises(DecryptionFailed, match="no key 'old'"):
        await ahead.get("a", full=True)


@pytest.mark.parametrize("how", ["no key", "wrong key", "callback fails", "not encrypted"])
async def test_who_has_no_key_reads_nothing_and_hears_so_at_once(
    open_context: OpenContext, how: str
) -> None:
    def fails(_: str) -> bytes:
        raise RuntimeError(KEYS["old"].hex())

    given = {
        "no key": None,
        "wrong key": keys("old", {"old": bytes(32)}),
        "callback fails": Encryption("old", fails),
        "not encrypted": keys(),
    }[how]
    writer = await open_context(encryption=None if how == "not encrypted" else keys())
    await writer.put("k", TEXT)
    reader = await open_context(encryption=given)
    for call in (reader.get("k", full=True), reader.get("k", timeout=0), reader.get_entry("k")):
        with pytest.raises(DecryptionFailed) as caught:
            await call
        assert KEYS["old"].hex() not in str(caught.value)
        assert caught.value.__cause__ is None
    assert await reader.keys() == ["k"]


async def test_a_body_that_is_moved_or_changed_does_not_open(
    open_context: OpenContext, nats_url: str
) -> None:
    ctx = await open_context(encryption=keys())
    await ctx.put("a", TEXT)
    connection = await nats.connect(nats_url)
    js = connection.jetstream()
    subject = f"$KV.ctx_{ctx.namespace}."
    message = await js.get_last_msg(f"KV_ctx_{ctx.namespace}", f"{subject}a")
    assert message.headers is not None
    assert message.data is not None
    headers = {"Ctx-Entry": message.headers["Ctx-Entry"]}
    changed = message.data[:-1] + bytes([message.data[-1] ^ 1])
    for key, data in (("moved", message.data), ("a", changed), ("short", b"x")):
        await js.publish(f"{subject}{key}", data, headers=headers)
        with pytest.raises(DecryptionFailed):
            await ctx.get(key, full=True)
    await connection.close()


async def test_a_worker_with_the_keys_compresses(
    own_server: NatsServer,
    start_worker: StartWorker,
    key_file: Path,
) -> None:
    worker = start_worker("--key-file", str(key_file))
    async with SharedContext(own_server.url, encryption=keys()) as ctx:
        for key, text in (("text", TEXT), ("big", BIG)):
            entry = await ctx.put(key, text, wait=40)
            assert entry.state is State.READY, entry.reason
            short = await ctx.get(key)
            assert short is not None
            assert SECRET in short
            assert len(short) < len(text)
            assert await ctx.get(key, max_tokens=100) != text
            assert await ctx.get(key, full=True) == text
        again = await ctx.put("same", TEXT, wait=40)
        assert again.state is State.READY
        await worker.logged("job.skipped", key="same")
        assert await ctx.get("same") == await ctx.get("text")
    async with SharedContext(own_server.url, encryption=keys("new")) as rotated:
        assert (await rotated.put("new", TEXT + "more", wait=40)).state is State.READY
    held = await stored_bytes(own_server.url)
    assert SECRET.encode() not in held
    log = worker.log.read_text()
    assert SECRET not in log
    assert base64.b64encode(KEYS["old"]).decode() not in log


async def test_a_worker_without_the_key_leaves_contents_as_they_are(
    own_server: NatsServer,
    start_worker: StartWorker,
) -> None:
    worker = start_worker()
    async with SharedContext(own_server.url, encryption=keys()) as ctx:
        entry = await ctx.put("k", TEXT, wait=40)
        assert entry.state is State.PASSTHROUGH
        assert entry.reason == "it is encrypted with the key 'old', which no worker holds"
        assert entry.original_tokens > 1_000
        assert await ctx.get("k") == TEXT
    await worker.logged("job.unreadable", key="k")


def test_the_command_takes_keys(nats_url: str, namespace: str, key_file: Path) -> None:
    cli = Cli(nats_url, namespace)
    cli("put", "k", "--key-file", str(key_file), given=TEXT.encode())
    assert cli("get", "k", "--full", "--key-file", str(key_file)).stdout == TEXT.encode()
    refused = cli("get", "k", "--full", status=1)
    assert b"SHAREDCTX_KEY_FILE" in refused.stderr
    cli.environment["SHAREDCTX_KEY_FILE"] = str(key_file)
    assert cli("get", "k", "--full").stdout == TEXT.encode()


BROKEN: list[tuple[str, Callable[[str], Any]]] = [
    ("empty", lambda _: ""),
    ("short", lambda _: "id c2hvcnQ=\n"),
    ("no id", lambda key: f"{key}\n"),
    ("not base64", lambda key: f"id {key[:-2]}!!\n"),
]


@pytest.mark.parametrize(("name", "text"), BROKEN, ids=[name for name, _ in BROKEN])
def test_a_broken_key_file_is_refused_without_its_content(
    tmp_path: Path, name: str, text: Callable[[str], str]
) -> None:
    key = base64.b64encode(KEYS["old"]).decode()
    path = tmp_path / name
    path.write_text(text(key))
    with pytest.raises(InvalidRequest, match="key file") as caught:
        Encryption.from_file(path)
    assert key[:20] not in str(caught.value)
