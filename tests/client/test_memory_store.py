"""A context on the store in memory, as users have it in their tests."""

from __future__ import annotations

import pydoc_data.topics

import sharedctx_workers
from sharedctx import SharedContext, State
from sharedctx.testing import MemoryStore

PROSE = pydoc_data.topics.topics["formatstrings"]


async def test_by_default_everything_passes_through_at_once() -> None:
    async with SharedContext(store=MemoryStore()) as ctx:
        entry = await ctx.put("k", PROSE, wait=True)
        assert entry.state is State.PASSTHROUGH
        assert entry.original_tokens > 1000
        assert await ctx.get("k") == PROSE


async def test_it_compresses_with_the_compressor_of_the_workers() -> None:
    async with SharedContext(store=MemoryStore(compressor=sharedctx_workers.compress)) as ctx:
        entry = await ctx.put("k", PROSE, wait=True)
        assert entry.state is State.READY
        assert entry.savings_percent > 50
        assert await ctx.get("k") == entry.compressed
        assert await ctx.get("k", full=True) == PROSE
        brief = await ctx.get("k", max_tokens=100)
        assert brief is not None
        assert brief != entry.compressed
