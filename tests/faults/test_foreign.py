"""Records that sharedctx did not write, or that were damaged: typed errors, never wrong content."""

from __future__ import annotations

import pytest
from nats.js import JetStreamContext

from sharedctx import CorruptEntry, SharedContext
from sharedctx.codec import pack
from sharedctx.records import ENTRY_HEADER, RENDITION_HEADER, EntryRecord, Profile
from tests.client.conftest import working

PROSE = "A sentence that is long enough to be worth compressing, number {}. "
TEXT = "".join(PROSE.format(number) for number in range(60))


async def test_a_foreign_message_is_corrupt_for_get_and_skipped_by_listings(
    ctx: SharedContext, js: JetStreamContext
) -> None:
    await ctx.put("good", "here")
    await js.publish(f"$KV.ctx_{ctx.namespace}.foreign", b"\x00\xff")
    for call in (ctx.get("foreign"), ctx.get("foreign", full=True), ctx.get_entry("foreign")):
        with pytest.raises(CorruptEntry, match="did not write it"):
            await call
    assert (await ctx.stats()).entries == 1
    assert await ctx.search("here")
    await ctx.put("foreign", "now ours")
    assert await ctx.get("foreign") == "now ours"


async def test_a_key_that_is_not_encoded_is_not_listed(
    ctx: SharedContext, js: JetStreamContext
) -> None:
    await ctx.put("good", "here")
    await js.publish(f"$KV.ctx_{ctx.namespace}.=zz", b"foreign")
    assert await ctx.keys() == ["good"]


@pytest.mark.parametrize("size", [len("other bytes"), 3, 1 << 30])
async def test_content_that_does_not_match_its_record_is_never_served(
    ctx: SharedContext, js: JetStreamContext, size: int
) -> None:
    record = EntryRecord("0" * 64, size, Profile("o200k_base", 20), None, 1.0)
    headers = {ENTRY_HEADER: record.header()}
    await js.publish(f"$KV.ctx_{ctx.namespace}.k", pack(b"other bytes"), headers=headers)
    for full in (True, False):
        with pytest.raises(CorruptEntry):
            await ctx.get("k", full=full, timeout=0)


async def test_a_missing_blob_is_corrupt(ctx: SharedContext, js: JetStreamContext) -> None:
    big = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(80_000))
    await ctx.put("big", big)
    await js.purge_stream(f"KV_ctx_{ctx.namespace}_blobs")
    with pytest.raises(CorruptEntry, match="Put the content again"):
        await ctx.get("big", full=True)
    await ctx.put("big", big)
    assert await ctx.get("big", full=True) == big


async def test_a_damaged_blob_is_corrupt(ctx: SharedContext, js: JetStreamContext) -> None:
    big = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(80_000))
    await ctx.put("big", big)
    stream = f"KV_ctx_{ctx.namespace}_blobs"
    message = await js.get_msg(stream, seq=1)
    assert message.subject is not None
    assert message.data is not None
    await js.publish(message.subject, message.data[:-1] + b"\x00")
    with pytest.raises(CorruptEntry, match="does not match its hash"):
        await ctx.get("big", full=True)


async def test_a_forged_rendition_of_other_bytes_is_not_served_and_is_replaced(
    ctx: SharedContext, js: JetStreamContext, nats_url: str
) -> None:
    entry = await ctx.put("k", TEXT)
    assert entry.original == TEXT
    stored = await ctx._store.get("k")
    assert stored is not None
    header = (
        '{"v":1,"hash":"%s","profile":"o200k_base-20","state":"ready","guarantee":"lossless",'
        '"tokens":[1,1],"transforms":[],"elapsed":0,"size":3}' % ("1" * 64)
    )
    subject = f"$KV.ctx_{ctx.namespace}_renditions.{stored.record.hash}.o200k_base-20"
    await js.publish(subject, b"abc", headers={RENDITION_HEADER: header})
    assert await ctx.get("k", timeout=0) == TEXT
    async with working(nats_url, ctx.namespace):
        healed = await ctx.get("k", timeout=20)
    assert healed is not None
    assert healed not in {TEXT, "abc"}
