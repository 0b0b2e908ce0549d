"""Run an MCP server on standard input and output, or over streamable HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final

import uvicorn

from sharedctx.errors import SharedContextError
from sharedctx.mcp import sdk

__all__ = ("LOOPBACK", "serve_http", "serve_stdio")

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


async def serve_stdio(server: Any) -> None:
    """Serve one client on standard input and output, until it closes them."""
    await server.run_stdio_async()


async def serve_http(
    server: Any, host: str, port: int, on_ready: Callable[[str], None] = lambda _: None
) -> None:
    """Serve any number of clients over streamable HTTP, until SIGINT or SIGTERM comes.

    Args:
        server: The server, made for this host.
        host: Where to listen.
        port: Its TCP port; 0 takes a free one.
        on_ready: Called with the URL of the server once it accepts connections.

    Raises:
        SharedContextError: the port cannot be used.
    """
    app = sdk.http_app(server, host)
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2)
    running = _Server(config)
    with _listening(host, port) as listener:
        name = f"[{host}]" if ":" in host else host
        on_ready(f"http://{name}:{listener.getsockname()[1]}/mcp")
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, setattr, running, "should_exit", True)  # noqa: FBT003
        try:
            await running.serve([listener])
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """A server that leaves signals to `serve_http`, so that they end it in good order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise SharedContextError(
            f"Cannot listen on {host}:{port}: {error.strerror}. Give another --host or --port."
        ) from error
