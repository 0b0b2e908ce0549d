"""D1, D3: what a foreign client stores in place of renditions is not served as if it was right.

What cannot be told from a rendition by a worker is here too, so that the documentation is right.
"""

from __future__ import annotations

import random
import re
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgpack
import pytest
from backports import zstd
from nats.js import JetStreamContext

from sharedctx import CorruptEntry, SharedContext
from sharedctx.records import (
    RENDITION_HEADER,
    Blob,
    EntryRecord,
    RenditionBody,
    RenditionRecord,
    State,
)
from sharedctx.segment_table import decode_document
from sharedctx.segments import Guarantee
from tests.client.conftest import working

TEXT = "".join(f"A sentence that is long enough, number {n}.\n" for n in range(60))
FORGED = "forged: the tests passed"


async def entry_of(ctx: SharedContext) -> EntryRecord:
    await ctx.put("k", TEXT)
    stored = await ctx._store.get("k")
    assert stored is not None
    return stored.record


def claim(record: EntryRecord, size: int, **more: Any) -> RenditionRecord:
    """A record that says of itself that it is a rendition of `record`."""
    made = RenditionRecord(
        hash=record.hash,
        profile=record.profile,
        state=State.READY,
        guarantee=Guarantee.LOSSLESS,
        original_tokens=1_000,
        compressed_tokens=9,
        transforms=("router:text:0.20",),
        size=size,
    )
    return replace(made, **more)


async def plant(
    ctx: SharedContext,
    js: JetStreamContext,
    record: EntryRecord,
    header: str,
    packed: bytes,
) -> None:
    subject = f"$KV.ctx_{ctx.namespace}_renditions.{record.hash}.{record.profile}"
    await js.publish(subject, packed, headers={RENDITION_HEADER: header})


def body(text: str = FORGED, table: bytes = b"") -> tuple[bytes, int]:
    return RenditionBody(text, table).pack()


def forgeries(record: EntryRecord) -> dict[str, tuple[str, bytes]]:
    packed, size = body()
    right = claim(record, size)
    bomb = zstd.compress(bytes(1 << 28))
    nested = b"\x91" * 100_000 + b"\xc0"
    return {
        "another hash": (replace(right, hash="1" * 64).header(), packed),
        "another profile": (
            replace(right, profile=record.profile._replace(percent=90)).header(),
            packed,
        ),
        "no record": ("{}", packed),
        "not JSON": ('{"v":1', packed),
        "an unknown state": (right.header().replace('"ready"', '"sure"'), packed),
        "a newer format": (right.header().replace('"v":1', '"v":2'), packed),
        "too large a size": (replace(right, size=size + 1).header(), packed),
        "too small a size": (replace(right, size=size - 1).header(), packed),
        "a negative size": (right.header().replace(f'"size":{size}', '"size":-1'), packed),
        "a bomb of the size it claims": (replace(right, size=1 << 28).header(), bomb),
        "a bomb that claims little": (replace(right, size=1000).header(), bomb),
        "not zstd": (replace(right, size=5000).header(), b"junk"),
        "not msgpack": (replace(right, size=4).header(), b"\xc1\xff\xff\xff"),
        "nested msgpack": (replace(right, size=len(nested)).header(), nested),
        "an array that claims billions": (replace(right, size=5).header(), b"\xdd\xff\xff\xff\xff"),
        "another shape": (replace(right, size=1).header(), b"\x93"),
        "numbers for text": (replace(right, size=3).header(), b"\x92\x01\x02"),
        "a blob that is not there": (
            replace(right, blob=Blob("2" * 64, 10, 1)).header(),
            b"",
        ),
        "a blob of billions": (
            replace(right, blob=Blob("2" * 64, 1 << 30, 1 << 29)).header(),
            b"",
        ),
    }


async def test_forged_renditions_are_as_good_as_missing(
    ctx: SharedContext, js: JetStreamContext, nats_url: str
) -> None:
    record = await entry_of(ctx)
    for name, (header, packed) in forgeries(record).items():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        await plant(ctx, js, record, header, packed)
        async with SharedContext(nats_url, namespace=ctx.namespace) as fresh:
            assert await fresh.get("k", timeout=0) == TEXT, name
            assert await fresh.get("k", full=True) == TEXT, name
            entry = await fresh.get_entry("k")
            assert entry is not None
            assert (entry.compressed, entry.state) == (TEXT, State.PENDING), name
            shortened = await fresh.get("k", max_tokens=100, timeout=0)
            assert shortened is not None
            assert FORGED not in shortened, name
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 100 * 1024, f"{name} took {grown} KiB"


