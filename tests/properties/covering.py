"""What holds for the segments of every document."""

from __future__ import annotations

from sharedctx.segment_table import decode_document, encode_document
from sharedctx.segments import Document

__all__ = ("check_cover",)


def check_cover(document: Document, original: str) -> None:
    """Segments cover the original, refer to segments that there are, and can be stored."""
    place = 0
    for index, segment in enumerate(document.segments):
        assert segment.span.start == place <= segment.span.end
        assert 0 <= segment.needs <= index
        place = segment.span.end
    assert place == len(original)
    assert decode_document(encode_document(document, original), original) == document
