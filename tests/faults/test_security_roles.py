"""S3: roles. Each verb of each role works, or is refused with the right error at once."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from sharedctx import Credentials, PermissionDenied, SharedContext
from sharedctx.embedded import NatsServer
from sharedctx.permissions import ROLES, VERBS, Role, permissions_of
from sharedctx.records import State
from sharedctx.store.nats_workers import list_workers
from tests.client.conftest import working
from tests.faults.roles import BIG, CASES, TEXT, Verb, clear, compress, never_seen, user, user_line
from tests.worker.harness import WorkerProcess

SOON_S = 3.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    users = [user_line(role, permissions_of("team", role)) for role in Role]
    users += [user_line(f"{role}-fresh", permissions_of("fresh", role)) for role in Role]
    users.append("{user: root, password: p}")
    config = f"authorization {{ users: [ {', '.join(users)} ] }}"
    with NatsServer(tmp_path_factory.mktemp("nats"), config=config) as running:
        yield running.url


@pytest.fixture
async def root(server: str) -> AsyncIterator[SharedContext]:
    """The namespaces `team` and `other`, with what the verbs need."""
    one = user(server, "root")
    async with (
        one.context(namespace="other", create=True) as other,
        one.context(create=True, update=True, history=2, max_entries=100) as team,
    ):
        await other.put("secret", "only for others")
        if await team.get("made", timeout=0) is None:
            await team.put("made", TEXT)
            await team.put("big", BIG)
            async with working(f"{server[:7]}root:p@{server[7:]}", "team"):
                await team.get("made", timeout=20)
        yield team


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("verb", "allowed"), CASES, ids=[case[0].__name__ for case in CASES])
async def test_a_verb_of_a_role(
    server: str, root: SharedContext, verb: Verb, allowed: frozenset[Role], role: Role
) -> None:
    await root.put("pending", never_seen())
    await root.put("expendable", "content")
    before = await root.keys()
    began = time.monotonic()
    if role in allowed:
        await verb(user(server, role))
        return
    with pytest.raises(PermissionDenied, match="sharedctx permissions"):
        await verb(user(server, role))
    assert time.monotonic() - began < SOON_S
    assert await root.keys() == before
    assert await root.get("made", full=True) == TEXT


async def test_a_worker_process_needs_no_more_than_its_role(
    server: str, root: SharedContext, tmp_path: Path
) -> None:
    worker = WorkerProcess(
        tmp_path / "worker.log",
        *("-m", "sharedctx_workers", "--servers", server, "--namespace", "team"),
        *("--user", Role.WORKER, "--password", "p", "--inbox-prefix", "_INBOX_team_worker"),
        *("--slots", "1", "--log-level", "debug"),
    )
    try:
        async with user(server, Role.WRITER).context() as writer:
            assert (await writer.put("real", TEXT + "more", wait=60)).state is State.READY
            assert await writer.get("real") != TEXT + "more"
        present = await list_workers(server, credentials=user(server, Role.READER).credentials)
        assert worker.process.pid in {each.get("pid") for each in present}
        await root.delete("real")
    finally:
        worker.kill()
    log = worker.log.read_text()
    assert "allow" not in log
    assert "refused" not in log


@pytest.mark.parametrize("role", list(Role))
async def test_only_the_admin_creates_a_namespace(server: str, role: Role) -> None:
    one = user(server, f"{role}-fresh", "fresh")
    context = one.context(namespace="fresh", create=True)
    if role is Role.ADMIN:
        async with context:
            return
    with pytest.raises(PermissionDenied, match="STREAM.CREATE"):
        await context.open()


CROSS = [
    "$JS.API.STREAM.INFO.KV_ctx_other",
    "$JS.API.STREAM.MSG.GET.KV_ctx_other",
    "$JS.API.DIRECT.GET.KV_ctx_other.$KV.ctx_other.secret",
    "$JS.API.CONSUMER.CREATE.KV_ctx_other.mine",
    "$JS.API.CONSUMER.DURABLE.CREATE.KV_ctx_other.mine",
    "$JS.API.CONSUMER.MSG.NEXT.KV_ctx_other.compress",
    "$JS.API.STREAM.PURGE.KV_ctx_other",
    "$JS.API.STREAM.DELETE.KV_ctx_other",
    "$JS.API.STREAM.UPDATE.KV_ctx_other",
    "$JS.API.STREAM.CREATE.KV_ctx_mine",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.DELETE.KV_ctx_team",
    "$JS.API.CONSUMER.DELETE.KV_ctx_team.compress",
    "$JS.API.CONSUMER.DURABLE.CREATE.KV_ctx_team.mine",
    "$KV.ctx_other.secret",
    "$KV.ctx_other_renditions.hash.o200k_base-20",
    "$KV.ctx_other_blobs.hash.0",
    "ctxev.team.put.made",
    "ctxev.team.ready.hash.o200k_base-20",
    "_INBOX.anybody",
]
DEAF = [
    ">",
    "$KV.>",
    "$KV.ctx_team.*",
    "$JS.>",
    "$JS.API.>",
    "$JS.ACK.>",
    "ctxev.>",
    "ctxev.other.put.*",
    "_INBOX.>",
    "_INBOX_other_reader.>",
]


@pytest.mark.parametrize("role", list(Role))
async def test_nothing_reaches_beyond_the_role(
    server: str, root: SharedContext, role: Role
) -> None:
    one = user(server, role)
    with pytest.raises(PermissionDenied):
        await one.context(namespace="other").open()
    prefixes = [f"_INBOX_team_{each}.>" for each in Role if each is not role]
    async with one.connection() as connection:
        for subject in CROSS:
            if role is Role.ADMIN and subject.startswith("$JS.API.CONSUMER.DELETE.KV_ctx_team"):
                continue
            with pytest.raises(PermissionDenied):
                await connection.request(subject, b"{}", timeout=SOON_S)
        for subject in [*DEAF, *prefixes]:
            denied: list[PermissionDenied] = []
            async with connection.subscribe(subject, lambda _: None, on_denied=denied.append):
                await connection._nats.flush()
                await connection._nats.flush()  # its PING may overtake the SUB; not twice
            assert denied, subject
    assert await root.get("made", full=True) == TEXT


async def test_a_client_with_the_wrong_inbox_hears_so_at_once(server: str) -> None:
    began = time.monotonic()
    credentials = Credentials(user="reader", password="p")
    with pytest.raises(PermissionDenied, match="NATS_INBOX_PREFIX"):
        await SharedContext(server, credentials=credentials).open()
    assert time.monotonic() - began < SOON_S


async def test_a_writer_cannot_forge_a_rendition(server: str, root: SharedContext) -> None:
    with pytest.raises(PermissionDenied, match="renditions"):
        await compress(user(server, "writer"))
    assert await root.get("made", full=True) == TEXT


async def test_a_denied_clear_removes_nothing(server: str, root: SharedContext) -> None:
    store = root._store
    entry = await store.get("made")
    assert entry is not None
    with pytest.raises(PermissionDenied):
        await clear(user(server, "writer"))
    assert await store.get("made") == entry
    assert await store.get_rendition(entry.record) is not None


def test_every_right_of_a_role_is_used(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verbs above need each subject of the table, but those of clusters and of domains."""
    used: set[tuple[str, str]] = set()
    publish, subscribe = Client.publish, Client.subscribe

    async def publishing(self: Client, subject: str, *args: Any, **options: Any) -> Any:
        used.add(("publish", subject))
        return await publish(self, subject, *args, **options)

    async def subscribing(self: Client, subject: str, *args: Any, **options: Any) -> Any:
        used.add(("subscribe", subject))
        return await subscribe(self, subject, *args, **options)

    async def everything() -> None:
        root_user = user(server, "root")
        async with root_user.context(create=True, update=True, history=2) as ctx:
            await ctx.clear()  # what tests before this one have put
            await ctx.put("made", TEXT)
            await ctx.put("big", BIG)
            async with working(f"{server[:7]}root:p@{server[7:]}", "team"):
                await ctx.get("made", timeout=20)
            monkeypatch.setattr(Client, "publish", publishing)
            monkeypatch.setattr(Client, "subscribe", subscribing)
            await ctx.put("pending", never_seen())
            await ctx.put("expendable", "content")
            last = ("clear", "update")
            order = sorted(CASES, key=lambda case: case[0].__name__ in last)
            for verb, _ in order:
                await verb(user(server, "admin"))
            async with user(server, "admin").context(history=2, update=True):
                pass
        monkeypatch.undo()

    asyncio.run(everything())
    unused = []
    admin = permissions_of("team", Role.ADMIN)
    for act, allowed in (("publish", admin.publish), ("subscribe", admin.subscribe)):
        subjects = [subject for done, subject in used if done == act]
        unused += [each for each in allowed if not any(matches(each, s) for s in subjects)]
    rare = {
        *(each for each in unused if ".STREAM.MSG.GET." in each),  # on several replicas
        "$JS.ACK.*.*.KV_ctx_team.compress.>",  # of a domain
        *(each for each in unused if ".STREAM.CREATE." in each),  # tested with `fresh`
    }
    assert set(unused) == rare


