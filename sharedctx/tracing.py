"""Spans and trace context, for applications that use OpenTelemetry; for others nothing happens.

Only its API is used, and only once the application has imported it itself: whoever sets up an SDK
has. What crosses NATS is the W3C trace context in the headers ``traceparent`` and ``tracestate``,
nothing else: no baggage, which may hold what must not be stored.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanContext
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

__all__ = (
    "Attributes",
    "Kind",
    "Trace",
    "add_link",
    "annotate",
    "current_trace",
    "span",
    "trace_of",
)

Trace = Mapping[str, str]
"""A place in a trace, as message headers; empty when there is none."""
Attributes = Mapping[str, str | int | float | bool]
Kind = Literal["PRODUCER", "CONSUMER", "CLIENT"]

_HEADERS: Final = ("traceparent", "tracestate")
# What the W3C lets a sender drop. Longer ones would only crowd the header.
_MAX_TRACESTATE: Final = 512
_SYSTEM: Final = {"messaging.system": "nats"}


@contextmanager
def span(
    name: str, kind: Kind, attributes: Attributes, *, cause: Trace | None = None
) -> Iterator[Span | None]:
    """Run a block in a span; it gets None when the application does not trace.

    A failure marks the span with the type of the error. Its text stays out: it may name a key.

    Args:
        name: Name of the span.
        kind: Name of its kind.
        attributes: Its attributes; that the system is NATS is added.
        cause: Where it comes from, which is linked and not its parent: a job may run long after
            its put has ended, and several times.
    """
    api = sys.modules.get("opentelemetry.trace")
    if api is None:
        yield None
        return
    with api.get_tracer("sharedctx").start_as_current_span(
        name,
        kind=api.SpanKind[kind],
        attributes={**_SYSTEM, **attributes},
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        add_link(current, cause)
        try:
            yield current
        except Exception as error:
            current.set_attribute("error.type", type(error).__name__)
            current.set_status(api.StatusCode.ERROR)
            raise


def annotate(attributes: Attributes) -> None:
    """Add attributes to the current span, if there is one."""
    api = sys.modules.get("opentelemetry.trace")
    if api is not None:
        api.get_current_span().set_attributes(attributes)


def add_link(current: Span | None, trace: Trace | None) -> None:
    """Link `current` to the span that `trace` is of, if there are both."""
    context = _context_of(trace) if current is not None and trace else None
    if current is not None and context is not None:
        current.add_link(context)


def current_trace() -> dict[str, str]:
    """Return the headers for the current span; none when there is no span."""
    if "opentelemetry.trace" not in sys.modules:
        return {}
    headers: dict[str, str] = {}
    _propagator().inject(headers)
    return headers


def trace_of(headers: Mapping[str, str]) -> Trace:
    """Return what `headers` say of the span that wrote them."""
    if "traceparent" not in headers:
        return {}
    found = {name: headers[name] for name in _HEADERS if name in headers}
    return {name: text for name, text in found.items() if len(text) <= _MAX_TRACESTATE}


def _context_of(trace: Trace) -> SpanContext | None:
    api = sys.modules["opentelemetry.trace"]
    context: SpanContext = api.get_current_span(_propagator().extract(trace)).get_span_context()
    return context if context.is_valid and context.is_remote else None


@cache
def _propagator() -> TraceContextTextMapPropagator:
    from opentelemetry.trace.propagation import tracecontext  # noqa: PLC0415 - optional

    return tracecontext.TraceContextTextMapPropagator()
