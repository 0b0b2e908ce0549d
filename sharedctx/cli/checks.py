"""The checks of `sharedctx doctor`, in the order in which one depends on another."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import anyio

from sharedctx import SharedContext
from sharedctx.cli.output import size
from sharedctx.cli.verb import Settings
from sharedctx.errors import SharedContextError
from sharedctx.keys import subjects_of
from sharedctx.store.api import ApiError, call
from sharedctx.store.base import NamespaceInfo
from sharedctx.store.connection import Connection
from sharedctx.store.nats_workers import list_workers
from sharedctx.store.options import ConnectOptions, split_servers

__all__ = ("Check", "Verdict", "examine")

_GREETING_SECONDS: Final = 2.0
_CLOCK_SECONDS: Final = 1.0
"""Ages of entries are told by the clocks of their writers; a second off is worth a word."""
_NO_SERVER: Final = "Correct --servers or NATS_URL, or start a local server: sharedctx up"
_BACKLOG: Final = 1_000


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(NamedTuple):
    """What one check found, and what to do about it."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


async def examine(settings: Settings) -> AsyncIterator[Check]:
    """Make all checks; those that depend on a failed one are left out."""
    reachable = False
    for url in split_servers(settings.urls):
        check = await _check_server(url)
        reachable = reachable or check.verdict is Verdict.OK
        yield check
    if not reachable:
        return
    options = ConnectOptions(
        split_servers(settings.urls), name="sharedctx-doctor", credentials=settings.credentials
    )
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
    return Check("server", Verdict.OK, f"{where} is nats-server {greeting['version']}")


async def _check_connected(connection: Connection, settings: Settings) -> AsyncIterator[Check]:
    yield Check("connection", Verdict.OK, "accepted with these credentials")
    began = time.perf_counter()
    try:
        account = await call(connection, "INFO")
    except SharedContextError as error:
        remedy = "Start nats-server with -js, or enable JetStream for this account"
        yield Check("jetstream", Verdict.FAIL, str(error), remedy)
        return
    took = 1000 * (time.perf_counter() - began)
    yield Check("jetstream", Verdict.OK, f"{_account(account)}; answers in {took:.1f} ms")
    workers = await list_workers(settings.urls, credentials=settings.credentials)
    yield _check_workers(workers)
    subjects = subjects_of(settings.space)
    began = time.time()
    try:
        stream = await call(connection, f"STREAM.INFO.{subjects.entries}")
    except ApiError as error:
        if not error.is_not_found:
            raise
        detail = f"{settings.space} does not exist yet; the first put makes it"
        yield Check("namespace", Verdict.WARN, detail, "Check --namespace, or put something")
        return
    yield _check_clock(stream, began, time.time())
    async for check in _check_namespace(settings, has_workers=bool(workers)):
        yield check


def _account(account: dict[str, Any]) -> str:
    limit = int((account.get("limits") or {}).get("max_storage", -1))
    of = f" of {size(limit)}" if limit > 0 else ""
    used = size(int(account.get("storage", 0)))
    return f"on, {account.get('streams', 0)} streams, {used}{of} on disk"


def _check_workers(workers: list[dict[str, Any]]) -> Check:
    if not workers:
        remedy = "Start one: sharedctx worker. Until then readers get originals"
        return Check("workers", Verdict.WARN, "none is there", remedy)
    slots = sum(int(worker.get("slots", 0)) for worker in workers)
    busy = sum(int(worker.get("busy", 0)) for worker in workers)
    hosts = len({worker.get("host") for worker in workers})
    detail = f"{len(workers)} on {hosts} host(s), {busy} of {slots} slots busy"
    return Check("workers", Verdict.OK, detail)


def _check_clock(stream: dict[str, Any], began: float, ended: float) -> Check:
    """Compare with the time that the server wrote into its answer."""
    there = datetime.fromisoformat(stream["ts"]).timestamp()
    off = max(began - there, there - ended, 0.0)
    detail = f"{1000 * off:.0f} ms from the server's, or less"
    if off < _CLOCK_SECONDS:
        return Check("clock", Verdict.OK, detail)
    remedy = "Synchronize the clocks (NTP): ages of entries are told by their writers' clocks"
    return Check("clock", Verdict.WARN, detail, remedy)


async def _check_namespace(settings: Settings, *, has_workers: bool) -> AsyncIterator[Check]:
    try:
        async with SharedContext(
            settings.urls, namespace=settings.space, credentials=settings.credentials
        ) as context:
            info = await context.info()
            yield Check("namespace", Verdict.OK, _settings(settings.space, info))
            yield _check_backlog(info, has_workers=has_workers)
            yield await _check_canary(context, info)
    except SharedContextError as error:
        yield Check("namespace", Verdict.FAIL, str(error))


def _settings(namespace: str, info: NamespaceInfo) -> str:
    chosen = {name: value for name, value in asdict(info.config).items() if value is not None}
    described = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in chosen.items()
    )
    return f"{namespace}: {info.entries:,} entries, {size(info.stored_bytes)} ({described})"


def _check_backlog(info: NamespaceInfo, *, has_workers: bool) -> Check:
    detail = f"{info.jobs_waiting:,} originals wait, {info.jobs_in_hand:,} are in hand"
    if info.jobs_waiting and not has_workers:
        return Check("backlog", Verdict.FAIL, detail, "Start a worker: sharedctx worker")
    if info.jobs_waiting > _BACKLOG:
        return Check("backlog", Verdict.WARN, detail, "Start more workers: sharedctx worker")
    return Check("backlog", Verdict.OK, detail)


async def _check_canary(context: SharedContext, info: NamespaceInfo) -> Check:
    """Put, read and delete an entry: a server with a full disk still answers everything else."""
    cap = info.config.max_entries
    if cap is not None and info.entries >= cap:
        return Check(
            "canary", Verdict.OK, "left out: it would evict an entry of the full namespace"
        )
    key = f"sharedctx-doctor/{secrets.token_hex(8)}"
    began = time.perf_counter()
    try:
        try:
            entry = await context.put(key, key, agent="sharedctx doctor")
            held = await context.get(key, full=True) == key
        finally:
            with suppress(SharedContextError):
                await context.delete(key)
    except SharedContextError as error:
        remedy = "Check disk space and limits; after a full disk restart nats-server"
        return Check("canary", Verdict.FAIL, str(error), remedy)
    if not held:
        return Check("canary", Verdict.FAIL, f"revision {entry.revision} did not come back")
    took = 1000 * (time.perf_counter() - began)
    return Check("canary", Verdict.OK, f"put, get and delete in {took:.1f} ms")
