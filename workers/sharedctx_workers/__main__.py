"""``python -m sharedctx_workers``: the same as ``sharedctx worker``."""

from __future__ import annotations

from sharedctx_workers.command import main

__all__ = ()

if __name__ == "__main__":
    main()
