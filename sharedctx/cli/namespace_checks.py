"""The checks of `sharedctx doctor` on one namespace."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import anyio

from sharedctx import SharedContext
from sharedctx.cli.findings import PERMISSIONS, Check, Verdict, nearly_full, outcome
from sharedctx.cli.output import size
from sharedctx.cli.verb import Settings
from sharedctx.errors import PermissionDenied, SharedContextError
from sharedctx.keys import Subjects, subjects_of
from sharedctx.records import State
from sharedctx.statistics import list_entries
from sharedctx.store.api import ApiError, call, publish
from sharedctx.store.base import NamespaceConfig, Store
from sharedctx.store.connection import Connection
from sharedctx.store.nats import NatsStore
from sharedctx.store.streams import CONSUMER, config_of

__all__ = ("check_namespace",)

_BACKLOG: Final = 1_000
_WAIT_SECONDS: Final = 30.0
_EVENT_SECONDS: Final = 2.0
_CANARY_SECONDS: Final = 10.0
"""What a doctor that was killed left behind is gone after this."""


async def check_namespace(
    connection: Connection, settings: Settings, stream: dict[str, Any], *, has_workers: bool
) -> AsyncIterator[Check]:
    """Check a namespace whose entries stream has the info `stream`."""
    subjects = subjects_of(settings.space)
    try:
        config = config_of(stream["config"])
        parts = await _missing_streams(connection, subjects, config)
    except SharedContextError as error:
        yield Check("namespace", Verdict.FAIL, str(error))
        return
    if parts:
        detail = f"{settings.space} lacks its stream {' and '.join(parts)}"
        remedy = f"Delete {subjects.entries} too, and the next put makes all of them anew"
        yield Check("namespace", Verdict.FAIL, detail, remedy)
        return
    yield Check("namespace", Verdict.OK, _described(settings.space, config, stream))
    for check in _namespace_limits(config, stream["state"]):
        yield check
    backlog = _check_backlog(connection, subjects, has_workers=has_workers)
    yield await outcome("backlog", backlog)
    store = NatsStore(connection, subjects, config, owns_connection=False)
    yield await outcome("renditions", _check_renditions(store))
    full = config.max_entries is not None and stream["state"]["messages"] >= config.max_entries
    yield await (_check_disk(connection, subjects) if full else _check_canary(store, config))


async def _missing_streams(
    connection: Connection, subjects: Subjects, config: NamespaceConfig
) -> list[str]:
    needed = [subjects.renditions, subjects.blobs]
    if config.history > 1:
        needed.append(subjects.history)
    missing = []
    for name in needed:
        try:
            await call(connection, f"STREAM.INFO.{name}")
        except ApiError as error:
            if not error.is_not_found:
                raise
            missing.append(name)
    return missing


def _described(namespace: str, config: NamespaceConfig, stream: dict[str, Any]) -> str:
    settings = {**asdict(config), "mirrors": tuple(each.region for each in config.mirrors)}
    chosen = {name: value for name, value in settings.items() if value is not None}
    described = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in chosen.items()
    )
    state = stream["state"]
    return f"{namespace}: {state['messages']:,} entries, {size(state['bytes'])} ({described})"


def _namespace_limits(config: NamespaceConfig, state: dict[str, Any]) -> list[Check]:
    remedy = "At the limit the oldest entry makes room for each new one; raise it, or lower the ttl"
    checks = (
        nearly_full(
            "entries of max_entries", state["messages"], config.max_entries or -1, remedy, str
        ),
        nearly_full("of max_bytes", state["bytes"], config.max_bytes or -1, remedy, size),
    )
    return [check for check in checks if check is not None]


async def _check_backlog(connection: Connection, subjects: Subjects, *, has_workers: bool) -> Check:
    try:
        queue = await call(connection, f"CONSUMER.INFO.{subjects.entries}.{CONSUMER}")
    except ApiError as error:
        if not error.is_not_found:
            raise
        detail = "the job queue is gone: nothing would be compressed"
        return Check("backlog", Verdict.FAIL, detail, "Start a worker, which makes it anew")
    waiting, in_hand = int(queue["num_pending"]), int(queue["num_ack_pending"])
    detail = f"{waiting:,} originals wait, {in_hand:,} are in hand"
    if queue["num_redelivered"]:
        detail += f", {queue['num_redelivered']:,} of them not for the first time"
    if not waiting:
        return Check("backlog", Verdict.OK, detail)
    if not has_workers:
        return Check("backlog", Verdict.FAIL, detail, "Start a worker: sharedctx worker")
    waited = await _longest_wait(connection, subjects, queue)
    detail += f", the oldest for {waited:.0f} s"
    if not in_hand and not queue["num_waiting"] and waited > _WAIT_SECONDS:
        remedy = "No worker asks for these jobs: start one without --namespace, or with this one"
        return Check("backlog", Verdict.FAIL, detail, remedy)
    if waiting > _BACKLOG or waited > _WAIT_SECONDS:
        return Check("backlog", Verdict.WARN, detail, "Start more workers: sharedctx worker")
    return Check("backlog", Verdict.OK, detail)


async def _longest_wait(connection: Connection, subjects: Subjects, queue: dict[str, Any]) -> float:
    """Return how many seconds the job that is next has waited, by the server's clock."""
    body = {
        "seq": int(queue["delivered"]["stream_seq"]) + 1,
        "next_by_subj": subjects.all_entries,
    }
    try:
        answer = await call(connection, f"STREAM.MSG.GET.{subjects.entries}", body)
    except ApiError:
        return 0.0  # taken meanwhile
    put = datetime.fromisoformat(answer["message"]["time"])
    return max(0.0, (datetime.fromisoformat(queue["ts"]) - put).total_seconds())


