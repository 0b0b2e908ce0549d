"""What a check of `sharedctx doctor` finds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final, NamedTuple

from sharedctx.errors import PermissionDenied, SharedContextError

__all__ = ("PERMISSIONS", "Check", "Verdict", "nearly_full", "outcome")

_NEARLY_FULL = 0.9
PERMISSIONS: Final = "Give these credentials the NATS permissions of what the agent does"


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Check(NamedTuple):
    """What one check found, and what to do about it."""

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


async def outcome(name: str, check: Awaitable[Check]) -> Check:
    """Return what `check` finds, or that it could not be made."""
    try:
        return await check
    except PermissionDenied as error:
        return Check(name, Verdict.FAIL, str(error), PERMISSIONS)
    except SharedContextError as error:
        return Check(name, Verdict.FAIL, str(error))


def nearly_full(
    what: str, used: int, limit: int, remedy: str, show: Callable[[int], str]
) -> Check | None:
    """Return a warning when `used` is at least nine tenths of `limit`; -1 means no limit."""
    if limit <= 0 or used < _NEARLY_FULL * limit:
        return None
    detail = f"{show(used)} of {show(limit)} {what} in use"
    return Check("limits", Verdict.WARN, detail, remedy)
