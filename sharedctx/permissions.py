"""NATS permissions of the roles: what each may publish to and subscribe to, from one table.

The table lists, verb by verb, the subjects that this code really uses; a role is a set of verbs.
``{ns}`` stands for the namespace; ``{E}``, ``{R}``, ``{B}`` and ``{H}`` for its streams of entries,
renditions, blobs and history, ``{W}`` for the one in which workers say that they are there.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sharedctx.keys import subjects_of
from sharedctx.store.credentials import check_inbox_prefix
from sharedctx.store.options import api_of, checked_domain
from sharedctx.store.streams import CONSUMER, PRESENCE_STREAM

__all__ = ("ROLES", "VERBS", "Permissions", "Role", "Verb", "permissions_of")


class Role(StrEnum):
    """What a client of a namespace is there for."""

    READER = "reader"
    """Reads, lists, searches and waits."""
    WRITER = "writer"
    """Reads, and puts and deletes entries."""
    WORKER = "worker"
    """Compresses: takes jobs, reads originals, writes renditions."""
    ADMIN = "admin"
    """All of these; creates, changes and clears the namespace."""


class Verb(NamedTuple):
    """Subjects that a verb needs, without the ``$JS.API.`` of calls.

    Attributes:
        calls: Operations of the JetStream API.
        publishes: Other subjects to publish to.
        subscribes: Subjects to subscribe to; the inbox comes on top.
    """

    calls: tuple[str, ...] = ()
    publishes: tuple[str, ...] = ()
    subscribes: tuple[str, ...] = ()


def _on(operation: str, *streams: str) -> tuple[str, ...]:
    return tuple(f"{operation}.{stream}" for stream in streams)


def _listing(*streams: str) -> tuple[str, ...]:
    """A pass over streams with a consumer of its own, whose name is made up."""
    steps = ("CREATE", "MSG.NEXT", "DELETE")
    return tuple(f"CONSUMER.{step}.{stream}.*" for stream in streams for step in steps)


def _reading(stream: str) -> tuple[str, ...]:
    """One message, from any replica; on several replicas also from the leader."""
    return (f"DIRECT.GET.{stream}.>", f"STREAM.MSG.GET.{stream}")


# On several replicas the leader completes a pass that one of them serves.
_LISTING_ENTRIES = ("STREAM.INFO.{E}", *_listing("{E}"), "STREAM.MSG.GET.{E}")

VERBS: Final[dict[str, Verb]] = {
    "open": Verb(("STREAM.INFO.{E}",), subscribes=("ctxev.{ns}.settings",)),
    "get": Verb(
        ("STREAM.INFO.{E}", *_reading("{E}"), *_reading("{R}"), *_reading("{B}")),
        ("ctxev.{ns}.wanted",),
        ("ctxev.{ns}.ready.*.*",),
    ),
    "wait_for": Verb(subscribes=("ctxev.{ns}.put.*",)),
    "keys": Verb(("STREAM.INFO.{E}",)),
    "watch": Verb(
        _LISTING_ENTRIES,
        subscribes=("ctxev.{ns}.put.*", "ctxev.{ns}.settings"),
    ),
    "search": Verb(_LISTING_ENTRIES),
    "stats": Verb((*_LISTING_ENTRIES, *_listing("{R}"))),
    "history": Verb(_listing("{H}")),
    "info": Verb(
        (
            *_on("STREAM.INFO", "{E}", "{R}", "{B}", "{H}"),
            f"CONSUMER.INFO.{{E}}.{CONSUMER}",
        ),
    ),
    "workers": Verb(_listing("{W}")),
    "put": Verb(publishes=("$KV.ctx_{ns}.*", "$KV.ctx_{ns}_blobs.*.*")),
    "delete": Verb(("STREAM.INFO.{H}", "STREAM.PURGE.{E}", "STREAM.PURGE.{H}")),
    "clear": Verb(
        (
            *_on("STREAM.INFO", "{E}", "{R}", "{H}"),
            *_on("STREAM.PURGE", "{E}", "{R}", "{H}"),
        ),
    ),
    "create": Verb(
        (
            *_on("STREAM.CREATE", "{E}", "{R}", "{B}", "{H}", "{W}"),
            f"CONSUMER.CREATE.{{E}}.{CONSUMER}",
        ),
        ("ctxev.{ns}.settings",),
    ),
    "update": Verb(
        (
            *_on("STREAM.UPDATE", "{E}", "{R}", "{B}", "{H}"),
            "STREAM.CREATE.{H}",
            "STREAM.DELETE.{H}",
            f"CONSUMER.CREATE.{{E}}.{CONSUMER}",
        ),
        ("ctxev.{ns}.settings",),
    ),
    "find namespaces": Verb(("STREAM.INFO.{E}",), (), ("$JS.EVENT.ADVISORY.STREAM.*.{E}",)),
    "take jobs": Verb(
        (
            "INFO",
            "STREAM.MSG.GET.{E}",
            f"CONSUMER.CREATE.{{E}}.{CONSUMER}",
            f"CONSUMER.INFO.{{E}}.{CONSUMER}",
            f"CONSUMER.MSG.NEXT.{{E}}.{CONSUMER}",
        ),
        # The second form is that of servers with a domain.
        (f"$JS.ACK.{{E}}.{CONSUMER}.>", f"$JS.ACK.*.*.{{E}}.{CONSUMER}.>"),
        ("ctxev.{ns}.wanted", f"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{{E}}.{CONSUMER}"),
    ),
    "compress": Verb(
        (*_reading("{E}"), *_reading("{R}"), *_reading("{B}")),
        ("$KV.ctx_{ns}_renditions.*.*", "$KV.ctx_{ns}_blobs.*.*"),
    ),
    "reap": Verb(
        (*_listing("{E}", "{R}", "{B}", "{H}"), "STREAM.INFO.{H}", "STREAM.PURGE.{B}"),
    ),
    "announce": Verb(publishes=("$KV.sharedctx_workers.*",)),
}
"""The subjects of each verb of the client, and of what workers do."""

_READING = (
    *("open", "get", "wait_for", "keys", "watch", "search", "stats", "history", "info"),
    "workers",
)
_WRITING = (*_READING, "put", "delete")
_WORKING = ("open", "find namespaces", "take jobs", "compress", "info", "reap", "announce")
ROLES: Final[dict[Role, tuple[str, ...]]] = {
    Role.READER: _READING,
    Role.WRITER: _WRITING,
    Role.WORKER: _WORKING,
    Role.ADMIN: tuple(VERBS),
}
"""The verbs of each role."""

# A pass with a consumer of its own must not be one with the consumer of the workers.
_NOT_OURS = tuple(f"CONSUMER.{step}.{{E}}.{CONSUMER}" for step in ("CREATE", "MSG.NEXT", "DELETE"))
# What a mirror at the leaf node answers, by the names of its origins.
_MIRRORED = ("DIRECT.GET.{R}.", "DIRECT.GET.{B}.")


class Permissions(NamedTuple):
    """The permissions of one role in one namespace.

    Attributes:
        publish: Subjects that it may publish to.
        deny_publish: Exceptions to these.
        subscribe: Subjects that it may subscribe to.
        inbox_prefix: Where its replies arrive; its clients have to be told.
    """

    publish: tuple[str, ...]
    deny_publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    inbox_prefix: str

    def as_json(self) -> dict[str, Any]:
        """Return the object that NATS takes as ``permissions`` of a user."""
        publish: dict[str, list[str]] = {"allow": list(self.publish)}
        if self.deny_publish:
            publish["deny"] = list(self.deny_publish)
        return {"publish": publish, "subscribe": {"allow": list(self.subscribe)}}

    def as_config(self) -> str:
        """Return the ``permissions`` block of a user in nats.conf."""
        lines = ["permissions: {"]
        for name, rules in self.as_json().items():
            lines.append(f"  {name}: {{")
            for rule, subjects in rules.items():
                listed = [f"      {json.dumps(subject)}" for subject in subjects]
                lines += [f"    {rule}: [", *listed, "    ]"]
            lines.append("  }")
        return "\n".join([*lines, "}\n"])


def permissions_of(
    namespace: str,
    role: Role,
    inbox_prefix: str | None = None,
    *,
    domain: str | None = None,
) -> Permissions:
    """Return the permissions of `role` in `namespace`.

    Args:
        namespace: Name of the namespace.
        role: The role.
        inbox_prefix: Where its replies arrive: one for each user, or they can read each other's
            replies; by default one for each role.
        domain: JetStream domain that its clients name, because they are at a leaf node.

    Raises:
        InvalidNamespace: there can be no such namespace.
        InvalidRequest: there can be no such prefix or domain.
    """
    prefix = check_inbox_prefix(inbox_prefix or f"_INBOX_{namespace}_{role}")
    verbs = [VERBS[name] for name in ROLES[role]]
    calls = {call for verb in verbs for call in verb.calls}
    published = {subject for verb in verbs for subject in verb.publishes}
    subscribed = {subject for verb in verbs for subject in verb.subscribes}
    denied = set(_NOT_OURS) - calls if calls & {*_listing("{E}")} else set()
    api = f"{api_of(checked_domain(domain))}."
    if domain is not None:
        published = {f"{api}{each}" if each.startswith("$KV.") else each for each in published}
        published |= {f"{api_of(None)}.{call}" for call in calls if call.startswith(_MIRRORED)}
    return Permissions(
        _filled(namespace, {f"{api}{call}" for call in calls} | published),
        _filled(namespace, {f"{api}{call}" for call in denied}),
        _filled(namespace, subscribed | {f"{prefix}.>"}),
        prefix,
    )


def _filled(namespace: str, subjects: Iterable[str]) -> tuple[str, ...]:
    names = subjects_of(namespace)
    streams = {"E": names.entries, "R": names.renditions, "B": names.blobs, "H": names.history}
    filled = {each.format(ns=namespace, W=PRESENCE_STREAM, **streams) for each in subjects}
    return tuple(sorted(filled))
