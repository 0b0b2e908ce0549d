from __future__ import annotations

import msgpack
import pytest

from sharedctx.errors import CorruptEntry
from sharedctx.segment_table import decode_document, encode_document
from sharedctx.segments import Document, Guarantee, NoteStyle, Segment, Span

ORIGINAL = "alpha\nbeta\ngamma\n"


def a_document() -> Document:
    return Document(
        (
            Segment("alpha\n", 0.0, 2, Span(0, 6)),
            Segment("B\n", 1.5, 2, Span(6, 11), unit="row", first=7, count=3, needs=1, told_by=1),
            Segment("gamma\n", 2.0, 2, Span(11, 17), stand_in="...\n", needs=2, stands_for=2),
            Segment("", 2.0, 0, Span(17, 17), note="2 alike", mentions=("a_b", "--c")),
        ),
        "code",
        Guarantee.LOSSLESS,
        Guarantee.OUTLINED,
        NoteStyle("# ", " #", ("row", "line")),
    )


def test_a_document_comes_back_as_it_was() -> None:
    document = a_document()
    assert decode_document(encode_document(document, ORIGINAL), ORIGINAL) == document


def test_an_empty_document_comes_back() -> None:
    empty = Document((), "text", Guarantee.LOSSLESS, Guarantee.EXTRACTIVE)
    assert decode_document(encode_document(empty, ""), "") == empty


def test_text_is_stored_only_where_it_is_not_the_original() -> None:
    columns = msgpack.unpackb(encode_document(a_document(), ORIGINAL), strict_map_key=False)
    assert columns["texts"] == {1: "B\n"}


@pytest.mark.parametrize("table", [b"", b"\xc1", b"\x80", b"\x93\x01\x02\x03"])
def test_damaged_tables_are_refused(table: bytes) -> None:
    with pytest.raises(CorruptEntry):
        decode_document(table, ORIGINAL)


def test_columns_of_the_wrong_length_are_refused() -> None:
    columns = msgpack.unpackb(encode_document(a_document(), ORIGINAL), strict_map_key=False)
    columns["counts"] = [1, 99]
    with pytest.raises(CorruptEntry):
        decode_document(msgpack.packb(columns), ORIGINAL)
