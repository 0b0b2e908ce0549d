"""The command that serves the Model Context Protocol: mcp."""

from __future__ import annotations

import importlib.util
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer

from sharedctx.cli.output import write_json
from sharedctx.cli.verb import Settings, verb
from sharedctx.errors import MissingExtra

__all__ = ("Transport", "mcp", "register")

_RETRY_S = 5.0
"""A model should hear soon that NATS is away."""


class Transport(StrEnum):
    """How MCP clients reach the server."""

    STDIO = "stdio"
    HTTP = "http"


async def mcp(
    settings: Settings,
    *,
    transport: Annotated[
        Transport,
        typer.Option(help="stdio for a client that starts this command; http for streamable HTTP."),
    ] = Transport.STDIO,
    allow_writes: Annotated[
        bool, typer.Option("--allow-writes", help="Offer context_put too.")
    ] = False,
    agent: Annotated[
        str, typer.Option(help="Who puts, when a call does not say.", envvar="SHAREDCTX_AGENT")
    ] = "mcp",
    max_tokens: Annotated[
        int, typer.Option(help="Tokens that context_get returns unless asked otherwise.", min=100)
    ] = 5_000,
    host: Annotated[
        str, typer.Option(help="Where to listen; there is no authentication.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port; 0 takes a free one.", min=0)] = 8765,
) -> None:
    """Serve the namespace to MCP clients: tools to read, search and list it; not to write."""
    if importlib.util.find_spec("mcp") is None:
        raise MissingExtra(
            "The MCP server needs the official SDK. Install the extra: pip install 'sharedctx[mcp]'"
        )
    from sharedctx import mcp as server  # noqa: PLC0415 - only now is it known that it can be

    options = settings.options("sharedctx-mcp", retry_budget=_RETRY_S)
    gateway = server.Gateway(
        options, settings.space, create=allow_writes, agent=agent, encryption=settings.encryption
    )
    async with gateway:
        made = server.create_server(
            gateway, allow_writes=allow_writes, max_tokens=max_tokens, host=host
        )
        if transport is Transport.STDIO:
            await server.serve_stdio(made)
        else:
            await server.serve_http(made, host, port, lambda url: _say(settings, url))


def _say(settings: Settings, url: str) -> None:
    if settings.json:
        write_json({"url": url})
    else:
        typer.echo(f"MCP server at {url}")
        sys.stdout.flush()


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    options: dict[str, Any] = {"rich_help_panel": "Run"}
    app.command(**options)(verb(mcp))
