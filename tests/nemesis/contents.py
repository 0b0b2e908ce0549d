"""Contents that name the put that they are from, in every part, so that whatever is read tells."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Final

__all__ = ("FORMS", "SMALL", "content", "examine", "examine_rendition", "name")

SMALL: Final = "s"
"""The form that is too small to compress."""
_LINES: Final = 36
_NAME: Final = re.compile(r"\bput[a-z0-9]+x[0-9]+x[a-z]\b")


def name(client: str, number: int, form: str) -> str:
    """Return a name for one put; `client` is made of small letters and digits without ``x``."""
    return f"put{client}x{number}x{form}"


def _small(put: str) -> str:
    return f"{put} is a note that nobody compresses."


def _prose(put: str) -> str:
    return "\n".join(
        f"In {put} step {i} took {i * 37 % 91} ms and did not fail." for i in range(_LINES)
    )


def _log(put: str) -> str:
    return "\n".join(
        f"2026-03-01T10:{i:02}:07Z {'WARN' if i % 9 == 0 else 'INFO'} {put} request {i * 7919} "
        f"took {i * 37 % 91} ms"
        for i in range(_LINES)
    )


def _json(put: str) -> str:
    return json.dumps([{"put": put, "step": i, "took": i * 37 % 91} for i in range(_LINES)])


def _big(put: str) -> str:
    """More than fits into one message, even packed."""
    parts = (hashlib.sha512(f"{put}{i}".encode()).hexdigest() for i in range(2_400))
    return "\n".join(f"{put} {part}" for part in parts)


FORMS: Final[dict[str, Callable[[str], str]]] = {
    SMALL: _small,
    "p": _prose,
    "l": _log,
    "j": _json,
    "b": _big,
}
"""How contents look, by the last letter of their names."""


def content(put: str) -> str:
    """Return the content that is put under the name `put`."""
    return FORMS[put[-1]](put)


def examine(text: str) -> tuple[str | None, str]:
    """Return the put that an original is from, and what is wrong with it."""
    put, problem = examine_rendition(text)
    if put is not None and text != content(put):
        return put, "it is not byte for byte what was put"
    return put, problem


def examine_rendition(text: str) -> tuple[str | None, str]:
    """Return the put that a rendition, or an original, is from, and what is wrong with it."""
    names = set(_NAME.findall(text))
    if len(names) != 1:
        return None, f"one text of {len(names)} puts"
    return names.pop(), ""
