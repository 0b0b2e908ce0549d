from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedctx.errors import CorruptEntry, InvalidRequest
from sharedctx.hints import KINDS, NO_HINT, Hint
from sharedctx.records import (
    ENTRY_HEADER,
    RENDITION_HEADER,
    Blob,
    EntryRecord,
    Profile,
    RenditionBody,
    RenditionRecord,
    State,
)
from sharedctx.segments import Guarantee

any_text = st.text(st.characters(exclude_categories=[]), max_size=60)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
hints = st.sampled_from(KINDS).map(Hint) | st.from_regex(r"[a-z0-9_]{1,32}", fullmatch=True).map(
    lambda language: Hint("code", language)
)
profiles = st.builds(
    Profile,
    st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True),
    st.integers(1, 100),
    hints | st.just(NO_HINT),
)
blobs = st.none() | st.builds(Blob, hashes, st.integers(100, 1 << 29), st.integers(0, 100))
entry_records = st.builds(
    EntryRecord,
    hash=hashes,
    size=st.integers(0, 1 << 30),
    profile=profiles,
    agent=st.none() | any_text,
    timestamp=st.floats(0, 1e11),
    passthrough=st.booleans(),
    blob=blobs,
)
rendition_records = st.builds(
    RenditionRecord,
    hash=hashes,
    profile=profiles,
    state=st.sampled_from(State),
    guarantee=st.sampled_from(Guarantee),
    original_tokens=st.integers(0, 1 << 30),
    compressed_tokens=st.integers(0, 1 << 30),
    transforms=st.lists(any_text, max_size=3).map(tuple),
    reason=st.none() | any_text,
    elapsed_s=st.floats(0, 1000).map(lambda seconds: round(seconds, 6)),
    size=st.integers(0, 1 << 30),
    blob=blobs,
)


@given(entry_records)
def test_entry_records_round_trip(record: EntryRecord) -> None:
    header = record.header()
    assert header.isascii()
    assert "\n" not in header
    assert "\r" not in header
    assert EntryRecord.from_headers({ENTRY_HEADER: header}) == record


@given(rendition_records)
def test_rendition_records_round_trip(record: RenditionRecord) -> None:
    assert RenditionRecord.from_headers({RENDITION_HEADER: record.header()}) == record


@given(any_text, st.binary(max_size=60))
def test_rendition_bodies_round_trip(text: str, table: bytes) -> None:
    body = RenditionBody(text, table)
    assert RenditionBody.unpack(*body.pack()) == body


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(
    json_values, st.sampled_from(["hash", "size", "profile", "at", "agent", "blob", "v", "extra"])
)
def test_a_damaged_field_is_corrupt_or_harmless(value: object, field: str) -> None:
    record = EntryRecord("0" * 64, 1, Profile("o200k_base", 20), "me", 1.0)
    fields = json.loads(record.header()) | {field: value}
    try:
        read = EntryRecord.from_headers({ENTRY_HEADER: json.dumps(fields)})
    except CorruptEntry:
        return
    assert read.header()


@given(st.text(max_size=50))
def test_foreign_headers_are_corrupt(header: str) -> None:
    for read in (EntryRecord.from_headers, RenditionRecord.from_headers):
        with pytest.raises(CorruptEntry):
            read({ENTRY_HEADER: header, RENDITION_HEADER: header})


def test_a_message_without_our_header_is_corrupt() -> None:
    with pytest.raises(CorruptEntry, match="sharedctx did not write it"):
        EntryRecord.from_headers(None)


def test_unknown_fields_are_ignored_and_newer_formats_are_not_guessed() -> None:
    record = EntryRecord("0" * 64, 1, Profile("o200k_base", 20), None, 1.0)
    fields = json.loads(record.header())
    assert EntryRecord.from_headers({ENTRY_HEADER: json.dumps(fields | {"new": 1})}) == record
    with pytest.raises(CorruptEntry, match="Upgrade sharedctx"):
        EntryRecord.from_headers({ENTRY_HEADER: json.dumps(fields | {"v": 2})})


@pytest.mark.parametrize(
    "text", ["", "o200k_base", "o200k_base-0", "o200k_base-101", "a.b-20", "-20"]
)
def test_malformed_profiles_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        Profile.parse(text)
