"""Adapters: where sharedctx plugs into agent frameworks, one module and one extra each.

Every adapter does the same with what tools and agents hand on: a large output is put, and the next
model call sees its rendition and a one-line reference; the tool `context_get` reads the rest. Small
outputs, and what `context_get` itself returns, stay as they are. When the store is away, outputs
pass through whole, and one warning in the log ``sharedctx.adapters`` says so.

All of them take a `sharedctx.SharedContext` that is open on the event loop the framework runs on,
or a `sharedctx.sync.SharedContext`, which serves any number of loops and threads.
"""

from __future__ import annotations

__all__ = ()
