"""From an original to its rendition: route, compress, render, verify.

`compress` is what a worker's child process runs. It is a pure function: the same text and profile
give the same rendition in every process and on every host, except for the time it took.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

from sharedctx import tokens
from sharedctx.codec import content_bytes, content_hash
from sharedctx.records import Profile, RenditionBody, RenditionRecord, State
from sharedctx.render import Rendering, default_target, render, render_default
from sharedctx.segment_table import encode_document
from sharedctx.segments import Document, Guarantee
from sharedctx.tokens import Tokenizer
from sharedctx_workers import gate, router

__all__ = ("SMALL_TOKENS", "compress")

SMALL_TOKENS = 250
"""Originals below this many tokens are their own best rendition."""
_LEAST_USE = 0.25


def compress(original: str, profile: Profile) -> tuple[RenditionRecord, RenditionBody]:
    """Compress `original` and return the rendition to store.

    Args:
        original: Any text.
        profile: Tokenizer and target of the default rendering.

    Returns:
        The record and the body; `size` of the record is for whoever packs the body to fill. When
        nothing gentle enough makes the original smaller, the state is ``passthrough``, the record
        says why, and the body is empty.

    Raises:
        InvalidRequest: no tokenizer has the name that `profile` gives.
    """
    started = time.perf_counter()
    tokenizer = tokens.load(profile.encoding)
    total = tokenizer.count(original)
    outcome = _outcome(original, profile, tokenizer, total)
    record = RenditionRecord(
        hash=content_hash(content_bytes(original)),
        profile=profile,
        state=outcome.state,
        guarantee=outcome.guarantee,
        original_tokens=total,
        compressed_tokens=outcome.tokens,
        transforms=outcome.transforms,
        reason=outcome.reason,
        elapsed_s=time.perf_counter() - started,
        refused=outcome.refused,
    )
    return record, outcome.body


class _Outcome(NamedTuple):
    """What became of an original; as it stands, it is served as it is."""

    tokens: int
    reason: str | None
    state: State = State.PASSTHROUGH
    guarantee: Guarantee = Guarantee.LOSSLESS
    transforms: tuple[str, ...] = ("router:passthrough",)
    body: RenditionBody = RenditionBody("", b"")
    refused: int = 0


def _outcome(original: str, profile: Profile, tokenizer: Tokenizer, total: int) -> _Outcome:
    if total < SMALL_TOKENS:
        return _Outcome(total, f"{total} tokens are too few to compress")
    compressor, document, why = router.route(original, tokenizer, profile.hint)
    target = default_target(document.basis or total, profile.percent, total)
    rendering = render_default(document, original, tokenizer, target)
    wanted = sum(s.tokens for s in document.segments if s.rank <= document.enough)
    if rendering.elided and rendering.tokens < min(target, wanted) * _LEAST_USE:
        # Its parts are too large for the target, as in a minified program: read it as text, which
        # does not make it prose.
        target = default_target(total, profile.percent, total)
        compressor, document, why = router.as_text(original, tokenizer)
        rendering = render_default(document, original, tokenizer, target)
    faults: list[str] = []
    for view in _gentler(rendering, document, original, tokenizer):
        evidence = gate.Evidence(compressor, document, view, original, total)
        fault = gate.find_fault(evidence)
        if fault is None:
            return _Outcome(
                tokens=view.tokens,
                reason=None,
                state=State.READY,
                guarantee=view.guarantee,
                transforms=(f"router:{document.kind}:{view.tokens / total:.2f}", f"kind:{why}"),
                body=RenditionBody(view.text, encode_document(document, original)),
                refused=len(faults),
            )
        faults.append(fault)
    reason = f"no {document.kind} rendition passed: {'; '.join(faults)}"
    return _Outcome(total, reason, refused=len(faults))


def _gentler(
    rendering: Rendering, document: Document, original: str, tokenizer: Tokenizer
) -> Iterator[Rendering]:
    """Yield the default rendering and then the gentler one, which keeps everything."""
    yield rendering
    if rendering.elided:
        yield render(document, original, tokenizer, max_tokens=None)
