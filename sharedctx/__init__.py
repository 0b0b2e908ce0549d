"""Agents hand context to each other: stored once, compressed in the background, read short.

`SharedContext` is the client; `sharedctx.sync.SharedContext` is its blocking twin.
"""

from __future__ import annotations

from sharedctx.client import SharedContext
from sharedctx.encryption import Encryption
from sharedctx.entry import ContextEntry, ContextEvent, Ref, SharedContextStats
from sharedctx.errors import (
    AuthError,
    ConfigMismatch,
    ContentTooLarge,
    CorruptEntry,
    DecryptionFailed,
    InvalidKey,
    InvalidNamespace,
    InvalidRequest,
    MissingExtra,
    NamespaceNotFound,
    PermissionDenied,
    RevisionConflict,
    SharedContextError,
    StaleRead,
    StoreError,
    StoreFull,
    StoreUnavailable,
    UnknownOutcome,
    WaitTimeout,
)
from sharedctx.hints import KINDS
from sharedctx.hits import SearchHit
from sharedctx.records import State
from sharedctx.segments import Guarantee
from sharedctx.store.credentials import Credentials

__all__ = (
    "KINDS",
    "AuthError",
    "ConfigMismatch",
    "ContentTooLarge",
    "ContextEntry",
    "ContextEvent",
    "CorruptEntry",
    "Credentials",
    "DecryptionFailed",
    "Encryption",
    "Guarantee",
    "InvalidKey",
    "InvalidNamespace",
    "InvalidRequest",
    "MissingExtra",
    "NamespaceNotFound",
    "PermissionDenied",
    "Ref",
    "RevisionConflict",
    "SearchHit",
    "SharedContext",
    "SharedContextError",
    "SharedContextStats",
    "StaleRead",
    "State",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "UnknownOutcome",
    "WaitTimeout",
)


def __getattr__(name: str) -> str:
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415  # reading metadata takes a while

        return version("sharedctx")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
