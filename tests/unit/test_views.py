from __future__ import annotations

from dataclasses import replace

import msgpack
import pytest

from sharedctx import tokens
from sharedctx.errors import CorruptEntry
from sharedctx.render import Rendering, render
from sharedctx.segment_table import decode_document, encode_document
from sharedctx.segments import Document, Guarantee, Segment
from sharedctx.views import spelled_out, view
from sharedctx_workers.compressors import TextCompressor

TOKENIZER = tokens.load()
ORIGINAL = "".join(
    f"The service with the number {i} is the one that was there before the others. "
    for i in range(60)
)


def short(segment: Segment) -> Segment:
    text = segment.text.replace("The ", "").replace("the ", "").replace("is ", "")
    return replace(segment, text=text, tokens=TOKENIZER.count(text), verbatim=segment.text)


DOCUMENT = TextCompressor().document(ORIGINAL, TOKENIZER)
ABRIDGED = replace(DOCUMENT, segments=tuple(map(short, DOCUMENT.segments)))
TOTAL = TOKENIZER.count(ORIGINAL)


def seen(max_tokens: int | None = None, query: str | None = None) -> Rendering:
    return view(ABRIDGED, ORIGINAL, TOKENIZER, max_tokens=max_tokens, query=query, usual=TOTAL // 3)


def test_abridged_views_say_so_in_their_first_line() -> None:
    for rendering in (seen(TOTAL // 4), render(ABRIDGED, ORIGINAL, TOKENIZER, max_tokens=None)):
        assert rendering.guarantee is Guarantee.ABRIDGED
        assert rendering.text.startswith("[… words left out]\n")
        assert rendering.tokens == TOKENIZER.count(rendering.text)
    rendering = seen(TOTAL // 4)
    assert rendering.tokens <= TOTAL // 4
    assert all(
        rendering.text[start:end].strip().startswith("[… ") for start, end in rendering.notes
    )


def test_verbatim_views_do_not() -> None:
    head = ABRIDGED.segments[:1]
    document = replace(ABRIDGED, segments=(*head, *DOCUMENT.segments[1:]))
    ranked = tuple(replace(s, rank=float(not i)) for i, s in enumerate(document.segments))
    document = replace(document, segments=ranked)
    rendering = render(document, ORIGINAL, TOKENIZER, max_tokens=200, up_to=0.5)
    assert rendering.guarantee is Guarantee.EXTRACTIVE
    assert "words left out" not in rendering.text


def test_room_that_is_left_is_used_to_spell_out() -> None:
    sizes = [sum(s.tokens for s in document.segments) for document in (ABRIDGED, DOCUMENT)]
    middle = sum(sizes) // 2
    rendering = seen(middle)
    assert rendering.tokens <= middle
    assert 0 < rendering.text.count("The service") < 60
    assert rendering.guarantee is Guarantee.ABRIDGED
    whole = seen(sizes[1])
    assert (whole.text, whole.guarantee) == (ORIGINAL, Guarantee.LOSSLESS)


def test_answers_are_verbatim() -> None:
    rendering = seen(query="service 41")
    assert "The service with the number 41 is the one" in rendering.text
    assert rendering.guarantee is Guarantee.EXTRACTIVE


@pytest.mark.parametrize("document", [ABRIDGED, DOCUMENT])
def test_the_table_keeps_both_wordings(document: Document) -> None:
    stored = encode_document(document, ORIGINAL)
    decoded = decode_document(stored, ORIGINAL)
    assert [(s.text, s.verbatim) for s in decoded.segments] == [
        (s.text, s.verbatim) for s in document.segments
    ]
    assert len(stored) < 12_000


def test_words_that_are_not_of_the_original_are_kept_in_the_table() -> None:
    own = replace(ABRIDGED.segments[0], verbatim="as a page shows it")
    document = replace(ABRIDGED, segments=(own, *ABRIDGED.segments[1:]))
    decoded = decode_document(encode_document(document, ORIGINAL), ORIGINAL)
    assert decoded.segments[0].verbatim == "as a page shows it"


@pytest.mark.parametrize("wording", [7, b"bytes", ["list"]])
def test_a_table_with_a_wording_that_is_no_text_is_damaged(wording: object) -> None:
    columns = msgpack.unpackb(encode_document(ABRIDGED, ORIGINAL), strict_map_key=False)
    columns["abridged"][3] = wording
    with pytest.raises(CorruptEntry):
        decode_document(msgpack.packb(columns), ORIGINAL)


def test_documents_without_abridged_sentences_stay_as_they_are() -> None:
    assert spelled_out(DOCUMENT, TOKENIZER, 1e9) is DOCUMENT
