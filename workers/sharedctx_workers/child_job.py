"""What a child process does with one document. Pure: bytes in, bytes out."""

from __future__ import annotations

from dataclasses import replace

from sharedctx import tokens
from sharedctx.codec import content_hash, content_text, unpack
from sharedctx.errors import CorruptEntry
from sharedctx.records import EntryRecord, RenditionRecord
from sharedctx_workers import pipeline
from sharedctx_workers.prose import Backend
from sharedctx_workers.prose.loading import Loaded, TextSettings, load_backend

__all__ = ("compress_packed", "count_packed", "warm")


def warm(text: TextSettings) -> Loaded:
    """Load what every job needs, so that the first one is as fast as the next.

    Returns:
        What knows which words of prose may go.
    """
    tokens.load()
    return load_backend(text)


def _original(packed: bytes, record: EntryRecord) -> str:
    data = unpack(packed, record.size)
    # That of an encrypted one is a keyed hash, and the worker has authenticated it.
    if record.key_id is None and content_hash(data) != record.hash:
        raise CorruptEntry("The stored content does not have the recorded hash.")
    return content_text(data)


def compress_packed(
    packed: bytes, record: EntryRecord, backend: Backend | None
) -> tuple[RenditionRecord, bytes]:
    """Compress a packed content and return its rendition, packed.

    Args:
        packed: The packed content.
        record: What its entry says of it.
        backend: What words of prose are worth; None to drop none.

    Raises:
        CorruptEntry: `packed` is not the content that `record` describes.
    """
    rendition, body = pipeline.compress(_original(packed, record), record.profile, backend)
    packed_body, size = body.pack()
    return replace(rendition, hash=record.hash, size=size), packed_body


def count_packed(packed: bytes, record: EntryRecord) -> int:
    """Return the tokens of a packed content.

    Raises:
        CorruptEntry: `packed` is not the content that `record` describes.
    """
    return tokens.load(record.profile.encoding).count(_original(packed, record))
