"""The embedded default: real nats-servers and workers as child processes of this one."""

from __future__ import annotations

from sharedctx.embedded.cluster import NatsCluster
from sharedctx.embedded.server import NatsServer
from sharedctx.embedded.stack import Stack, local_stack

__all__ = ("NatsCluster", "NatsServer", "Stack", "local_stack")
