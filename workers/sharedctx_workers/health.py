"""Health over HTTP: ``/livez`` says whether to restart this process, ``/readyz`` whether it works.

Both answer 200 or 503 and a JSON object of checks. An event loop that hangs answers nothing, which
a probe with a time limit counts as dead.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

__all__ = ("Checks", "serve_health")

Checks = Callable[[], Awaitable[dict[str, bool]]]
"""Gives the outcome of each check by its name."""


class _Server(uvicorn.Server):
    """A server that leaves signals to the worker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _endpoint(checks: Checks) -> Callable[[Request], Awaitable[JSONResponse]]:
    async def answer(_request: Request) -> JSONResponse:
        outcome = await checks()
        return JSONResponse(outcome, 200 if all(outcome.values()) else 503)

    return answer


async def serve_health(listener: socket.socket, *, live: Checks, ready: Checks) -> None:
    """Serve both endpoints on a bound socket until cancelled."""
    app = Starlette(
        routes=[Route("/livez", _endpoint(live)), Route("/readyz", _endpoint(ready))],
    )
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    async with anyio.create_task_group() as serving:
        serving.start_soon(server.serve, [listener])
        try:
            await anyio.sleep_forever()
        finally:
            server.should_exit = True
