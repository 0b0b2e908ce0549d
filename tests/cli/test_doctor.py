"""What doctor finds, each on a real server that is set up wrong in that way."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import anyio
import nats
import psutil
import pytest

from sharedctx import SharedContext, StoreFull
from sharedctx.cli import checks, namespace_checks
from sharedctx.cli.findings import Check, Verdict
from sharedctx.cli.verb import Settings
from sharedctx.embedded import NatsServer
from sharedctx.records import State
from sharedctx.store.nats_workers import WorkerStore
from tests.cli.harness import Cli
from tests.store.conftest import rendition_of


async def examined(url: str, namespace: str = "default") -> dict[str, Check]:
    """Return the checks by name; of several with one name the worst."""
    found: dict[str, Check] = {}
    async for check in checks.examine(Settings(servers=url, namespace=namespace)):
        # Errors of the client name the remedy themselves.
        named = check.remedy or check.name in {"connection", "namespace"}
        assert named or check.verdict is Verdict.OK
        if check.name not in found or found[check.name].verdict is Verdict.OK:
            found[check.name] = check
    return found


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a server with the configuration that the test names."""
    with NatsServer(tmp_path / "nats", config=request.param) as running:
        yield running.url


def configured(config: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("server", [config], indirect=True, ids=[""])


def login(url: str, user: str) -> str:
    return url.replace("nats://", f"nats://{user}:secret@")


def test_doctor_finds_nothing_wrong(cli: Cli, listing_file: Path) -> None:
    said = cli("doctor").stdout.decode()
    assert "warn namespace" in said
    cli("put", "key", str(listing_file), "--wait")  # so a worker is there and has done it
    found = cli.json("doctor")
    assert found["ok"]
    verdicts = {check["name"]: check["verdict"] for check in found["checks"]}
    assert verdicts == dict.fromkeys(
        [
            "server",
            "connection",
            "jetstream",
            "workers",
            "clock",
            "namespace",
            "backlog",
            "renditions",
            "canary",
        ],
        "ok",
    )
    assert cli("ls").stdout == b"key\n"


def test_doctor_names_what_is_missing(nowhere: Cli, tmp_path: Path) -> None:
    found = nowhere.json("doctor", status=4)
    assert [check["verdict"] for check in found["checks"]] == ["fail"]
    assert "sharedctx up" in found["checks"][0]["remedy"]
    with NatsServer(tmp_path / "without workers") as server:
        lonely = Cli(server.url, "default")
        lonely("put", "key", given=b"x" * 1000)
        said = lonely("doctor", status=1).stdout.decode()
        assert "warn workers" in said
        assert "fail backlog" in said
        assert "sharedctx worker" in said


def test_doctor_evicts_nothing(cli: Cli, namespace: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from sharedctx import SharedContext\n"
        "async def main():\n"
        "    async with SharedContext(namespace=sys.argv[1], max_entries=1) as context:\n"
        "        await context.put('only', 'x')\n"
        "asyncio.run(main())\n"
    )
    subprocess.run(
        [sys.executable, "-c", program, namespace], check=True, env=cli.environment, timeout=60
    )
    said = cli("doctor").stdout.decode()
    assert "no put, which would evict" in said
    assert "warn limits" in said
    assert "1 of 1 entries of max_entries in use" in said
    assert cli("ls").stdout == b"only\n"


def test_doctor_tells_another_service_from_nats(nowhere: Cli, tmp_path: Path) -> None:
    with NatsServer(tmp_path, config="http: 127.0.0.1:-1") as server:
        port = int(server.url.rpartition(":")[2])
        others = psutil.Process(server.pid).net_connections()
        (http,) = [
            each.laddr.port
            for each in others
            if each.status == "LISTEN" and each.laddr.port != port
        ]
        nowhere.environment["NATS_URL"] = f"nats://127.0.0.1:{http}"
        checks = nowhere.json("doctor", status=4)["checks"]
        assert checks[0]["verdict"] == "fail"


async def test_a_server_that_is_too_old() -> None:
    async def greet(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b'INFO {"version":"2.10.29","max_payload":1048576}\r\n')

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, greet)
            found = await examined(f"nats://127.0.0.1:{port}")
            group.cancel_scope.cancel()
    assert found.keys() == {"version"}
    assert found["version"].verdict is Verdict.FAIL
    assert "Upgrade it to 2.11" in found["version"].remedy