def matches(pattern: str, subject: str) -> bool:
    wanted, tokens = pattern.split("."), subject.split(".")
    for position, token in enumerate(wanted):
        if token == ">":
            return len(tokens) > position
        if position >= len(tokens) or token not in {"*", tokens[position]}:
            return False
    return len(tokens) == len(wanted)


def test_the_block_is_valid_json_and_names_every_verb() -> None:
    for role in Role:
        block = permissions_of("team", role).as_json()
        assert json.loads(json.dumps(block)) == block
    assert {name for role in Role for name in ROLES[role]} == set(VERBS)


# What subjects cannot keep apart


@pytest.mark.usefixtures("root")
async def test_inside_an_account_a_hostile_client_can_misdirect_answers(server: str) -> None:
    """NATS does not check where a client asks to be answered: it answers with all rights.

    A known limit, told in docs/howto/security.md. If this fails, NATS has changed: tell it there.
    """
    async with user(server, "root").context(namespace="other") as other:
        assert await other.get("secret") == "only for others"
        hostile = await nats.connect(
            server, user="reader", password="p", inbox_prefix="_INBOX_team_reader"
        )
        question = "$JS.API.DIRECT.GET.KV_ctx_team.$KV.ctx_team.made"
        await hostile.publish(question, b"", reply="$KV.ctx_other.secret")
        await hostile.flush()
        await asyncio.sleep(0.3)
        await hostile.close()
        assert await other.get("secret", full=True) == TEXT


