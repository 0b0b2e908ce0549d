"""How signatures look in the reference."""

from __future__ import annotations

from typing import Any

import griffe

__all__ = ("SettingsLeftOut",)


class SettingsLeftOut(griffe.Extension):
    """Shows arguments that are told from None when they are left out as ``ttl: float = ...``."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Take the mark of what was not given out of a signature."""
        for parameter in func.parameters:
            if str(parameter.default) == "NOT_GIVEN":
                parameter.default = "..."
                parameter.annotation = str(parameter.annotation).replace(" | NotGiven", "")
