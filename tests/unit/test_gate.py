from __future__ import annotations

import json
from dataclasses import replace

from sharedctx import tokens
from sharedctx.render import render
from sharedctx.segments import Guarantee
from sharedctx_workers.compressors import JsonCompressor, TextCompressor
from sharedctx_workers.compressors.search_compressor import SearchCompressor
from sharedctx_workers.gate import CHECKS, Evidence, find_fault

TOKENIZER = tokens.load()
PROSE = "".join(f"Sentence {i} of this text says that {i * 7} is a number. " for i in range(60))
ROWS = json.dumps([{"id": i, "name": f"row {i}", "ok": True} for i in range(60)])


def text_evidence(max_tokens: int | None) -> Evidence:
    compressor = TextCompressor()
    document = compressor.document(PROSE, TOKENIZER)
    rendering = render(document, PROSE, TOKENIZER, max_tokens=max_tokens)
    return Evidence(compressor, document, rendering, PROSE, TOKENIZER.count(PROSE))


def json_evidence(max_tokens: int | None) -> Evidence:
    compressor = JsonCompressor()
    document = compressor.document(ROWS, TOKENIZER)
    assert document is not None
    rendering = render(document, ROWS, TOKENIZER, max_tokens=max_tokens)
    return Evidence(compressor, document, rendering, ROWS, TOKENIZER.count(ROWS))


def test_honest_renditions_pass() -> None:
    assert find_fault(text_evidence(200)) is None
    assert find_fault(json_evidence(200)) is None
    assert find_fault(json_evidence(None)) is None


def test_tokens_must_fall() -> None:
    assert "no fewer" in (find_fault(text_evidence(None)) or "")


def test_something_must_be_kept() -> None:
    evidence = text_evidence(16)
    nothing = replace(evidence.rendering, text="[… 60 sentences elided]")
    assert "nothing" in (find_fault(evidence._replace(rendering=nothing)) or "")


def test_changed_words_are_caught() -> None:
    evidence = text_evidence(200)
    changed = replace(
        evidence.rendering, text=evidence.rendering.text.replace("Sentence 0", "No 0")
    )
    assert "is not in the original" in (find_fault(evidence._replace(rendering=changed)) or "")


def test_changed_rows_of_an_index_are_caught() -> None:
    hits = "".join(f"src/d{i}/file.py:{i + 1}:def name_{i}(one, two):\n" for i in range(80)) * 2
    compressor = SearchCompressor()
    document = compressor.document(hits, TOKENIZER)
    assert document is not None
    view = render(document, hits, TOKENIZER, max_tokens=900)
    evidence = Evidence(compressor, document, view, hits, TOKENIZER.count(hits))
    assert "listed below:\n[… " in view.text
    assert find_fault(evidence) is None
    changed = replace(view, text=view.text.replace("name_7(", "name_x("))
    assert "is not in the original" in (find_fault(evidence._replace(rendering=changed)) or "")


def test_changed_order_is_caught() -> None:
    evidence = text_evidence(None)
    text = "Sentence 9 of this text [… 1 sentence elided] Sentence 2 of this text"
    swapped = replace(evidence.rendering, text=text, tokens=20, guarantee=Guarantee.EXTRACTIVE)
    assert "is not in the original" in (find_fault(evidence._replace(rendering=swapped)) or "")


def test_segments_that_are_not_the_original_are_caught() -> None:
    for evidence in (text_evidence(200), json_evidence(200)):
        less = replace(evidence.document, segments=evidence.document.segments[:-5])
        assert "add up" in (find_fault(evidence._replace(document=less)) or "")


def test_lost_data_is_caught() -> None:
    evidence = json_evidence(None)
    changed = replace(
        evidence.rendering, text=evidence.rendering.text.replace("row 7\n", "row 8\n")
    )
    assert "decode" in (find_fault(evidence._replace(rendering=changed)) or "")


def abridged_evidence(text: str = "", verbatim: str = "") -> Evidence:
    """Evidence for a rendition with one abridged sentence, or with another text for it."""
    evidence = text_evidence(200)
    first = evidence.document.segments[0]
    short = replace(
        first,
        text=text or first.text.replace("of this text ", ""),
        verbatim=verbatim or first.text,
        rank=0.0,
    )
    document = replace(evidence.document, segments=(short, *evidence.document.segments[1:]))
    rendering = render(document, PROSE, TOKENIZER, max_tokens=200)
    assert rendering.guarantee is Guarantee.ABRIDGED
    return evidence._replace(document=document, rendering=rendering)


def test_abridged_sentences_pass_that_lost_nothing() -> None:
    assert find_fault(abridged_evidence()) is None


def test_abridged_sentences_must_not_lose_numbers() -> None:
    evidence = abridged_evidence("Sentence of this text says that is a number. ")
    assert "lost '0'" in (find_fault(evidence) or "")


def test_abridged_sentences_must_not_say_anything_else() -> None:
    evidence = abridged_evidence("Sentence 0 says that 0 is a good number. ")
    assert "lost" in (find_fault(evidence) or "")


def test_abridged_sentences_must_be_of_the_original() -> None:
    evidence = abridged_evidence("Sentence 0. ", "Sentence 0 of it. ")
    assert "add up" in (find_fault(evidence) or "")


def test_what_is_beside_abridged_sentences_must_be_verbatim() -> None:
    evidence = abridged_evidence()
    text = evidence.rendering.text.replace("is a number", "was a number")
    changed = replace(evidence.rendering, text=text)
    assert "is not in the original" in (find_fault(evidence._replace(rendering=changed)) or "")


def test_every_level_has_a_check() -> None:
    assert set(CHECKS) == set(Guarantee)
