"""Where entries and renditions live. This is the only package that speaks NATS."""

from __future__ import annotations

__all__ = ()
