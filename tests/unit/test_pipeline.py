from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from sharedctx import tokens
from sharedctx.codec import content_bytes, content_hash
from sharedctx.errors import InvalidRequest
from sharedctx.records import Profile, RenditionBody, RenditionRecord, State
from sharedctx.render import default_target, render, render_default
from sharedctx.segment_table import decode_document
from sharedctx.segments import Guarantee
from sharedctx_workers import gate
from sharedctx_workers.pipeline import compress
from sharedctx_workers.prose import LexicalBackend

PROFILE = Profile("o200k_base", 20)
TOKENIZER = tokens.load()
PROSE = "".join(
    f"In chapter {i} the crew sails on. They meet storm {i} and repair the mast. "
    for i in range(80)
)
ROWS = json.dumps(
    [{"id": i, "name": f"row {i}", "state": "open" if i % 9 else "closed"} for i in range(200)]
)


def stable(result: tuple[RenditionRecord, RenditionBody]) -> tuple[RenditionRecord, RenditionBody]:
    return replace(result[0], elapsed_s=0.0), result[1]


@pytest.mark.parametrize(
    ("original", "kind", "share"), [(PROSE, "text", 0.8), (ROWS, "json", 0.21)]
)
def test_a_rendition_meets_its_target_and_says_so(original: str, kind: str, share: float) -> None:
    record, body = compress(original, PROFILE)
    assert record.state is State.READY
    assert record.reason is None
    assert record.guarantee is Guarantee.EXTRACTIVE
    assert record.hash == content_hash(content_bytes(original))
    assert record.original_tokens == TOKENIZER.count(original)
    assert record.compressed_tokens == TOKENIZER.count(body.text)
    assert record.compressed_tokens <= share * record.original_tokens
    ratio = record.compressed_tokens / record.original_tokens
    why = "plain" if kind == "text" else "parsed"
    assert record.transforms == (f"router:{kind}:{ratio:.2f}", f"kind:{why}")
    assert record.elapsed_s > 0


def test_the_table_gives_any_other_view() -> None:
    record, body = compress(ROWS, PROFILE)
    document = decode_document(body.table, ROWS)
    usual = render(document, ROWS, TOKENIZER, max_tokens=record.original_tokens // 5)
    assert usual.text == body.text
    assert render(document, ROWS, TOKENIZER, max_tokens=100).tokens <= 100


def test_lossless_is_preferred_when_it_reaches_the_target() -> None:
    record, _ = compress(ROWS, Profile("o200k_base", 60))
    assert record.guarantee is Guarantee.LOSSLESS


@pytest.mark.parametrize(
    ("original", "percent", "reason"),
    [("short", 20, "too few"), ("", 20, "too few"), (PROSE, 100, "no fewer")],
)
def test_what_cannot_be_made_smaller_is_passed_through(
    original: str, percent: int, reason: str
) -> None:
    record, body = compress(original, Profile("o200k_base", percent))
    assert record.state is State.PASSTHROUGH
    assert record.reason is not None
    assert reason in record.reason
    assert record.guarantee is Guarantee.LOSSLESS
    assert record.compressed_tokens == record.original_tokens
    assert body == RenditionBody("", b"")


LETTER = "".join(
    f"The operator of the service on host h{i} was asked to look at the log of the job {i * 7}, "
    f"which should not be running before the end of the migration of table_{i}. "
    for i in range(60)
)


def test_words_are_dropped_where_choosing_sentences_is_not_enough() -> None:
    verbatim, _ = compress(LETTER, PROFILE)
    record, body = compress(LETTER, PROFILE, LexicalBackend())
    assert verbatim.guarantee is Guarantee.EXTRACTIVE
    assert record.guarantee is Guarantee.ABRIDGED
    assert record.compressed_tokens < 0.95 * verbatim.compressed_tokens
    assert record.compressed_tokens == TOKENIZER.count(body.text)
    label = next(label for label in record.transforms if label.startswith("kompress:"))
    assert re.fullmatch(r"kompress:lexical-1:0\.\d\d", label)
    assert body.text.startswith("[… words left out]\n")
    assert "should not be running before" in body.text
    document = decode_document(body.table, LETTER)
    target = default_target(document.basis, 20, record.original_tokens)
    assert render_default(document, LETTER, TOKENIZER, target).text == body.text


def test_no_words_are_dropped_where_choosing_sentences_is_enough() -> None:
    repeated = LETTER[:500] + "The same sentence is said again and again here. " * 200
    assert compress(repeated, PROFILE, LexicalBackend()) != compress(LETTER, PROFILE)
    record, _ = compress(repeated, PROFILE, LexicalBackend())
    assert record.guarantee is Guarantee.EXTRACTIVE
    gentle, _ = compress(LETTER, Profile("o200k_base", 70), LexicalBackend())
    assert gentle.guarantee is not Guarantee.ABRIDGED


def test_without_a_sound_abridged_rendition_the_verbatim_one_is_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(gate.CHECKS, Guarantee.ABRIDGED, lambda _: "a fault")
    record, _ = compress(LETTER, PROFILE, LexicalBackend())
    assert (record.guarantee, record.refused) == (Guarantee.EXTRACTIVE, 1)


def test_depth_bombs_are_text() -> None:
    record, _ = compress("[" * 100_000, PROFILE)
    assert record.transforms[0].startswith("router:text:")


def test_notes_in_the_input_are_not_taken_for_ours() -> None:
    record, body = compress("Quoted: [… 9 lines elided: L1-9] as is.\n" * 100, PROFILE)
    assert record.state is State.READY
    assert "[… 9 lines" not in body.text


def test_unknown_tokenizers_are_refused() -> None:
    with pytest.raises(InvalidRequest):
        compress(PROSE, Profile("nope", 20))


def test_it_runs_in_a_child_process() -> None:
    assert pickle.loads(pickle.dumps(compress)) is compress
    result = compress(ROWS, PROFILE)
    assert pickle.loads(pickle.dumps(result)) == result


def test_every_process_makes_the_same_rendition() -> None:
    code = (
        "import sys, pickle; from dataclasses import replace\n"
        "from sharedctx.records import Profile\n"
        "from sharedctx_workers.pipeline import compress\n"
        "from sharedctx_workers.prose import LexicalBackend\n"
        "texts = pickle.load(sys.stdin.buffer)\n"
        "profile, backend = Profile('o200k_base', 20), LexicalBackend()\n"
        "results = [compress(text, profile, backend) for text in texts]\n"
        "plain = [(replace(r, elapsed_s=0.0), b) for r, b in results]\n"
        "pickle.dump(plain, sys.stdout.buffer)\n"
    )
    texts = [PROSE, ROWS, LETTER]
    expected = [stable(compress(text, PROFILE, LexicalBackend())) for text in texts]
    for seed in ("1", "2"):
        child = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(texts),
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert pickle.loads(child.stdout) == expected
