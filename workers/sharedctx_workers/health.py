"""Health over HTTP: ``/livez`` says whether to restart this process, ``/readyz`` whether it works.

Both answer 200 or 503 and a JSON object of checks. An event loop that hangs answers nothing, which
a probe with a time limit counts as dead. ``/metrics`` is for Prometheus.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator

import anyio
import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

__all__ = ("Checks", "Scrape", "serve_health")

Checks = Callable[[], Awaitable[dict[str, bool]]]
"""Gives the outcome of each check by its name."""
Scrape = Callable[[], Awaitable[bytes]]
"""Gives all metrics in the text format of Prometheus."""


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


async def serve_health(
    listener: socket.socket, *, live: Checks, ready: Checks, metrics: Scrape
) -> None:
    """Serve the endpoints on a bound socket until cancelled."""

    async def scrape(_request: Request) -> Response:
        return Response(await metrics(), media_type=CONTENT_TYPE_LATEST)

    app = Starlette(
        routes=[
            Route("/livez", _endpoint(live)),
            Route("/readyz", _endpoint(ready)),
            Route("/metrics", scrape),
        ],
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
