"""From an original to its rendition: route, compress, render, verify.

`compress` is what a worker's child process runs. It is a pure function: the same text and profile
give the same rendition in every process and on every host, except for the time it took.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from sharedctx import tokens
from sharedctx.codec import content_bytes, content_hash
from sharedctx.records import Profile, RenditionBody, RenditionRecord, State
from sharedctx.render import Rendering, default_target, render, render_default
from sharedctx.segment_table import encode_document
from sharedctx.segments import TARGET, Document, Guarantee
from sharedctx.tokens import Tokenizer
from sharedctx_workers import gate, router
from sharedctx_workers.prose import Backend, abridge

__all__ = ("SMALL_TOKENS", "compress")

SMALL_TOKENS = 250
"""Originals below this many tokens are their own best rendition."""
_LEAST_USE = 0.25
# What is to be left of prose at the usual target, as a share of its tokens.
_PROSE_SHARE = 0.3


def compress(
    original: str, profile: Profile, backend: Backend | None = None
) -> tuple[RenditionRecord, RenditionBody]:
    """Compress `original` and return the rendition to store.

    Args:
        original: Any text.
        profile: Tokenizer and target of the default rendering.
        backend: What words of prose are worth; None to drop none.

    Returns:
        The record and the body; `size` of the record is for whoever packs the body to fill. When
        nothing gentle enough makes the original smaller, the state is ``passthrough``, the record
        says why, and the body is empty.

    Raises:
        InvalidRequest: no tokenizer has the name that `profile` gives.
    """
    started = time.perf_counter()
    tokenizer = tokens.load_for_document(profile.encoding)
    total = tokenizer.count(original)
    outcome = _outcome(_Task(original, profile, backend, tokenizer, total))
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


class _View(NamedTuple):
    """A rendition that may be published, and what was done to make it."""

    document: Document
    rendering: Rendering
    labels: tuple[str, ...] = ()


class _Task(NamedTuple):
    """What is to be compressed, and how."""

    original: str
    profile: Profile
    backend: Backend | None
    tokenizer: Tokenizer
    total: int

    def target(self, basis: int) -> int:
        """Return the tokens to aim for, where the target is a share of `basis`."""
        return default_target(basis, self.profile.percent, self.total)

    def default_view(self, document: Document, target: int) -> Rendering:
        """Return the rendition of `document` that is published."""
        return render_default(document, self.original, self.tokenizer, target)


def _outcome(task: _Task) -> _Outcome:
    original, profile, backend, tokenizer, total = task
    if total < SMALL_TOKENS:
        return _Outcome(total, f"{total} tokens are too few to compress")
    compressor, document, why = router.route(original, tokenizer, profile.hint)
    target = task.target(document.basis or total)
    rendering = task.default_view(document, target)
    wanted = sum(s.tokens for s in document.segments if s.rank <= document.enough)
    if rendering.elided and rendering.tokens < min(target, wanted) * _LEAST_USE:
        # Its parts are too large for the target, as in a minified program: read it as text, which
        # does not make it prose.
        compressor, document, why = router.as_text(original, tokenizer)
        rendering = task.default_view(document, task.target(total))
        backend = None
    views = [_View(document, rendering)]
    if backend is not None:
        views[:0] = _abridged(task, views[0], backend)
    faults: list[str] = []
    for shown, view, labels in _gentler(task, views):
        evidence = gate.Evidence(compressor, shown, view, original, total)
        fault = gate.find_fault(evidence)
        if fault is None:
            routed = f"router:{shown.kind}:{view.tokens / total:.2f}"
            return _Outcome(
                tokens=view.tokens,
                reason=None,
                state=State.READY,
                guarantee=view.guarantee,
                transforms=(routed, f"kind:{why}", *labels),
                body=RenditionBody(view.text, encode_document(shown, original)),
                refused=len(faults),
            )
        faults.append(fault)
    reason = f"no {document.kind} rendition passed: {'; '.join(faults)}"
    return _Outcome(total, reason, refused=len(faults))


def _abridged(task: _Task, verbatim: _View, backend: Backend) -> Iterator[_View]:
    """Yield the view with abridged sentences, if the verbatim one takes more than its share."""
    percent = task.profile.percent
    share = min(1.0, _PROSE_SHARE * percent / (100 * TARGET))
    size = verbatim.rendering.tokens
    shorter = abridge(
        verbatim.document, size - round(share * task.total), share, task.tokenizer, backend
    )
    if shorter is None:
        return
    # Words give way to sentences that did not fit before, not to those that were not wanted.
    document = replace(shorter.document, basis=-(-size * 100 // percent))
    view = task.default_view(document, task.target(document.basis))
    yield _View(document, view, (shorter.label,))


def _gentler(task: _Task, views: Sequence[_View]) -> Iterator[_View]:
    """Yield the renditions from the shortest to the gentlest, which keeps everything."""
    yield from views
    document, rendering, _ = views[-1]
    if rendering.elided:
        yield _View(document, render(document, task.original, task.tokenizer, max_tokens=None))