@configured("max_payload: 65536")
async def test_a_server_that_takes_small_messages_only(server: str) -> None:
    found = await examined(server)
    assert found.keys() == {"payload"}
    assert "64.0 KiB" in found["payload"].detail
    assert "max_payload" in found["payload"].remedy


ACCOUNTS = """
accounts {
  PLAIN: {users: [{user: plain, password: secret}]}
  SMALL: {jetstream: {max_store: 4MB, max_streams: 5}, users: [{user: small, password: secret}]}
}
"""


@configured(ACCOUNTS)
async def test_an_account_without_jetstream_and_a_wrong_password(server: str) -> None:
    found = await examined(login(server, "plain"))
    assert found["connection"].verdict is Verdict.OK
    assert found["jetstream"].verdict is Verdict.FAIL
    assert "enable JetStream for this account" in found["jetstream"].remedy
    assert "workers" not in found
    refused = await examined(login(server, "nobody"))
    assert refused["connection"].verdict is Verdict.FAIL
    assert "refused the credentials" in refused["connection"].detail
    assert "secret" not in str(refused)


@configured(ACCOUNTS)
async def test_an_account_that_is_nearly_and_then_quite_full(server: str) -> None:
    url = login(server, "small")
    async with SharedContext(url) as ctx:

        async def fill(size: int, most: int) -> None:
            for _ in range(most):
                await ctx.put(os.urandom(8).hex(), os.urandom(size).hex())

        assert "limits" not in await examined(url)
        await fill(64_000, 30)
        found = await examined(url)
        assert found["limits"].verdict is Verdict.WARN
        assert "of 4.0 MiB disk space of the account" in found["limits"].detail
        assert found["canary"].verdict is Verdict.OK
        for size in (64_000, 4_000, 250, 60):
            with pytest.raises(StoreFull):
                await fill(size, 1_000)
    found = await examined(url)
    assert found["canary"].verdict is Verdict.FAIL
    assert "disk space" in found["canary"].remedy


@configured(ACCOUNTS)
async def test_an_account_without_room_for_another_namespace(server: str) -> None:
    async with SharedContext(login(server, "small")):
        assert "limits" not in await examined(login(server, "small"))
    async with SharedContext(login(server, "small"), history=2, update=True):
        pass
    found = await examined(login(server, "small"))
    assert "5 of 5 streams" in found["limits"].detail
    assert "max_streams" in found["limits"].remedy


USERS = """
authorization {
  users: [
    {user: admin, password: secret}
    {user: reader, password: secret, permissions: {
      publish: ["$JS.API.STREAM.INFO.>", "$JS.API.DIRECT.GET.>", "$JS.API.CONSUMER.>"]
      subscribe: ["_INBOX.>", "ctxev.>"]
    }}
    {user: nobody, password: secret, permissions: {publish: ["x"], subscribe: ["_INBOX.>"]}}
    {user: deaf, password: secret, permissions: {subscribe: ["_INBOX.>"]}}
  ]
}
"""


@configured(USERS)
async def test_permissions(server: str) -> None:
    async with SharedContext(login(server, "admin")) as ctx:
        await ctx.put("key", "content")
        reader = await examined(login(server, "reader"))
        assert reader["jetstream"].verdict is Verdict.OK
        assert reader["renditions"].verdict is Verdict.OK
        assert reader["canary"].verdict is Verdict.WARN
        assert "only reads" in reader["canary"].detail
        assert {c.name for c in reader.values() if c.verdict is Verdict.FAIL} == {"backlog"}
        nobody = await examined(login(server, "nobody"))
        assert nobody["namespace"].verdict is Verdict.FAIL
        assert "STREAM.INFO" in nobody["namespace"].detail
        assert "permissions" in nobody["namespace"].remedy
        deaf = await examined(login(server, "deaf"))
        assert deaf["canary"].verdict is Verdict.FAIL
        assert "ctxev.>" in deaf["canary"].remedy
        assert await ctx.keys() == ["key"]


async def test_workers_of_another_version(own_server: NatsServer) -> None:
    workers = await WorkerStore.connect(own_server.url, name="test")
    await workers.announce("one", {"host": "a", "slots": 2, "busy": 1, "version": "0.0.1"})
    await workers.announce("two", {"host": "b", "slots": 2, "busy": 0, "version": "0.0.2"})
    await workers.aclose()
    check = (await examined(own_server.url))["workers"]
    assert check.verdict is Verdict.WARN
    assert "2 on 2 host(s), 1 of 4 slots busy, version 0.0.1 and 0.0.2" in check.detail
    assert "one version" in check.remedy


