"""The checks of `sharedctx doctor`, in the order in which one depends on another."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import anyio

from sharedctx.cli.findings import PERMISSIONS, Check, Verdict, nearly_full
from sharedctx.cli.namespace_checks import check_namespace
from sharedctx.cli.output import size
from sharedctx.cli.verb import Settings
from sharedctx.errors import PermissionDenied, SharedContextError
from sharedctx.keys import subjects_of
from sharedctx.store.api import ApiError, call
from sharedctx.store.connection import Connection
from sharedctx.store.link import MINIMUM_SERVER
from sharedctx.store.nats_workers import list_workers
from sharedctx.store.streams import MESSAGE_BYTES

__all__ = ("examine",)

_GREETING_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 3.0
_CLOCK_SECONDS: Final = 1.0
"""Ages of entries are told by the clocks of their writers; a second off is worth a word."""
_NO_SERVER: Final = "Correct --servers or NATS_URL, or start a local server: sharedctx up"
_NO_JETSTREAM: Final = "Start nats-server with -js, or enable JetStream for this account"


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Make all checks; those that depend on a failed one are left out."""
    reachable = False
    for url in settings.options("").servers:
        check = await _check_server(url)
        reachable = reachable or check.verdict is Verdict.OK
        yield check
    if not reachable:
        return
    options = settings.options("sharedctx-doctor", retry_budget=_RETRY_SECONDS)
    try:
        connection = await Connection.open(options)
    except SharedContextError as error:
        yield Check("connection", Verdict.FAIL, str(error))
        return
    try:
        async for check in _check_connected(connection, settings):
            yield check
    finally:
        await connection.aclose()


async def _check_server(url: str) -> Check:
    """Read the greeting, which a NATS server sends before it asks who is there."""
    parts = urlsplit(url if "//" in url else f"nats://{url}")
    where = f"{parts.hostname}:{parts.port or 4222}"
    if parts.scheme not in {"nats", "tls"}:
        return Check("server", Verdict.OK, f"{where} (not looked at: {parts.scheme})")
    try:
        with anyio.fail_after(_GREETING_SECONDS):
            stream = await anyio.connect_tcp(parts.hostname or "", parts.port or 4222)
            async with stream:
                line = b""
                while not line.endswith(b"\r\n"):
                    line += await stream.receive()
        greeting = json.loads(line.removeprefix(b"INFO "))
    except (OSError, anyio.EndOfStream) as error:
        reason = str(error) or type(error).__name__
        return Check("server", Verdict.FAIL, f"{where} does not answer: {reason}", _NO_SERVER)
    except ValueError:
        return Check("server", Verdict.FAIL, f"{where} answers, but not as NATS does", _NO_SERVER)
    return _judge_greeting(where, greeting)


def _judge_greeting(where: str, greeting: dict[str, Any]) -> Check:
    version = str(greeting.get("version"))
    detail = f"{where} is nats-server {version}"
    numbers = [int(part) for part in version.split("-", maxsplit=1)[0].split(".") if part.isdigit()]
    if tuple(numbers) < MINIMUM_SERVER:
        needed = ".".join(map(str, MINIMUM_SERVER))
        return Check("version", Verdict.FAIL, detail, f"Upgrade it to {needed} or newer")
    room = int(greeting.get("max_payload", 0))
    if room < MESSAGE_BYTES:
        detail += f", which takes messages of {size(room)}; sharedctx needs {size(MESSAGE_BYTES)}"
        remedy = "Raise max_payload in its configuration; the default of NATS is 1 MiB"
        return Check("payload", Verdict.FAIL, detail, remedy)
    return Check("server", Verdict.OK, detail)


