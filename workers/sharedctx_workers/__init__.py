"""The worker process of sharedctx: takes originals from the queue and writes renditions back.

`compress` is what it does to each: a pure function that also serves without a worker, for example
as the compressor of `sharedctx.testing.MemoryStore`.
"""

from __future__ import annotations

from sharedctx_workers.pipeline import compress

__all__ = ("compress",)
