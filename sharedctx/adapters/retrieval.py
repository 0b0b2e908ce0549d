"""The tool with which an agent reads what a reference stands for."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import Any, Final, TypeAlias

from sharedctx.adapters.clients import AnyContext, call, run
from sharedctx.errors import SharedContextError

__all__ = ("RETRIEVAL_TOOLS", "ContextGet", "make_blocking_context_get", "make_context_get")

RETRIEVAL_TOOLS: Final = ("context_get", "context_search", "context_list", "context_stats")
"""How the names of our own tools end; what they return is never shortened."""

ContextGet: TypeAlias = Callable[..., Awaitable[str]]


def make_context_get(context: AnyContext) -> ContextGet:
    """Return the async function `context_get`, which every framework takes as a tool.

    Its signature and docstring are what the model reads. Errors come back as text, so that the
    model can act on them.
    """

    async def context_get(
        key: str,
        full: bool = False,  # noqa: FBT001, FBT002  # how models call it
        query: str | None = None,
        first_line: int | None = None,
        last_line: int | None = None,
    ) -> str:
        """Read the original of a shortened output: text that ends in a line [ctx:KEY ...].

        Ask for lines or give a query rather than read a long original in full.

        Args:
            key: The KEY of the reference.
            full: Return the whole original.
            query: Return what answers this question.
            first_line: Return the original from this line on; elision notes name lines as L12-34.
            last_line: Last line to return; by default 200 lines are returned.
        """
        lines = None
        if first_line is not None or last_line is not None:
            first = max(first_line or 1, 1)
            lines = (first, last_line if last_line is not None else first + 199)
        try:
            text: str | None = await call(context.get, key, full=full, query=query, lines=lines)
        except SharedContextError as error:
            return f"{key} could not be read: {error}"
        if text is None:
            return f"There is nothing under {key}: it expired, was evicted, or was never put."
        return text

    # Some frameworks show docstrings as they stand.
    context_get.__doc__ = inspect.getdoc(context_get)
    return context_get


def make_blocking_context_get(context: AnyContext) -> Callable[..., str]:
    """Return `context_get` for synchronous calls, which need the blocking context."""
    context_get = make_context_get(context)

    @wraps(context_get)
    def read(*args: Any, **options: Any) -> str:
        return run(context, partial(context_get, *args, **options))

    return read
