"""Telling an argument that was left out from None."""

from __future__ import annotations

from typing import Any, Final

__all__ = ("NOT_GIVEN", "NotGiven", "only_given")


class NotGiven:
    """The type of `NOT_GIVEN`."""


NOT_GIVEN: Final = NotGiven()
"""The default of an argument for which None means something."""


def only_given(**arguments: Any) -> dict[str, Any]:
    """Return those of `arguments` that were not left out."""
    return {name: value for name, value in arguments.items() if not isinstance(value, NotGiven)}
