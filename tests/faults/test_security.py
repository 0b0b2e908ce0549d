"""Credentials: refused and denied calls raise their own errors, at once and without secrets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sharedctx import AuthError, PermissionDenied, SharedContext
from sharedctx.embedded import NatsServer

USERS = """
authorization {
  users: [
    {user: admin, password: open-sesame}
    {user: reader, password: only-reading, permissions: {
      publish: ["$JS.API.STREAM.INFO.>", "$JS.API.DIRECT.GET.>"]
      subscribe: ["_INBOX.>", "ctxev.>"]
    }}
  ]
}
"""


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    server = NatsServer(tmp_path / "nats", config=USERS)
    server.start()
    yield server.url.removeprefix("nats://")
    server.stop()


async def test_a_wrong_password_is_an_auth_error_without_the_password(guarded: str) -> None:
    with pytest.raises(AuthError) as caught:
        await SharedContext(f"nats://admin:wrong-secret@{guarded}").open()
    assert "wrong-secret" not in str(caught.value)


async def test_no_credentials_are_an_auth_error(guarded: str) -> None:
    with pytest.raises(AuthError):
        await SharedContext(f"nats://{guarded}").open()


async def test_a_denied_put_fails_at_once(guarded: str) -> None:
    async with SharedContext(f"nats://admin:open-sesame@{guarded}", namespace="team") as admin:
        await admin.put("k", "content")
        async with SharedContext(f"nats://reader:only-reading@{guarded}", namespace="team") as ctx:
            assert await ctx.get("k") == "content"
            started = time.monotonic()
            for call in (ctx.put("k", "forged"), ctx.delete("k"), ctx.clear()):
                with pytest.raises(PermissionDenied, match="do not allow"):
                    await call
            assert time.monotonic() - started < 4
        assert await admin.get("k") == "content"


async def test_nothing_logs_content_or_passwords(
    guarded: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with SharedContext(f"nats://admin:open-sesame@{guarded}", namespace="team") as ctx:
        entry = await ctx.put("k", "canary-content " * 100)
        await ctx.get("k", timeout=0)
        await asyncio.sleep(0.1)
        assert "canary-content" not in caplog.text + repr(entry) + repr(ctx)
    assert "open-sesame" not in caplog.text
