"""What an adapter says when its framework is not installed."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sharedctx.errors import MissingExtra

__all__ = ("extra",)


@contextmanager
def extra(name: str) -> Generator[None, None, None]:
    """Import a framework inside this block, and an `ImportError` names the remedy.

    Args:
        name: The extra of sharedctx that installs the framework.

    Raises:
        MissingExtra: the framework is missing, or too old for the adapter.
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtra(
            f"The adapter needs what is not there: {error}. "
            f"Install it with: pip install -U 'sharedctx[{name}]'"
        ) from error
