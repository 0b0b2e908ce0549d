"""S2: logins and rights that end while a client is connected."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sharedctx import AuthError, InvalidRequest, PermissionDenied, SharedContext
from sharedctx.embedded import NatsServer
from tests.faults.jwts import JwtAuthority

SOON_S = 2.0
ALL = "{user: admin, password: p}"
READING = """{user: admin, password: p, permissions: {
    publish: ["$JS.API.STREAM.INFO.>", "$JS.API.DIRECT.GET.>"], subscribe: ["_INBOX.>"] }}"""


def authorized(*users: str) -> str:
    return f"authorization {{ users: [ {', '.join([*users, '{user: other, password: p}'])} ] }}"


@pytest.fixture
def jwt(tmp_path: Path) -> Iterator[tuple[JwtAuthority, NatsServer]]:
    authority = JwtAuthority()
    with NatsServer(tmp_path / "nats", config=authority.config) as server:
        yield authority, server


async def test_a_login_that_expires_is_told_at_once_and_a_renewed_one_is_taken(
    jwt: tuple[JwtAuthority, NatsServer], tmp_path: Path
) -> None:
    authority, server = jwt
    file = authority.write_credentials(tmp_path / "user.creds", lifetime=3)
    async with SharedContext(server.url, credentials=file) as ctx:
        await ctx.put("k", "content")
        waiting = asyncio.ensure_future(ctx.wait_for("never"))
        await asyncio.sleep(4.5)
        for call in (ctx.get("k"), ctx.put("k", "more"), ctx.keys(), ctx.wait_for("never")):
            began = time.monotonic()
            with pytest.raises(AuthError, match="no longer accepts|refused"):
                await call
            assert time.monotonic() - began < SOON_S
        with pytest.raises(AuthError):
            await asyncio.wait_for(waiting, SOON_S)
        seed = file.read_text().splitlines()[5]
        authority.write_credentials(file)
        began = time.monotonic()
        while (found := await got(ctx)) != "content":
            assert time.monotonic() - began < 15
            assert seed not in found
            await asyncio.sleep(0.2)
        assert (await ctx.put("k", "more")).original == "more"


async def got(ctx: SharedContext) -> str:
    """What a get gives, or says."""
    try:
        return str(await ctx.get("k"))
    except AuthError as error:
        return str(error)


async def test_expired_credentials_are_refused_at_once(
    jwt: tuple[JwtAuthority, NatsServer], tmp_path: Path
) -> None:
    authority, server = jwt
    file = authority.write_credentials(tmp_path / "user.creds", lifetime=-10)
    began = time.monotonic()
    with pytest.raises(AuthError):
        await SharedContext(server.url, credentials=file).open()
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize("text", ["", "canary-secret", "BEGIN NATS USER JWT\nabc\n", None])
async def test_a_file_without_credentials_is_named(
    jwt: tuple[JwtAuthority, NatsServer], tmp_path: Path, text: str | None
) -> None:
    _, server = jwt
    file = tmp_path / "user.creds"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InvalidRequest, match="user.creds") as caught:
        await asyncio.wait_for(SharedContext(server.url, credentials=file).open(), 5)
    assert "canary" not in str(caught.value)


@pytest.fixture
def reloadable(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats", config=authorized(ALL)) as server:
        yield server


def reload(server: NatsServer, *users: str) -> None:
    config = server.data_dir / "nats-server.conf"
    text = config.read_text().replace("127.0.0.1:-1", server.url.removeprefix("nats://"))
    config.write_text(text[: text.index("authorization {")] + authorized(*users))
    os.kill(server.pid, signal.SIGHUP)


async def test_a_user_that_is_removed_hears_so_at_once(reloadable: NatsServer) -> None:
    address = reloadable.url.removeprefix("nats://")
    async with SharedContext(f"nats://admin:p@{address}") as ctx:
        await ctx.put("k", "content")
        reload(reloadable)
        await asyncio.sleep(1.5)
        for call in (ctx.get("k"), ctx.put("k", "more")):
            began = time.monotonic()
            with pytest.raises(AuthError, match="refused"):
                await call
            assert time.monotonic() - began < SOON_S
        reload(reloadable, ALL)
        await asyncio.sleep(8)
        assert await ctx.get("k") == "content"


async def test_rights_that_are_taken_away_are_told_at_once(reloadable: NatsServer) -> None:
    address = reloadable.url.removeprefix("nats://")
    async with SharedContext(f"nats://admin:p@{address}") as ctx:
        await ctx.put("k", "content")
        reload(reloadable, READING)
        await asyncio.sleep(1.5)
        assert await ctx.get("k") == "content"
        began = time.monotonic()
        with pytest.raises(PermissionDenied, match="ctx_default.k"):
            await ctx.put("k", "more")
        with pytest.raises(PermissionDenied, match="subscribing"):
            await ctx.wait_for("never")
        assert time.monotonic() - began < SOON_S
