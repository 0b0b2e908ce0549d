"""Which namespaces and values of a store a search asks for, in LangGraph's terms."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

__all__ = ("Condition", "matches", "passes")

_OPERATORS: Final = {f"${name}": getattr(operator, name) for name in ("eq", "ne", "gt", "lt")} | {
    "$gte": operator.ge,
    "$lte": operator.le,
}


class Condition(Protocol):
    """What a namespace has to start or end with; ``*`` stands for any label."""

    @property
    def match_type(self) -> str:
        """Either ``prefix`` or ``suffix``."""
        ...

    @property
    def path(self) -> Sequence[str]:
        """Labels from the outermost to the innermost."""
        ...


def matches(namespace: tuple[str, ...], conditions: Iterable[Condition]) -> bool:
    """Return whether a namespace fulfills all `conditions`."""
    for condition in conditions:
        size = len(condition.path)
        part = namespace[:size] if condition.match_type == "prefix" else namespace[-size:]
        pairs = zip(condition.path, part, strict=False)
        if len(part) < size or any(want not in ("*", label) for want, label in pairs):
            return False
    return True


def passes(value: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Return whether a value passes a filter of fields and tests such as ``{"$gt": 3}``."""
    try:
        for name, want in wanted.items():
            is_test = isinstance(want, dict) and want and want.keys() <= _OPERATORS.keys()
            for test, bound in (want if is_test else {"$eq": want}).items():
                if not _OPERATORS[test](value.get(name), bound):
                    return False
    except TypeError:  # values of kinds that have no order
        return False
    return True
