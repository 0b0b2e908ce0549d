"""The streams of mirrors: what they look like, how they are made, changed and removed.

NATS copies to a mirror what is stored in its origin, with the time at which that was. It does not
copy what is removed there. So a mirror has the limits of its origin, and drops by itself what is
old.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sharedctx.errors import InvalidRequest, StoreError, StoreUnavailable
from sharedctx.store.api import NAME_IN_USE, NO_CLUSTER, NO_PEERS, ApiError, call
from sharedctx.store.base import Mirror
from sharedctx.store.connection import Connection
from sharedctx.store.options import api_of

__all__ = ("call_at", "delete_mirror", "make_mirror", "mirror_name", "refresh_mirrors")

_log = logging.getLogger("sharedctx")
# Shorter than what makes a connection look for another server: it is not this one that is away.
_BUDGET_S: Final = 3.0
# Where entries are kept for good, what removed ones refer to would stay in a mirror for good.
_LONGEST_NS: Final = 7 * 86_400 * 1_000_000_000
_LIMITS: Final = (
    *("retention", "discard", "storage", "max_age", "max_msgs", "max_msgs_per_subject"),
    *("max_msg_size", "allow_direct", "allow_msg_ttl"),
)


def mirror_name(mirror: Mirror, origin: str) -> str:
    """Return the name of the stream that mirrors the stream `origin`."""
    # A region has no underscore, so no two mirrors are named alike, and no namespace is named so.
    return f"MIRROR_{mirror.region}_{origin}"


def _mirror_stream(
    connection: Connection, mirror: Mirror, origin: Mapping[str, Any]
) -> dict[str, Any]:
    limits = {name: origin[name] for name in _LIMITS if name in origin}
    placement: dict[str, Any] = {}
    if mirror.cluster is not None:
        placement["cluster"] = mirror.cluster
    if mirror.placement:
        placement["tags"] = list(mirror.placement)
    source: dict[str, Any] = {"name": origin["name"]}
    home = connection.options.domain or connection.server.domain
    if mirror.domain is not None and mirror.domain != home:
        if home is None:
            raise InvalidRequest(
                "The JetStream of the namespace has no domain, so another domain cannot reach it. "
                "Give `domain` to the `jetstream` block of its servers."
            )
        source["external"] = {"api": api_of(home)}
    return limits | {
        "name": mirror_name(mirror, str(origin["name"])),
        "mirror": source,
        "mirror_direct": True,
        "num_replicas": mirror.replicas,
        "max_age": limits["max_age"] or _LONGEST_NS,
        **({"placement": placement} if placement else {}),
    }


async def call_at(
    connection: Connection, mirror: Mirror, operation: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Call the JetStream API where `mirror` is; see `sharedctx.store.api.call`.

    Raises:
        StoreUnavailable: it does not answer there.
    """
    api = None if mirror.domain is None else api_of(mirror.domain)
    try:
        return await call(connection, operation, body, budget=_BUDGET_S, api=api)
    except StoreUnavailable as error:
        if mirror.domain is None:
            raise
        raise StoreUnavailable(
            f"No JetStream answers in the domain {mirror.domain!r}. Check that a server has that "
            "domain, runs, and is connected to those of the namespace in the same account."
        ) from error


async def make_mirror(
    connection: Connection, mirror: Mirror, origins: Sequence[Mapping[str, Any]]
) -> None:
    """Make the streams that mirror `origins`, or change them to what they should be.

    Args:
        connection: Where to.
        mirror: The mirror.
        origins: Configurations of the streams to copy.

    Raises:
        InvalidRequest: the domain of the origin is not known there.
        StoreUnavailable: JetStream does not answer where the mirror is to be.
        StoreError: it refuses.
    """
    for origin in origins:
        stream = _mirror_stream(connection, mirror, origin)
        try:
            await _create_or_update(connection, mirror, stream)
        except ApiError as error:
            if error.code not in {NO_PEERS, NO_CLUSTER}:
                raise
            raise StoreError(
                f"No servers can hold the mirror {mirror.region!r}: {error} Check its cluster and "
                "tags, and give no more replicas than there are servers."
            ) from error


async def _create_or_update(
    connection: Connection, mirror: Mirror, stream: Mapping[str, Any]
) -> None:
    try:
        await call_at(connection, mirror, f"STREAM.CREATE.{stream['name']}", stream)
    except ApiError as error:
        if error.code != NAME_IN_USE:
            raise
        await call_at(connection, mirror, f"STREAM.UPDATE.{stream['name']}", stream)


async def refresh_mirrors(
    connection: Connection, mirrors: Sequence[Mirror], origins: Sequence[Mapping[str, Any]]
) -> None:
    """Give `mirrors` the limits of `origins`; one that is away keeps those that it has."""
    for mirror in mirrors:
        try:
            await make_mirror(connection, mirror, origins)
        except (InvalidRequest, StoreError) as error:
            _log.warning("the mirror %s keeps its old limits: %s", mirror.region, error)


async def delete_mirror(connection: Connection, mirror: Mirror, origins: Sequence[str]) -> None:
    """Remove the streams that mirror the streams `origins`; they may be gone already."""
    for origin in origins:
        try:
            await call_at(connection, mirror, f"STREAM.DELETE.{mirror_name(mirror, origin)}")
        except ApiError as error:
            if not error.is_not_found:
                raise
