"""``python -m sharedctx.cli``: the same as the `sharedctx` command."""

from __future__ import annotations

from sharedctx.cli import main

__all__ = ()

main()
