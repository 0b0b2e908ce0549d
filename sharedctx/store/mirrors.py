"""Mirrors of a namespace: renditions and large bodies near the readers of other regions.

Both are filed under hashes, so a mirror can lack one and never has a wrong one: readers go on to
the origin then. Entries, which are small and change, are always read from the origin.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from sharedctx.errors import InvalidRequest, StoreError, StoreUnavailable
from sharedctx.keys import Subjects, subjects_of
from sharedctx.store.api import ApiError
from sharedctx.store.base import Mirror, NamespaceConfig
from sharedctx.store.connection import Connection
from sharedctx.store.mirror_streams import call_at, delete_mirror, make_mirror, mirror_name
from sharedctx.store.options import ConnectOptions, checked_domain
from sharedctx.store.removal import last_sequence
from sharedctx.store.streams import mirrored_streams, open_namespace

__all__ = ("MirrorState", "add_mirror", "mirror_states", "remove_mirror")

_SILENT_NS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class MirrorState:
    """A mirror and how it is.

    Attributes:
        mirror: The mirror.
        messages: Renditions and parts of large bodies in it.
        size: Bytes that these take there.
        lag: Messages that the namespace has and it has not yet.
        problem: What is wrong with it, or None.
    """

    mirror: Mirror
    messages: int = 0
    size: int = 0
    lag: int = 0
    problem: str | None = None


@asynccontextmanager
async def _opened(
    options: ConnectOptions, namespace: str
) -> AsyncGenerator[tuple[Connection, Subjects, NamespaceConfig], None]:
    subjects = subjects_of(namespace)
    connection = await Connection.open(options)
    try:
        config = await open_namespace(connection, subjects, {}, create=False, update=False)
        yield connection, subjects, config
    finally:
        await connection.aclose()


async def add_mirror(options: ConnectOptions, namespace: str, mirror: Mirror) -> Mirror:
    """Make a mirror, or change it, or make again what is missing of it.

    Args:
        options: How to reach NATS.
        namespace: Name of the namespace.
        mirror: The mirror; one that only names its region stays where it is recorded to be.

    Returns:
        The mirror as it is recorded now.

    Raises:
        InvalidRequest: there can be no such mirror.
        NamespaceNotFound: there is no such namespace.
        StoreUnavailable: JetStream does not answer where it is to be.
        StoreError: NATS refuses.
    """
    _check(mirror)
    async with _opened(options, namespace) as (connection, subjects, config):
        recorded = _recorded(config, mirror.region)
        if mirror == Mirror(mirror.region) and recorded is not None:
            mirror = recorded
        if not (mirror.domain or mirror.cluster or mirror.placement):
            raise InvalidRequest(
                f"Say where the mirror {mirror.region!r} is to be: in which domain or cluster, or "
                "on servers with which tags.",
                namespace=namespace,
            )
        if recorded is not None and recorded.domain != mirror.domain:
            raise InvalidRequest(
                f"The mirror {mirror.region!r} is in another domain. Remove it first.",
                namespace=namespace,
            )
        await make_mirror(connection, mirror, mirrored_streams(subjects, config))
        if mirror != recorded:
            await _record(connection, subjects, config, mirror.region, mirror)
    return mirror


async def remove_mirror(options: ConnectOptions, namespace: str, region: str) -> None:
    """Remove the mirror of `region`.

    Raises:
        InvalidRequest: there is no such mirror.
        NamespaceNotFound: there is no such namespace.
        StoreError: it is no longer a mirror, but its streams could not be removed.
    """
    async with _opened(options, namespace) as (connection, subjects, config):
        mirror = _recorded(config, region)
        if mirror is None:
            known = ", ".join(each.region for each in config.mirrors) or "none"
            raise InvalidRequest(
                f"There is no mirror {region!r}; there are: {known}.", namespace=namespace
            )
        await _record(connection, subjects, config, region, None)
        origins = [subjects.renditions, subjects.blobs]
        try:
            await delete_mirror(connection, mirror, origins)
        except StoreError as error:
            streams = " and ".join(mirror_name(mirror, origin) for origin in origins)
            raise StoreError(
                f"Nobody reads the mirror {region!r} any more, but its streams remain: {error} "
                f"Delete {streams} there.",
                namespace=namespace,
            ) from error


async def mirror_states(options: ConnectOptions, namespace: str) -> list[MirrorState]:
    """Return the mirrors of a namespace and how they are.

    Raises:
        NamespaceNotFound: there is no such namespace.
    """
    async with _opened(options, namespace) as (connection, subjects, config):
        return [await _state(connection, subjects, mirror) for mirror in config.mirrors]


async def _state(connection: Connection, subjects: Subjects, mirror: Mirror) -> MirrorState:
    state = MirrorState(mirror)
    for origin in (subjects.renditions, subjects.blobs):
        try:
            info = await call_at(connection, mirror, f"STREAM.INFO.{mirror_name(mirror, origin)}")
        except StoreUnavailable:
            return replace(state, problem="does not answer")
        except ApiError as error:
            if not error.is_not_found:
                raise
            return replace(state, problem="is gone: make it again")
        held, source = info["state"], info["mirror"]
        state = replace(
            state,
            messages=state.messages + int(held["messages"]),
            size=state.size + int(held["bytes"]),
            lag=state.lag + int(source["lag"]),
        )
        if not 0 <= int(source["active"]) < _SILENT_NS:
            state = replace(state, problem="hears nothing from the namespace")
        if int(held["last_seq"]) > (await last_sequence(connection, origin) or 0):
            # NATS goes on counting where it was, so nothing comes until the new one is there too.
            state = replace(state, problem="is of an older namespace: remove it and make it again")
    return state


def _check(mirror: Mirror) -> None:
    if not re.fullmatch(r"[A-Za-z0-9-]{1,32}", mirror.region):
        raise InvalidRequest("A region is named by 1 to 32 characters of A-Z a-z 0-9 -")
    if mirror.replicas not in {1, 3, 5}:
        raise InvalidRequest("`replicas` is 1, 3 or 5.")
    checked_domain(mirror.domain)


def _recorded(config: NamespaceConfig, region: str) -> Mirror | None:
    return next((mirror for mirror in config.mirrors if mirror.region == region), None)


async def _record(
    connection: Connection,
    subjects: Subjects,
    config: NamespaceConfig,
    region: str,
    mirror: Mirror | None,
) -> None:
    """Write down `mirror` as that of `region`, or that there is none."""
    others = tuple(each for each in config.mirrors if each.region != region)
    mirrors = others if mirror is None else (*others, mirror)
    await open_namespace(connection, subjects, {"mirrors": mirrors}, create=False, update=True)