async def _check_renditions(store: Store) -> Check:
    listed = await list_entries(store)
    failed = [each for each in listed if each.state is State.FAILED]
    if not failed:
        ready = sum(each.state is State.READY for each in listed)
        return Check(
            "renditions", Verdict.OK, f"none failed, {ready:,} of {len(listed):,} are ready"
        )
    newest = max(failed, key=lambda each: each.entry.revision)
    reason = newest.rendition.reason if newest.rendition else ""
    detail = f"{len(failed):,} failed; {newest.entry.key!r}: {reason}"
    remedy = "Readers get these originals. Mend the cause, then put them again"
    return Check("renditions", Verdict.WARN, detail, remedy)


async def _check_canary(store: Store, config: NamespaceConfig) -> Check:
    """Put, see, read and delete an entry: a server with a full disk still answers all else."""
    key = f"sharedctx-doctor/{secrets.token_hex(8)}"
    ttl = min(_CANARY_SECONDS, config.ttl or _CANARY_SECONDS)
    began = time.perf_counter()
    async with SharedContext(store=store, namespace=store.namespace) as context:
        step = "put"
        try:
            async with store.put_signal(key) as seen:
                await context.put(key, key, agent="sharedctx doctor", ttl=ttl)
                step = "get"
                held = await context.get(key, full=True) == key
                step = "delete"
                await context.delete(key)
                step = "event"
                with anyio.move_on_after(_EVENT_SECONDS):
                    await seen.wait()
        except PermissionDenied as error:
            with suppress(SharedContextError):
                await context.delete(key)
            return _denied(step, error)
        except SharedContextError as error:
            remedy = "Check disk space and limits; after a full disk restart nats-server"
            return Check("canary", Verdict.FAIL, f"{step}: {error}", remedy)
    if not held:
        return Check("canary", Verdict.FAIL, "what was put did not come back")
    if not seen.is_set():
        return Check("canary", Verdict.FAIL, "no event came for a put")
    took = 1000 * (time.perf_counter() - began)
    return Check("canary", Verdict.OK, f"put, event, get and delete in {took:.1f} ms")


def _denied(step: str, error: PermissionDenied) -> Check:
    if step == "event":
        remedy = "Let these credentials subscribe to ctxev.>: nothing can be waited for without"
        return Check("canary", Verdict.FAIL, f"no event came for a put: {error}", remedy)
    if step == "get":
        return Check("canary", Verdict.FAIL, f"{step}: {error}", PERMISSIONS)
    detail = f"{step} is not allowed, which suits an agent that only reads: {error}"
    return Check("canary", Verdict.WARN, detail, PERMISSIONS)


async def _check_disk(connection: Connection, subjects: Subjects) -> Check:
    """Write beside the entries: an entry more would evict one of the full namespace."""
    subject = subjects.chunk(f"sharedctx-doctor-{secrets.token_hex(8)}", 0)
    lifetime = {"Nats-TTL": f"{_CANARY_SECONDS:.0f}s"}
    began = time.perf_counter()
    try:
        await connection.persist(
            lambda: publish(connection, subject, b"canary", lifetime), writes=True
        )
        await call(connection, f"STREAM.PURGE.{subjects.blobs}", {"filter": subject})
    except PermissionDenied as error:
        return _denied("put", error)
    except SharedContextError as error:
        remedy = "Check disk space and limits; after a full disk restart nats-server"
        return Check("canary", Verdict.FAIL, str(error), remedy)
    took = 1000 * (time.perf_counter() - began)
    detail = f"write and remove in {took:.1f} ms; no put, which would evict an entry"
    return Check("canary", Verdict.OK, detail)