async def test_a_clock_that_is_off(
    nats_url: str, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with SharedContext(nats_url, namespace=namespace):
        assert (await examined(nats_url, namespace))["clock"].verdict is Verdict.OK
        now = time.time
        for off in (30.0, -30.0):
            with monkeypatch.context() as patch:
                patch.setattr(time, "time", lambda off=off: now() + off)
                check = (await examined(nats_url, namespace))["clock"]
            assert check.verdict is Verdict.WARN
            assert check.detail.startswith(("30.0 s", "29.9 s"))
            assert "NTP" in check.remedy


async def test_a_namespace_that_lacks_a_part(nats_url: str, namespace: str) -> None:
    nc = await nats.connect(nats_url)
    async with SharedContext(nats_url, namespace=namespace) as ctx:
        await ctx.put("key", "content")
        await nc.jetstream().delete_consumer(f"KV_ctx_{namespace}", "compress")
        check = (await examined(nats_url, namespace))["backlog"]
        assert check.verdict is Verdict.FAIL
        assert "job queue is gone" in check.detail
        await nc.jetstream().delete_stream(f"KV_ctx_{namespace}_renditions")
        check = (await examined(nats_url, namespace))["namespace"]
        assert check.verdict is Verdict.FAIL
        assert f"lacks its stream KV_ctx_{namespace}_renditions" in check.detail
        # What the remedy says:
        await nc.jetstream().delete_stream(f"KV_ctx_{namespace}")
    async with SharedContext(nats_url, namespace=namespace) as ctx:
        await ctx.put("key", "content")
    assert (await examined(nats_url, namespace))["namespace"].verdict is Verdict.OK
    await nc.jetstream().add_stream(name=f"KV_ctx_{namespace}x", subjects=[f"{namespace}.x"])
    check = (await examined(nats_url, f"{namespace}x"))["namespace"]
    assert check.verdict is Verdict.FAIL
    assert "sharedctx did not make it" in check.detail
    await nc.close()


async def test_jobs_that_wait_long(own_server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespace_checks, "_WAIT_SECONDS", 0.5)
    monkeypatch.setattr(namespace_checks, "_BACKLOG", 3)
    async with SharedContext(own_server.url) as ctx:
        assert (await examined(own_server.url))["backlog"].verdict is Verdict.OK
        await ctx.put("key", "x" * 1000)
        assert "sharedctx worker" in (await examined(own_server.url))["backlog"].remedy
        await asyncio.sleep(0.6)
        # A worker that serves other namespaces only.
        workers = await WorkerStore.connect(own_server.url, name="test")
        await workers.announce("one", {"version": "0"})
        check = (await examined(own_server.url))["backlog"]
        assert check.verdict is Verdict.FAIL
        assert "1 originals wait, 0 are in hand, the oldest for " in check.detail
        assert "--namespace" in check.remedy
        async with workers.open("default") as (_, queue):
            (job,) = await queue.fetch(1, 1.0)
            for number in range(5):
                await ctx.put(f"key{number}", "x" * 1000)
            check = (await examined(own_server.url))["backlog"]
            assert check.verdict is Verdict.WARN
            assert "5 originals wait, 1 are in hand" in check.detail
            assert "more workers" in check.remedy
            await job.done()
        await workers.aclose()


async def test_failed_renditions_and_a_namespace_that_is_nearly_full(
    nats_url: str, namespace: str
) -> None:
    async with SharedContext(
        nats_url, namespace=namespace, max_entries=10, max_bytes=100_000
    ) as ctx:
        for number in range(9):
            await ctx.put(f"key{number}", f"content {number} " * 100)
        stored = await ctx._store.get("key3")
        assert stored is not None
        failed = replace(rendition_of(stored.record), state=State.FAILED, reason="it took 30 s")
        await ctx._store.put_rendition(failed, b"")
        found = await examined(nats_url, namespace)
        assert found["renditions"].verdict is Verdict.WARN
        assert found["renditions"].detail == "1 failed; 'key3': it took 30 s"
        assert found["limits"].verdict is Verdict.WARN
        assert found["limits"].detail.startswith("9 of 10 entries of max_entries")
        assert found["canary"].verdict is Verdict.OK
        await ctx.put("key0", os.urandom(46_000).hex())
        seen = [
            check async for check in checks.examine(Settings(servers=nats_url, namespace=namespace))
        ]
        assert any("of 97.7 KiB of max_bytes" in check.detail for check in seen)
