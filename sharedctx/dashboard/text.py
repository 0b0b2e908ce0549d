"""How the dashboard writes figures, times, and text that nobody vouches for."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Final

__all__ = ("ago", "clean", "clock", "compact", "count", "duration", "iso", "size", "visible")

# Control characters, and those that reorder text or hide in it, could make it look like another.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]|\r(?!\n)"
)
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))
_PREFIXES: Final = ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k"))


def clean(text: str | None) -> str:
    """Return `text` as it can be encoded: lone surrogates become question marks."""
    return (text or "").encode("utf-8", "replace").decode()


def visible(text: str) -> str:
    """Return `text` with a symbol for every character that could not be seen."""
    return _INVISIBLE.sub(_symbol, clean(text))


def _symbol(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"


def count(value: float) -> str:
    """Say a whole number."""
    return f"{value:,.0f}"


def compact(value: float) -> str:
    """Say a number in few characters, such as 12.3k."""
    for least, prefix in _PREFIXES:
        if abs(value) >= least:
            return f"{value / least:.3g}{prefix}"
    return f"{value:.3g}"


def duration(seconds: float) -> str:
    """Say a time span in its largest unit."""
    for unit, name in _UNITS:
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def ago(timestamp: float, now: float) -> str:
    """Say how long before `now` something was."""
    seconds = now - timestamp
    return "just now" if seconds < 1 else f"{duration(seconds)} ago"


def clock(timestamp: float, *, seconds: bool = True) -> str:
    """Say a time of day, with its date when that is not today, as it is where this runs."""
    at, today = time.localtime(timestamp), time.localtime()
    day = "" if at[:3] == today[:3] else time.strftime("%Y-%m-%d ", at)
    return day + time.strftime("%H:%M:%S" if seconds else "%H:%M", at)


def iso(timestamp: float) -> str:
    """Write a time for machines."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat(timespec="seconds")


def size(count: int) -> str:
    """Say a number of bytes."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.1f} KiB"
    return f"{count / (1024 * 1024):.1f} MiB"
