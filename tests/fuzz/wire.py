"""Targets for what comes from elsewhere: records, tables, bodies, frames and keys.

Whatever the bytes, a reader raises the error that its documentation names, and what it accepts it
can write again.
"""

from __future__ import annotations

from contextlib import suppress

from sharedctx.codec import unpack
from sharedctx.errors import CorruptEntry, InvalidKey, InvalidRequest
from sharedctx.keys import decode_key, encode_key
from sharedctx.ranking import rank_for_query
from sharedctx.records import (
    ENTRY_HEADER,
    RENDITION_HEADER,
    EntryRecord,
    Profile,
    RenditionBody,
    RenditionRecord,
)
from sharedctx.render import render
from sharedctx.segment_table import decode_document, encode_document
from sharedctx.store.api import delivery
from sharedctx_workers.frames import PREFIX, Reply, Request, decode_frame, encode_frame
from tests.fuzz.inputs import TOKENIZER, text_of

__all__ = (
    "body",
    "delivery_subject",
    "frame",
    "key",
    "packed",
    "profile",
    "record",
    "segment_table",
)

_BUDGET = 64


def record(data: bytes) -> None:
    """A record header of an entry or a rendition."""
    headers = {ENTRY_HEADER: text_of(data), RENDITION_HEADER: text_of(data)}
    for kind in (EntryRecord, RenditionRecord):
        try:
            read = kind.from_headers(headers)
        except CorruptEntry:
            continue
        again = kind.from_headers({ENTRY_HEADER: read.header(), RENDITION_HEADER: read.header()})
        assert again.header() == read.header()


def profile(data: bytes) -> None:
    """A compression profile, as it stands in a record and in a subject."""
    text = text_of(data)
    with suppress(InvalidRequest):
        assert str(Profile.parse(text)) == text


def segment_table(data: bytes) -> None:
    """A segment table, and an original that it says to be of; views of what it gives."""
    size = data[0] if data else 0
    original = text_of(data[1 : 1 + size])
    try:
        document = decode_document(data[1 + size :], original)
    except CorruptEntry:
        return
    assert decode_document(encode_document(document, original), original) == document
    for view in (document, rank_for_query(document, "error line 3")):
        render(view, original, TOKENIZER, max_tokens=None)
        rendering = render(view, original, TOKENIZER, max_tokens=_BUDGET)
        assert rendering.tokens <= _BUDGET


def body(data: bytes) -> None:
    """The payload of a rendition."""
    try:
        read = RenditionBody.unpack(data, len(data))
    except CorruptEntry:
        return
    assert RenditionBody.unpack(*read.pack()) == read


def packed(data: bytes) -> None:
    """A packed body whose record claims some size."""
    size = int.from_bytes(data[:3])
    with suppress(CorruptEntry):
        assert len(unpack(data[3:], size)) == size


def frame(data: bytes) -> None:
    """A frame between a worker and its child."""
    # Not the values are compared: a time limit that is no number equals nothing.
    with suppress(ValueError):
        written = encode_frame(decode_frame(Request, data))
        assert encode_frame(decode_frame(Request, written[PREFIX.size :])) == written
    with suppress(ValueError):
        written = encode_frame(decode_frame(Reply, data))
        assert encode_frame(decode_frame(Reply, written[PREFIX.size :])) == written


def key(data: bytes) -> None:
    """A key, and the same text as the token of a subject."""
    text = text_of(data)
    with suppress(InvalidKey):
        token = encode_key(text)
        assert decode_key(token) == text
        assert not set(token) & set(" .*>\r\n\0")
        assert token.isascii()
    with suppress(InvalidKey):
        assert encode_key(decode_key(text)) == text


def delivery_subject(data: bytes) -> None:
    """The reply subject of a job, which only a server writes: a ValueError at worst."""
    with suppress(ValueError):
        delivery(text_of(data))
