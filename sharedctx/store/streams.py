"""The JetStream streams of a namespace: what they look like, how they are made and compared."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields, replace
from typing import Any, Final, TypeVar

from sharedctx.codec import LARGE_BYTES
from sharedctx.errors import ConfigMismatch, InvalidRequest, NamespaceNotFound, StoreError
from sharedctx.keys import Subjects
from sharedctx.store.api import NAME_IN_USE, NO_CLUSTER, NO_PEERS, ApiError, call
from sharedctx.store.base import Mirror, NamespaceConfig
from sharedctx.store.connection import Connection
from sharedctx.store.mirror_streams import refresh_mirrors
from sharedctx.store.retry import TransientError

__all__ = (
    "CHUNK_BYTES",
    "CONSUMER",
    "INLINE_BYTES",
    "MESSAGE_BYTES",
    "METADATA_KEY",
    "PRESENCE_STREAM",
    "PRESENCE_SUBJECT",
    "config_of",
    "ensure_consumer",
    "mirrored_streams",
    "open_namespace",
    "presence_stream",
    "ttl_header",
)

_T = TypeVar("_T")

CONSUMER: Final = "compress"
"""Name of the durable consumer from which all workers of a namespace pull."""
INLINE_BYTES: Final = LARGE_BYTES
"""A packed body of up to this size travels in the message itself: all content that is not large."""
CHUNK_BYTES: Final = 256 * 1024
"""A larger one is stored in chunks of this size."""
PRESENCE_STREAM: Final = "KV_sharedctx_workers"
"""Where workers of all namespaces say that they are there."""
PRESENCE_SUBJECT: Final = "$KV.sharedctx_workers"
_PRESENCE_TTL_S = 15
METADATA_KEY: Final = "sharedctx"
"""Stream metadata that marks an entries stream and holds the settings of the namespace."""

_SECOND = 1_000_000_000
_HEADER_ROOM = 8 * 1024
MESSAGE_BYTES: Final = CHUNK_BYTES + _HEADER_ROOM
"""Largest message that is sent: the server has to take so much."""
# Blobs outlive their entries, so that a reader that has just read an entry finds its blob.
_BLOB_GRACE_S = 600.0
_CONSUMER_EXISTS = frozenset({10148, 10105})


class _TooFewServersError(StoreError):
    def __init__(self, error: ApiError, namespace: str, replicas: int) -> None:
        super().__init__(
            f"There are not enough servers for {replicas} copies: {error} Give fewer `replicas`, "
            "or `placement` tags that more servers have.",
            namespace=namespace,
        )
        self.in_cluster = error.code != NO_CLUSTER


def _check(config: NamespaceConfig) -> None:
    if config.ttl is not None and config.ttl < 1:
        raise InvalidRequest("`ttl` is at least 1 second, or None to keep entries.")
    if config.max_entries is not None and config.max_entries < 1:
        raise InvalidRequest("`max_entries` is at least 1, or None for no limit.")
    if not 1 <= config.history <= 64:
        raise InvalidRequest("`history` is between 1 and 64.")
    if config.replicas not in {1, 3, 5}:
        raise InvalidRequest("`replicas` is 1, 3 or 5.")
    if config.max_attempts < 1 or config.ack_wait < 0.1:
        raise InvalidRequest("`max_attempts` is at least 1 and `ack_wait` at least 0.1 seconds.")


def ttl_header(config: NamespaceConfig, ttl: float) -> str:
    """Return how a put tells the server that its entry lives for `ttl` seconds.

    Raises:
        InvalidRequest: the namespace does not let it live so long.
    """
    if not 0 < ttl < math.inf:
        raise InvalidRequest("`ttl` is a positive number of seconds.")
    if config.ttl is not None and ttl > config.ttl:
        raise InvalidRequest(
            f"`ttl` is at most that of the namespace, {config.ttl:g} s. Open the namespace with a "
            "longer one and update=True."
        )
    return f"{math.ceil(ttl)}s"


def _common(config: NamespaceConfig, name: str, max_age: float | None) -> dict[str, Any]:
    age = int((max_age or 0) * _SECOND)
    placement = {"placement": {"tags": list(config.placement)}} if config.placement else {}
    return {
        "name": name,
        "retention": "limits",
        "discard": "old",
        "storage": config.storage,
        "num_replicas": config.replicas,
        "max_age": age,
        "max_msgs_per_subject": 1,
        "allow_direct": True,
        "allow_msg_ttl": True,
        "deny_delete": False,
        "deny_purge": False,
        "duplicate_window": min(120 * _SECOND, age or 120 * _SECOND),
        **placement,
    }


def _entries_stream(subjects: Subjects, config: NamespaceConfig) -> dict[str, Any]:
    return _common(config, subjects.entries, config.ttl) | {
        "subjects": [subjects.all_entries],
        "max_msgs": config.max_entries or -1,
        "max_bytes": config.max_bytes or -1,
        "max_msg_size": INLINE_BYTES + _HEADER_ROOM,
        "republish": {
            "src": subjects.all_entries,
            "dest": subjects.put_event("{{wildcard(1)}}"),
            # The history stream captures these events, so then they must carry the content.
            "headers_only": config.history == 1,
        },
        "metadata": {METADATA_KEY: json.dumps(asdict(config))},
    }


def _renditions_stream(subjects: Subjects, config: NamespaceConfig) -> dict[str, Any]:
    return _common(config, subjects.renditions, config.ttl) | {
        "subjects": [subjects.rendition("*", "*")],
        # A cache over all live content with room for several profiles; the oldest go first.
        "max_msgs": 4 * config.max_entries + 1024 if config.max_entries else -1,
        "max_msg_size": INLINE_BYTES + _HEADER_ROOM,
        "republish": {
            "src": subjects.rendition("*", "*"),
            "dest": subjects.rendition_event("{{wildcard(1)}}", "{{wildcard(2)}}"),
            "headers_only": True,
        },
    }


def _blobs_stream(subjects: Subjects, config: NamespaceConfig) -> dict[str, Any]:
    age = None if config.ttl is None else config.ttl + _BLOB_GRACE_S
    return _common(config, subjects.blobs, age) | {
        "subjects": [subjects.all_chunks],
        "max_msg_size": CHUNK_BYTES + _HEADER_ROOM,
    }


def mirrored_streams(subjects: Subjects, config: NamespaceConfig) -> list[dict[str, Any]]:
    """Return the configurations of the streams that mirrors copy."""
    return [_renditions_stream(subjects, config), _blobs_stream(subjects, config)]


def _history_stream(subjects: Subjects, config: NamespaceConfig) -> dict[str, Any]:
    return _common(config, subjects.history, config.ttl) | {
        "subjects": [subjects.put_event("*")],
        "max_msgs_per_subject": config.history,
        # What is evicted from the entries leaves its history behind; this bounds it.
        "max_msgs": config.history * config.max_entries if config.max_entries else -1,
        "max_msg_size": INLINE_BYTES + 2 * _HEADER_ROOM,
    }


def presence_stream() -> dict[str, Any]:
    """Return the configuration of `PRESENCE_STREAM`: small, and there after a restart."""
    return {
        "name": PRESENCE_STREAM,
        "subjects": [f"{PRESENCE_SUBJECT}.*"],
        "storage": "file",
        "discard": "old",
        "max_msgs_per_subject": 1,
        "max_age": _PRESENCE_TTL_S * _SECOND,
        "duplicate_window": _PRESENCE_TTL_S * _SECOND,
        "allow_direct": True,
    }


def _consumer(config: NamespaceConfig) -> dict[str, Any]:
    return {
        "durable_name": CONSUMER,
        "name": CONSUMER,
        "ack_policy": "explicit",
        "deliver_policy": "all",
        "replay_policy": "instant",
        "ack_wait": int(config.ack_wait * _SECOND),
        "max_deliver": config.max_attempts,
        "max_ack_pending": 1_000,
    }


async def _existing_config(connection: Connection, stream: str) -> NamespaceConfig | None:
    try:
        info = await call(connection, f"STREAM.INFO.{stream}")
    except ApiError as error:
        if error.is_not_found:
            return None
        raise
    return config_of(info["config"])


def config_of(stream: Mapping[str, Any]) -> NamespaceConfig:
    """Return the settings recorded in the entries stream of a namespace.

    Raises:
        StoreError: sharedctx did not make this stream.
    """
    try:
        recorded = json.loads(stream["metadata"][METADATA_KEY])
        mirrors = [_recorded(Mirror, each) for each in recorded.get("mirrors", ())]
        return _recorded(NamespaceConfig, {**recorded, "mirrors": mirrors})
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(
            f"The stream {stream.get('name')} exists but sharedctx did not make it. "
            "Choose another namespace, or delete that stream."
        ) from error


def _recorded(kind: type[_T], values: Mapping[str, Any]) -> _T:
    """Return the settings in `values`; those that a newer version added are passed over."""
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in values.items() if name in known})


async def open_namespace(
    connection: Connection,
    subjects: Subjects,
    given: Mapping[str, Any],
    *,
    create: bool,
    update: bool,
) -> NamespaceConfig:
    """Create the namespace if it does not exist, and return its settings.

    Args:
        connection: Where to.
        subjects: Which namespace.
        given: Fields of `NamespaceConfig` that the caller asked for; the others are taken as they
            are in an existing namespace, or from the defaults in a new one.
        create: Create it if it does not exist.
        update: Change an existing namespace to what was given.

    Raises:
        NamespaceNotFound: it does not exist, and `create` is False.
        ConfigMismatch: it exists with settings other than `given`, and `update` is False.
    """
    existing = await _existing_config(connection, subjects.entries)
    if existing is None and not create:
        raise NamespaceNotFound(namespace=subjects.namespace)
    if existing is None:
        await _check_room(connection, subjects)
        config = await _create(connection, subjects, given)
        if config is not None:
            return config
        existing = await _config_of_rival(connection, subjects)
    wanted = replace(existing, **given)
    if wanted == existing:
        return existing
    if not update:
        raise _mismatch(subjects.namespace, existing, wanted)
    _check(wanted)
    await _update(connection, subjects, existing, wanted)
    return wanted


async def _create(
    connection: Connection, subjects: Subjects, given: Mapping[str, Any]
) -> NamespaceConfig | None:
    """Create the namespace, in three copies where there is a cluster; None: another client did."""
    config = NamespaceConfig(**{"replicas": 3, **given})
    _check(config)
    try:
        made = await _apply(connection, subjects, config, "CREATE")
    except _TooFewServersError as error:
        if error.in_cluster or "replicas" in given:
            raise
        config = replace(config, replicas=1)
        made = await _apply(connection, subjects, config, "CREATE")
    return config if made else None


async def _config_of_rival(connection: Connection, subjects: Subjects) -> NamespaceConfig:
    """Return what another client, creating the namespace at the same moment, made of it."""
    for _ in range(50):
        existing = await _existing_config(connection, subjects.entries)
        if existing is not None:
            return existing
        await asyncio.sleep(0.1)
    raise StoreError(
        "The namespace is half made: a client stopped while creating it with other settings. "
        "Open it with those settings, or delete its streams.",
        namespace=subjects.namespace,
    )


def _mismatch(namespace: str, existing: NamespaceConfig, wanted: NamespaceConfig) -> ConfigMismatch:
    old, new = asdict(existing), asdict(wanted)
    changes = ", ".join(f"{k}={old[k]!r} (asked: {new[k]!r})" for k in old if old[k] != new[k])
    return ConfigMismatch(
        f"The namespace exists with {changes}. Leave these settings out to use it as it is, or "
        "pass update=True to change it for everyone.",
        namespace=namespace,
    )


async def _check_room(connection: Connection, subjects: Subjects) -> None:
    room = connection.server.max_payload
    if room < MESSAGE_BYTES:
        raise StoreError(
            f"The NATS server takes messages of {room} bytes; sharedctx needs "
            f"max_payload of at least {MESSAGE_BYTES} (the default of NATS is 1 MiB).",
            namespace=subjects.namespace,
        )


async def _apply(
    connection: Connection, subjects: Subjects, config: NamespaceConfig, verb: str
) -> bool:
    """Create or update all streams; the entries stream last, so that it implies the others."""
    streams = mirrored_streams(subjects, config)
    if config.history > 1:
        streams.append(_history_stream(subjects, config))
    if verb == "CREATE":
        # Here, because workers may have no permission to make it.
        with suppress(ApiError):  # one of an older version does as well
            await call(connection, f"STREAM.CREATE.{PRESENCE_STREAM}", presence_stream())
    streams.append(_entries_stream(subjects, config))
    try:
        for stream in streams:
            await call(connection, f"STREAM.{verb}.{stream['name']}", stream)
    except ApiError as error:
        if error.code == NAME_IN_USE:
            return False
        if error.code in {NO_CLUSTER, NO_PEERS}:
            raise _TooFewServersError(error, subjects.namespace, config.replicas) from error
        raise
    await ensure_consumer(connection, subjects, config)
    with suppress(TransientError):
        # Who has it open already learns the new settings; else with its next reconnect.
        await connection.publish(subjects.settings_event)
    return True


async def _update(
    connection: Connection, subjects: Subjects, old: NamespaceConfig, new: NamespaceConfig
) -> None:
    if old.storage != new.storage:
        raise ConfigMismatch(
            "`storage` of a namespace cannot be changed. Use another namespace.",
            namespace=subjects.namespace,
        )
    if (old.history > 1) != (new.history > 1):
        verb = "CREATE" if new.history > 1 else "DELETE"
        body = _history_stream(subjects, new) if new.history > 1 else None
        await call(connection, f"STREAM.{verb}.{subjects.history}", body)
    await _apply(connection, subjects, new, "UPDATE")
    if replace(old, mirrors=new.mirrors) != new:
        await refresh_mirrors(connection, new.mirrors, mirrored_streams(subjects, new))


async def ensure_consumer(
    connection: Connection, subjects: Subjects, config: NamespaceConfig
) -> None:
    """Create the consumer of the workers, or update it to `config`."""
    body = {"stream_name": subjects.entries, "config": _consumer(config)}
    operation = f"CONSUMER.CREATE.{subjects.entries}.{CONSUMER}"
    try:
        await call(connection, operation, body)
    except ApiError as error:
        if error.code not in _CONSUMER_EXISTS:
            raise
