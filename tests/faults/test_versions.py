"""Old and new versions of sharedctx in one namespace, each reading what the other wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import msgpack
import pytest
from nats.js import JetStreamContext

from sharedctx import CorruptEntry, SharedContext, State, records
from sharedctx.hints import Hint
from sharedctx.records import ENTRY_HEADER, RENDITION_HEADER, Profile, RenditionBody
from sharedctx.store.nats import NatsStore
from sharedctx.store.streams import METADATA_KEY
from tests.client.conftest import working

TEXT = "".join(f"A sentence that is long enough to compress, number {i}. " for i in range(60))


def _with(header: str, **fields: Any) -> str:
    """Return a record header as another version would write it."""
    return json.dumps(json.loads(header) | fields)


async def _rewrite_entry(js: JetStreamContext, ctx: SharedContext, key: str, **fields: Any) -> None:
    """Store an entry again, its record changed."""
    subject = f"$KV.ctx_{ctx.namespace}.{key}"
    message = await js.get_last_msg(f"KV_ctx_{ctx.namespace}", subject)
    assert message.headers is not None
    header = _with(message.headers[ENTRY_HEADER], **fields)
    await js.publish(subject, message.data or b"", headers={ENTRY_HEADER: header})


async def _rendition(
    js: JetStreamContext, ctx: SharedContext
) -> tuple[str, Mapping[str, str], bytes]:
    """Return subject, headers and payload of the only rendition."""
    stream = f"KV_ctx_{ctx.namespace}_renditions"
    last = (await js.stream_info(stream)).state.last_seq
    message = await js.get_msg(stream, seq=last)
    assert message.subject is not None
    return message.subject, message.headers or {}, message.data or b""


async def test_fields_that_a_reader_does_not_know_are_no_hindrance(
    ctx: SharedContext, js: JetStreamContext, nats_url: str
) -> None:
    await ctx.put("k", TEXT)
    await _rewrite_entry(js, ctx, "k", shade={"of": ["blue"]}, urgent=True)
    async with working(nats_url, ctx.namespace):
        short = await ctx.get("k", timeout=20)
    assert short is not None
    assert short != TEXT
    assert await ctx.get("k", full=True) == TEXT

    subject, headers, payload = await _rendition(js, ctx)
    text, table = RenditionBody.unpack(payload, json.loads(headers[RENDITION_HEADER])["size"])
    columns = msgpack.unpackb(table, strict_map_key=False) | {"moods": ["calm"]}
    body = msgpack.packb([text, msgpack.packb(columns), "a third part"])
    header = _with(headers[RENDITION_HEADER], size=len(body), model={"name": "next"})
    await js.publish(subject, body, headers={RENDITION_HEADER: header})
    async with SharedContext(nats_url, namespace=ctx.namespace) as fresh:
        assert await fresh.get("k", timeout=0) == short
        assert await fresh.get("k", max_tokens=60) != short


async def test_an_entry_of_a_newer_format_asks_for_an_upgrade_and_hinders_nobody(
    ctx: SharedContext, js: JetStreamContext, nats_url: str
) -> None:
    await ctx.put("new", TEXT)
    await _rewrite_entry(js, ctx, "new", v=records.FORMAT + 1)
    await ctx.put("old", TEXT + "and more")
    for call in (ctx.get("new"), ctx.get("new", full=True), ctx.get_entry("new")):
        with pytest.raises(CorruptEntry, match="Upgrade sharedctx"):
            await call
    async with working(nats_url, ctx.namespace):
        assert await ctx.get("old", timeout=20) != TEXT + "and more"
    assert (await ctx.stats()).entries == 1
    assert await ctx.keys() == ["new", "old"]
    # Writing over it is allowed, as over any other entry.
    await ctx.put("new", "of this format")
    assert await ctx.get("new") == "of this format"


async def test_large_bodies_of_newer_entries_are_not_reaped(
    ctx: SharedContext, js: JetStreamContext
) -> None:
    large = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(80_000))
    await ctx.put("k", large)
    await _rewrite_entry(js, ctx, "k", v=records.FORMAT + 1)
    store = await NatsStore.open(ctx._options, ctx.namespace)
    assert await store.reap_blobs(min_age=0.0) == 0
    await store.aclose()
    await _rewrite_entry(js, ctx, "k", v=records.FORMAT)
    assert await ctx.get("k", full=True) == large


async def test_a_rendition_of_a_newer_format_is_made_again(
    ctx: SharedContext, js: JetStreamContext, nats_url: str
) -> None:
    await ctx.put("k", TEXT)
    async with working(nats_url, ctx.namespace):
        short = await ctx.get("k", timeout=20)
        subject, headers, payload = await _rendition(js, ctx)
        header = _with(headers[RENDITION_HEADER], v=records.FORMAT + 1)
        await js.publish(subject, payload, headers={RENDITION_HEADER: header})
        async with SharedContext(nats_url, namespace=ctx.namespace) as fresh:
            assert await fresh.get("k", timeout=20) == short != TEXT


async def test_a_newer_version_reads_what_this_one_wrote(
    ctx: SharedContext, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ctx.put("k", TEXT)
    async with working(nats_url, ctx.namespace):
        short = await ctx.get("k", timeout=20)
    monkeypatch.setattr(records, "FORMAT", records.FORMAT + 1)
    async with SharedContext(nats_url, namespace=ctx.namespace) as newer:
        assert await newer.get("k", full=True) == TEXT
        assert await newer.get("k", timeout=0) == short
        await newer.put("k", TEXT + "!")
        assert await newer.get("k", full=True) == TEXT + "!"
        monkeypatch.undo()
        with pytest.raises(CorruptEntry, match="Upgrade sharedctx"):
            await ctx.get("k")


async def test_a_kind_of_content_that_a_worker_does_not_know_is_compressed_as_it_looks(
    ctx: SharedContext, js: JetStreamContext, nats_url: str
) -> None:
    await ctx.put("k", TEXT)
    hinted = Profile("o200k_base", 20, Hint("hologram"))
    await _rewrite_entry(js, ctx, "k", profile=str(hinted))
    async with working(nats_url, ctx.namespace):
        assert await ctx.get("k", timeout=20) != TEXT
    assert (await ctx.get_entry("k")).state is State.READY  # type: ignore[union-attr]


async def test_settings_that_a_client_does_not_know_are_no_hindrance(
    ctx: SharedContext, js: JetStreamContext, nats_url: str
) -> None:
    await ctx.put("k", "v")
    stream = f"KV_ctx_{ctx.namespace}"
    config: dict[str, Any] = (await js.stream_info(stream)).config.as_dict()
    settings = json.loads(config["metadata"][METADATA_KEY]) | {"color": "blue"}
    config["metadata"] = {METADATA_KEY: json.dumps(settings)}
    await js._api_request(f"$JS.API.STREAM.UPDATE.{stream}", json.dumps(config).encode())
    async with SharedContext(nats_url, namespace=ctx.namespace) as other:
        assert await other.get("k") == "v"
