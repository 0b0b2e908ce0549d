"""Targets for compressors: whatever the text, each keeps the promises of every rendition.

The first byte sets the budget of a view, the second how often the rest is repeated: what is fast
once and slow a hundred times over is not linear.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sharedctx import tokens
from sharedctx.decode import decode_json
from sharedctx.decode_diff import decode_diff
from sharedctx.exact_json import parse
from sharedctx.hints import KINDS, NO_HINT, Hint
from sharedctx.notes import escape_notes, unescape_notes
from sharedctx.plain import plain_document
from sharedctx.ranking import rank_for_query
from sharedctx.records import Profile, State
from sharedctx.render import MIN_TOKENS, render
from sharedctx.segment_table import decode_document
from sharedctx.segments import Document, Guarantee
from sharedctx_workers.pipeline import SMALL_TOKENS, compress
from sharedctx_workers.router import Route, route
from tests.fuzz.inputs import TOKENIZER, text_of
from tests.properties.covering import check_cover

__all__ = ("COMPRESSORS", "decoded_diff", "decoded_json", "escaped", "whole_pipeline")

_LONGEST = 60_000
# Of CPU time, for a text that takes some 50 ms, with room for slow machines and instrumentation.
_LIMIT_S = 5.0
_PROFILE = Profile("o200k_base", 20)


def _compressor(kind: str, data: bytes) -> None:
    budget, text = _input(data)
    started = time.process_time()
    found = route(text, TOKENIZER, Hint(kind))
    check_cover(found.document, text)
    _check_whole(found, text)
    for document in (found.document, rank_for_query(found.document, "error id name 3")):
        _check_view(document, text, budget)
    _check_view(plain_document(text, TOKENIZER), text, budget)
    _check_time(started, text)


def whole_pipeline(data: bytes) -> None:
    """From a text to its rendition, with the tokenizer that counts in earnest."""
    percent, text = _input(data)
    profile = Profile(_PROFILE.encoding, 1 + percent % 100, NO_HINT)
    tokens.load(profile.encoding)
    started = time.process_time()
    record, body = compress(text, profile)
    _check_time(started, text)
    if record.state is not State.READY:
        assert record.state is State.PASSTHROUGH
        assert record.reason
        assert body == ("", b"")
        return
    assert record.original_tokens >= SMALL_TOKENS
    assert record.compressed_tokens < record.original_tokens
    assert record.compressed_tokens == tokens.load(profile.encoding).count(body.text)
    decode_document(body.table, text)
    if record.guarantee is Guarantee.LOSSLESS and record.kind == "json":
        assert parse(decode_json(body.text)) == parse(text)
    if record.guarantee is Guarantee.LOSSLESS and record.kind == "diff":
        assert decode_diff(body.text) == text


def decoded_json(data: bytes) -> None:
    """A text that claims to be a lossless rendition of JSON."""
    with suppress(ValueError):
        parse(decode_json(text_of(data)))


def decoded_diff(data: bytes) -> None:
    """A text that claims to be a lossless rendition of a diff."""
    with suppress(ValueError):
        decode_diff(text_of(data))


def escaped(data: bytes) -> None:
    """A text in which our notes, and escapes of them, may stand."""
    text = text_of(data)
    assert unescape_notes(escape_notes(text)) == text


def _input(data: bytes) -> tuple[int, str]:
    budget = MIN_TOKENS + 4 * data[0] if data else MIN_TOKENS
    repeats = (1, 1, 1, 1, 1, 1, 4, 100)[data[1] % 8] if len(data) > 1 else 1
    return budget, (text_of(data[2:]) * repeats)[:_LONGEST]


def _check_time(started: float, text: str) -> None:
    taken = time.process_time() - started
    assert taken < _LIMIT_S, f"{taken:.1f} s of CPU time for {len(text)} characters"


def _check_whole(found: Route, text: str) -> None:
    """What keeps every segment still says all of the text, and decodes if that is promised."""
    whole = render(found.document, text, TOKENIZER, max_tokens=None)
    assert whole.guarantee is found.document.whole
    if not found.compressor.same_data(text, whole.text):
        # Browsers show some of what is nested wrongly elsewhere. The gate refuses it.
        assert found.document.kind == "html"
        return
    if whole.guarantee is Guarantee.LOSSLESS and found.document.kind == "json":
        assert parse(decode_json(whole.text)) == parse(text)


def _check_view(document: Document, text: str, budget: int) -> None:
    rendering = render(document, text, TOKENIZER, max_tokens=budget)
    assert rendering.tokens == TOKENIZER.count(rendering.text) <= budget
    weaker = rendering.guarantee in {document.partial, Guarantee.EXTRACTIVE}
    assert weaker if rendering.elided else rendering.guarantee is document.whole


COMPRESSORS: dict[str, Callable[[bytes], None]] = {
    f"compress-{kind}": partial(_compressor, kind) for kind in KINDS
}
"""One target for each kind: the compressor of that kind is asked first, then all others."""
