"""What readers look for in any kind of content: signs that something is wrong, and even samples."""

from __future__ import annotations

import re

__all__ = ("looks_wrong", "spread")

_WRONG = re.compile(
    r"\b(?:errors?|exceptions?|fail(?:s|ed|ure|ures|ing)?|fatal|critical|panic(?:ked)?|traceback"
    r"|warn(?:ing|ings)?|denied|refused|rejected|invalid|unauthori[sz]ed|forbidden|missing"
    r"|not found|timed? ?out|timeout|crash(?:ed)?|abort(?:ed)?|corrupt(?:ed|ion)?|conflict"
    r"|unreachable|unavailable|deadlock|overflow|segfault|killed)\b",
    re.IGNORECASE,
)
_CAMEL_ERROR = re.compile(r"[a-z](?:Error|Exception)\b")
# Every match holds one of these in lower case; looking for them first is several times faster.
_STEMS = (
    *("error", "exception", "fail", "fatal", "critical", "panic", "traceback", "warn", "denied"),
    *("refused", "rejected", "invalid", "unauthori", "forbidden", "missing", "not found", "time"),
    *("crash", "abort", "corrupt", "conflict", "unreach", "unavail", "deadlock", "overflow"),
    *("segfault", "killed"),
)


def looks_wrong(text: str) -> bool:
    """Whether `text` speaks of an error, a failure or a warning."""
    lowered = text.lower()
    if not any(map(lowered.__contains__, _STEMS)):
        return False
    return bool(_WRONG.search(text) or _CAMEL_ERROR.search(text))


def spread(size: int) -> list[float]:
    """Return one number in [0, 1) for each of `size` places in a row.

    Taking places by increasing number covers the row evenly at every moment: the first place,
    then the middle, then the quarters, and so on.
    """
    numbers = [0.0]
    step = 0.5
    while len(numbers) < size:
        numbers += [number + step for number in numbers]
        step /= 2
    return numbers[:size]
