"""The demo: three agents in three processes, a real nats-server and a real worker."""

from __future__ import annotations

__all__ = ()
