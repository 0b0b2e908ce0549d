from __future__ import annotations

import json
from dataclasses import replace

from sharedctx import tokens
from sharedctx.render import render
from sharedctx.segments import Guarantee
from sharedctx_workers.compressors import JsonCompressor, TextCompressor
from sharedctx_workers.gate import Evidence, find_fault

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


def test_levels_that_nothing_checks_are_refused() -> None:
    evidence = text_evidence(200)
    abridged = replace(evidence.rendering, guarantee=Guarantee.ABRIDGED)
    assert "nothing checks" in (find_fault(evidence._replace(rendering=abridged)) or "")
