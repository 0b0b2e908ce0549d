"""The one error tree of sharedctx.

```text
SharedContextError
├── InvalidRequest (ValueError)  refused before anything was sent
│   ├── InvalidKey
│   ├── InvalidNamespace
│   └── ContentTooLarge
├── RevisionConflict             `expect` did not match: nothing was written
├── CorruptEntry                 stored bytes are damaged or foreign
│   └── DecryptionFailed         they do not open with the keys at hand
├── ConfigMismatch               the namespace exists with other settings
├── NamespaceNotFound            it does not exist, and was not to be created
├── WaitTimeout (TimeoutError)   what was waited for did not come in time
├── MissingExtra (ImportError)   an optional dependency is not installed
└── StoreError                   NATS could not do it
    ├── StoreUnavailable         not reachable: certainly nothing was written
    ├── UnknownOutcome           sent, never answered: it may have been written
    ├── StaleRead                it holds an older state than was seen
    ├── StoreFull                a limit of the namespace or server is reached
    ├── AuthError                client or server is not whom the other trusts
    └── PermissionDenied         the credentials do not allow this subject
```

What is said of a class here is its default message, which names the remedy.
"""

from __future__ import annotations

import inspect

__all__ = (
    "AuthError",
    "ConfigMismatch",
    "ContentTooLarge",
    "CorruptEntry",
    "DecryptionFailed",
    "InvalidKey",
    "InvalidNamespace",
    "InvalidRequest",
    "MissingExtra",
    "NamespaceNotFound",
    "PermissionDenied",
    "RevisionConflict",
    "SharedContextError",
    "StaleRead",
    "StoreError",
    "StoreFull",
    "StoreUnavailable",
    "UnknownOutcome",
    "WaitTimeout",
)


class SharedContextError(Exception):
    """Base class of every error that sharedctx raises on purpose.

    Attributes:
        key: The key of the call that failed, when there is one.
        namespace: The namespace of the call that failed, when there is one.
    """

    def __init__(
        self, message: str | None = None, *, key: str | None = None, namespace: str | None = None
    ) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))
        self.key = key
        self.namespace = namespace

    def __str__(self) -> str:
        place = {"key": self.key, "namespace": self.namespace}
        named = ", ".join(f"{name} {value!r}" for name, value in place.items() if value is not None)
        return f"{self.args[0]} ({named})" if named else str(self.args[0])


class InvalidRequest(SharedContextError, ValueError):
    """The arguments of this call cannot be used. Nothing was sent."""


class InvalidKey(InvalidRequest):
    """The key is not usable. Give a str of at most 1,024 bytes once encoded."""


class InvalidNamespace(InvalidRequest):
    """The namespace is not usable. Use 1 to 64 of A-Z a-z 0-9 - _ and no reserved ending."""


class ContentTooLarge(InvalidRequest):
    """The content is larger than `max_content_bytes`. Split it, or raise that limit."""


class RevisionConflict(SharedContextError):
    """The key is not at the expected revision, so nothing was written. Read it again and retry."""


class CorruptEntry(SharedContextError):
    """The stored record is damaged or was not written by sharedctx. Put the content again."""


class DecryptionFailed(CorruptEntry):
    """The stored bytes do not open with this key. Check the key; if it is right, put them again."""


class ConfigMismatch(SharedContextError):
    """The namespace exists with other settings. Use its settings, or pass `update=True`."""


class NamespaceNotFound(SharedContextError):
    """The namespace does not exist. Check its name, or put something into it first."""


class WaitTimeout(SharedContextError, TimeoutError):
    """What was waited for did not come in time. Wait longer, or check the producer."""


class MissingExtra(SharedContextError, ImportError):
    """An optional dependency is not installed. Install the named extra of sharedctx."""


class StoreError(SharedContextError):
    """NATS JetStream refused the request. The message carries its reason."""


class StoreUnavailable(StoreError):
    """NATS JetStream is not reachable, and nothing was written. Check the servers, then retry."""


class UnknownOutcome(StoreError):
    """The write was sent but never confirmed: it may have happened. Read the key to find out."""


class StaleRead(StoreError):
    """The store holds an older state than was seen. Was it restored, or the server cut off?"""


class StoreFull(StoreError):
    """A limit of the namespace or of the server is reached. Delete entries, or raise the limit."""


class AuthError(StoreError):
    """The NATS server refused the credentials, or is not to be trusted. Check both, and TLS."""


class PermissionDenied(StoreError):
    """The NATS credentials do not allow this. Ask for the permissions of the role you need."""
