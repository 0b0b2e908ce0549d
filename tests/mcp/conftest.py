"""Sessions of the official client with `sharedctx mcp`, run as users run it.

Only what SDK 1.x and 2.x spell alike is used, so the same tests run on both.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from sharedctx.embedded import Stack
from sharedctx.embedded.children import child_environment

COMMAND = [sys.executable, "-m", "sharedctx.cli"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(workers=1, data_dir=tmp_path_factory.mktemp("stack")) as running:
        yield running


class Session:
    """A client session; results as the JSON that travels."""

    def __init__(self, session: ClientSession) -> None:
        self.raw = session

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        return _json(await self.raw.call_tool(tool, arguments))

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that succeeds; return its structured result."""
        answer = await self.call(tool, **arguments)
        assert not answer.get("isError"), answer
        structured: dict[str, Any] = answer["structuredContent"]
        return structured

    async def refused(self, tool: str, **arguments: Any) -> str:
        """Call a tool that fails; return what the model is told."""
        answer = await self.call(tool, **arguments)
        assert answer["isError"]
        return str(answer["content"][0]["text"])

    async def tools(self) -> dict[str, dict[str, Any]]:
        return {tool["name"]: tool for tool in _json(await self.raw.list_tools())["tools"]}

    async def templates(self) -> list[str]:
        listed = _json(await self.raw.list_resource_templates())["resourceTemplates"]
        return [template["uriTemplate"] for template in listed]

    async def read(self, uri: str) -> str:
        contents = _json(await self.raw.read_resource(uri))["contents"]  # type: ignore[arg-type,unused-ignore]
        return str(contents[0]["text"])


def _json(model: Any) -> dict[str, Any]:
    dumped: dict[str, Any] = model.model_dump(mode="json", by_alias=True)
    return dumped


@asynccontextmanager
async def over_stdio(url: str, namespace: str, *options: str) -> AsyncIterator[Session]:
    command = [*COMMAND, "mcp", *options]
    environment = {**child_environment(), "NATS_URL": url, "SHAREDCTX_NAMESPACE": namespace}
    parameters = StdioServerParameters(command=command[0], args=command[1:], env=environment)
    async with stdio_client(parameters) as streams, ClientSession(*streams) as session:
        await session.initialize()
        yield Session(session)


@contextmanager
def http_server(url: str, namespace: str, *options: str) -> Iterator[str]:
    """Run the server over HTTP; give its URL."""
    arguments = ["--servers", url, "--namespace", namespace, "--json"]
    command = [*COMMAND, "mcp", "--transport", "http", "--port", "0", *arguments, *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=child_environment()
    ) as running:
        assert running.stdout is not None
        try:
            yield json.loads(running.stdout.readline())["url"]
        finally:
            running.terminate()
            _, complaint = running.communicate(timeout=20)
        assert running.returncode == 0, complaint
        assert b"Traceback" not in complaint


@asynccontextmanager
async def over_http(url: str) -> AsyncIterator[Session]:
    async with (
        streamable_http_client(url) as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()
        yield Session(session)