async def _check_connected(connection: Connection, settings: Settings) -> AsyncIterator[Check]:
    yield Check("connection", Verdict.OK, "accepted with these credentials")
    jetstream, account = await _check_jetstream(connection)
    yield jetstream
    if jetstream.verdict is Verdict.FAIL:
        return
    for check in _account_limits(account):
        yield check
    workers: list[dict[str, Any]] = []
    try:
        workers = await list_workers(
            settings.urls, credentials=settings.credentials, domain=settings.domain
        )
        yield _check_workers(workers, await asyncio.to_thread(_version))
    except PermissionDenied as error:
        yield Check("workers", Verdict.WARN, f"not known: {error}", PERMISSIONS)
    entries = subjects_of(settings.space).entries
    began = time.time()
    try:
        stream = await call(connection, f"STREAM.INFO.{entries}")
    except PermissionDenied as error:
        yield Check("namespace", Verdict.FAIL, str(error), PERMISSIONS)
        return
    except ApiError as error:
        if not error.is_not_found:
            raise
        detail = f"{settings.space} does not exist yet; the first put makes it"
        yield Check("namespace", Verdict.WARN, detail, "Check --namespace, or put something")
        return
    yield _check_clock(stream, began, time.time())
    async for check in check_namespace(connection, settings, stream, has_workers=bool(workers)):
        yield check


async def _check_jetstream(connection: Connection) -> tuple[Check, dict[str, Any]]:
    """Ask whether JetStream is there; return also what it says of the account, if it may."""
    began = time.perf_counter()
    try:
        account = await call(connection, "INFO")
    except PermissionDenied:
        detail = "not known: these credentials may not ask, as is usual for readers"
        return Check("jetstream", Verdict.OK, detail), {}
    except SharedContextError as error:
        return Check("jetstream", Verdict.FAIL, str(error), _NO_JETSTREAM), {}
    took = 1000 * (time.perf_counter() - began)
    limit = int((account.get("limits") or {}).get("max_storage", -1))
    of = f" of {size(limit)}" if limit > 0 else ""
    used = size(int(account.get("storage", 0)))
    detail = f"on, {account.get('streams', 0)} streams, {used}{of} on disk; {took:.1f} ms"
    return Check("jetstream", Verdict.OK, detail), account


def _account_limits(account: dict[str, Any]) -> list[Check]:
    limits = account.get("limits") or {}
    remedy = "Raise the limit of the account, or delete entries: at the limit every put fails"
    checks = [
        nearly_full(what, int(account.get(used, 0)), int(limits.get(limit, -1)), remedy, size)
        for what, used, limit in (
            ("disk space of the account", "storage", "max_storage"),
            ("memory of the account", "memory", "max_memory"),
        )
    ]
    checks.append(
        nearly_full(
            "streams of the account",
            int(account.get("streams", 0)),
            int(limits.get("max_streams", -1)),
            "Raise max_streams of the account: a namespace takes three or four, workers one",
            str,
        )
    )
    return [check for check in checks if check is not None]


def _check_workers(workers: list[dict[str, Any]], version: str) -> Check:
    if not workers:
        remedy = "Start one: sharedctx worker. Until then readers get originals"
        return Check("workers", Verdict.WARN, "none is there", remedy)
    slots = sum(int(worker.get("slots", 0)) for worker in workers)
    busy = sum(int(worker.get("busy", 0)) for worker in workers)
    hosts = len({worker.get("host") for worker in workers})
    versions = sorted({str(worker.get("version")) for worker in workers})
    detail = f"{len(workers)} on {hosts} host(s), {busy} of {slots} slots busy"
    detail += f", version {' and '.join(versions)}"
    if versions != [version]:
        remedy = f"Run one version everywhere; here it is {version}"
        return Check("workers", Verdict.WARN, detail, remedy)
    return Check("workers", Verdict.OK, detail)


def _version() -> str:
    try:
        return importlib.metadata.version("sharedctx")
    except importlib.metadata.PackageNotFoundError:
        return "source"  # run from a checkout that is not installed; workers say so too


def _check_clock(stream: dict[str, Any], began: float, ended: float) -> Check:
    """Compare with the time that the server wrote into its answer."""
    there = datetime.fromisoformat(stream["ts"]).timestamp()
    off = max(began - there, there - ended, 0.0)
    detail = f"{off:.1f} s from the server's" if off >= 1 else "as the server's, within a second"
    if off < _CLOCK_SECONDS:
        return Check("clock", Verdict.OK, detail)
    remedy = "Synchronize the clocks (NTP): ages of entries are told by their writers' clocks"
    return Check("clock", Verdict.WARN, detail, remedy)