@pytest.mark.parametrize("name", ["another hash", "too large a size", "not msgpack"])
async def test_a_worker_makes_a_forged_rendition_anew(
    ctx: SharedContext, js: JetStreamContext, nats_url: str, name: str
) -> None:
    record = await entry_of(ctx)
    await plant(ctx, js, record, *forgeries(record)[name])
    async with working(nats_url, ctx.namespace):
        healed = await ctx.get("k", timeout=20)
    assert healed is not None
    assert FORGED not in healed
    assert healed != TEXT


TABLES: dict[str, Any] = {
    "empty": b"",
    "not a map": [1, 2],
    "a run of billions": {"ends": [1], "ranks": [0.0, 10**12, 0.0, 1 - 10**12]},
    "an end beyond the original": {"ends": [10**9]},
    "a negative end": {"ends": [-5]},
    "needs what is not there": {"needs": [7, 1]},
    "texts of numbers": {"texts": {0: 5}},
    "ranks of texts": {"ranks": ["high", 1]},
    "mentions of numbers": {"mentions": {0: [5]}},
    "mentions that are no lists": {"mentions": {0: "abc"}},
    "tokens of texts": {"tokens": ["many"]},
    "stands for too many": {"stands_for": [9, 1]},
    "an unknown guarantee": {"whole": "certain"},
}


def table_of(changed: Any) -> bytes:
    columns: dict[str, Any] = {
        "n": 1,
        "kind": "text",
        "whole": "extractive",
        "partial": "extractive",
        "note": ["[", "]"],
        "start": 0,
        "ends": [len(TEXT)],
        "ranks": [1.0, 1],
        "tokens": [700],
        "units": ["line", 1],
        "firsts": [0],
        "counts": [1, 1],
        "needs": [0, 1],
        "stands_for": [1, 1],
        "told_by": [0, 1],
        "texts": {},
        "stand_ins": {},
    }
    if isinstance(changed, bytes):
        return changed
    packed: bytes = msgpack.packb({**columns, **changed} if isinstance(changed, dict) else changed)
    return packed


def test_the_table_that_the_forgeries_change_is_sound() -> None:
    assert decode_document(table_of({}), TEXT).segments[0].text == TEXT


@pytest.mark.parametrize("name", list(TABLES))
async def test_views_do_not_trust_a_forged_table(
    ctx: SharedContext, js: JetStreamContext, name: str
) -> None:
    record = await entry_of(ctx)
    table = table_of(TABLES[name])
    with pytest.raises(CorruptEntry):
        decode_document(table, TEXT)
    packed, size = body(table=table)
    await plant(ctx, js, record, claim(record, size).header(), packed)
    for view in ({"max_tokens": 100}, {"query": "number 7"}):
        found = await ctx.get("k", **view)
        assert found is not None
        assert "A sentence that is long enough" in found


def test_damaged_tables_raise_only_corrupt_entry() -> None:
    sound = table_of({})
    draw = random.Random(7)
    for _ in range(20_000):
        table = bytearray(sound)
        for _ in range(draw.randint(1, 4)):
            table[draw.randrange(len(table))] = draw.randrange(256)
        try:
            decode_document(bytes(table[: draw.randint(1, len(table))]), TEXT)
        except CorruptEntry:
            continue


def test_random_bodies_raise_only_corrupt_entry() -> None:
    draw = random.Random(8)
    for _ in range(20_000):
        data = draw.randbytes(draw.randint(0, 60))
        try:
            RenditionBody.unpack(data, draw.choice([len(data), 10, 1 << 20]))
        except CorruptEntry:
            continue


async def test_a_well_made_forgery_is_served_but_never_as_the_original(
    ctx: SharedContext, js: JetStreamContext
) -> None:
    """A known limit, told in docs/howto/security.md: whoever may write renditions is believed."""
    record = await entry_of(ctx)
    packed, size = body()
    await plant(ctx, js, record, claim(record, size).header(), packed)
    assert await ctx.get("k", timeout=0) == FORGED
    assert await ctx.get("k", full=True) == TEXT
    assert await ctx.get("k", lines=(1, 2)) == "".join(TEXT.splitlines(keepends=True)[:2])
    assert (await ctx.search("sentence"))[0].text in TEXT


def test_nothing_that_is_read_can_run_code() -> None:
    """S5: no pickle, marshal, eval, exec, yaml or shell in what is shipped."""
    root = Path(__file__).parents[2]
    words = ("pickle", "marshal", "shelve", "yaml", "eval", "exec", "system")
    names = re.compile(rf"(?<![\w.'\"])(?:{'|'.join(words)})\(|import (?:{'|'.join(words[:4])})\b")
    shipped = [*root.glob("sharedctx/**/*.py"), *root.glob("workers/sharedctx_workers/**/*.py")]
    assert shipped
    for path in shipped:
        text = path.read_text("utf-8")
        assert not names.search(text), path
        assert "shell=True" not in text, path
