"""The two generations of the official MCP SDK, 1.x and 2.x, behind the same few names.

What both spell alike is imported from ``mcp.types`` where it is used.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import unquote

__all__ = ("ResourceError", "ToolError", "add_template", "http_app", "new_server")

try:
    _sdk: Any = importlib.import_module("mcp.server.mcpserver")
    _is_second = True
except ModuleNotFoundError:
    _sdk = importlib.import_module("mcp.server.fastmcp")
    _is_second = False

_exceptions: Any = importlib.import_module(f"{_sdk.__name__}.exceptions")

ToolError: Final[type[Exception]] = _exceptions.ToolError
"""A failure that the model is told of, with its message."""
ResourceError: Final[type[Exception]] = _exceptions.ResourceError
"""The same for the reader of a resource."""


def new_server(name: str, instructions: str, *, version: str, host: str) -> Any:
    """Return a server without tools, that logs warnings to standard error.

    Args:
        name: Its name.
        instructions: What clients tell the model about it.
        version: Its version, which only 2.x can tell.
        host: Host that it will be served on, if over HTTP: on loopback it refuses requests that a
            web page elsewhere made a browser send.
    """
    if _is_second:
        return _sdk.MCPServer(name, instructions=instructions, version=version, log_level="WARNING")
    return _sdk.FastMCP(
        name,
        instructions=instructions,
        log_level="WARNING",
        host=host,
        stateless_http=True,
        json_response=True,
    )


def http_app(server: Any, host: str) -> Any:
    """Return the ASGI application of `server`, without sessions: a restart breaks no client."""
    if _is_second:
        return server.streamable_http_app(host=host, stateless_http=True, json_response=True)
    return server.streamable_http_app()


def add_template(
    server: Any, uri: str, read: Callable[[str], Awaitable[str]], description: str
) -> None:
    """Add a resource template with the one parameter ``key``, which may hold any characters."""
    if _is_second:

        async def second(key: str) -> str:
            return await read(key)

        # Keys are not paths: one that starts with a slash or holds `..` is an ordinary key.
        security = _sdk.ResourceSecurity(exempt_params={"key"})
        server.resource(uri, name="entry", description=description, security=security)(second)
        return

    async def first(key: str) -> str:
        return await read(unquote(key))  # 2.x does this itself

    server.resource(uri, name="entry", description=description)(first)
