from __future__ import annotations

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedctx.codec import LARGE_BYTES, content_bytes, content_text, pack, unpack
from sharedctx.errors import CorruptEntry

any_text = st.text(st.characters(exclude_categories=[]))


@given(any_text | any_text.map(lambda text: (text + ".") * 50_000))
@settings(max_examples=50, deadline=None)
def test_every_str_round_trips(content: str) -> None:
    data = content_bytes(content)
    assert content_text(unpack(pack(data), len(data))) == content


@given(st.binary(min_size=200, max_size=300).map(lambda data: data * (LARGE_BYTES // 200)))
@settings(max_examples=30, deadline=None)
def test_packing_never_makes_larger(data: bytes) -> None:
    assert len(pack(data)) <= len(data)
    assert unpack(pack(data), len(data)) == data


@given(st.binary(max_size=200))
def test_foreign_bytes_are_corrupt_never_a_crash(packed: bytes) -> None:
    try:
        unpack(packed, 10)
    except CorruptEntry:
        return
    assert unpack(packed, 10) == (packed if len(packed) == 10 else zstd.decompress(packed))


def test_a_bomb_costs_no_more_than_the_recorded_size() -> None:
    bomb = zstd.compress(b"\0" * 50_000_000)
    with pytest.raises(CorruptEntry, match="recorded 100 bytes"):
        unpack(bomb, 100)


def test_a_truncated_frame_is_corrupt() -> None:
    data = b"some content " * 20_000
    with pytest.raises(CorruptEntry):
        unpack(pack(data)[:-5], len(data))


def test_bytes_that_are_not_utf8_are_corrupt() -> None:
    with pytest.raises(CorruptEntry):
        content_text(b"\xff\xfe")