async def test_accounts_keep_tenants_apart(tmp_path_factory: pytest.TempPathFactory) -> None:
    block = permissions_of("team", Role.READER).as_config()
    config = f"""accounts {{
      A {{ jetstream: enabled, users: [
        {{user: a, password: p}}, {{user: reader, password: p, {block} }} ] }}
      B {{ jetstream: enabled, users: [ {{user: b, password: p}} ] }}
    }}"""
    server = NatsServer(tmp_path_factory.mktemp("accounts"), config=config)
    await asyncio.to_thread(server.start)
    try:
        async with (
            SharedContext(f"nats://a:p@{server.url[7:]}", namespace="team") as ours,
            SharedContext(f"nats://b:p@{server.url[7:]}", namespace="other") as other,
        ):
            await ours.put("made", TEXT)
            await other.put("secret", "only for others")
            hostile = await nats.connect(
                server.url, user="reader", password="p", inbox_prefix="_INBOX_team_reader"
            )
            question = "$JS.API.DIRECT.GET.KV_ctx_team.$KV.ctx_team.made"
            await hostile.publish(question, b"", reply="$KV.ctx_other.secret")
            await hostile.flush()
            await asyncio.sleep(0.3)
            await hostile.close()
            assert await other.get("secret") == "only for others"
    finally:
        await asyncio.to_thread(server.stop)
