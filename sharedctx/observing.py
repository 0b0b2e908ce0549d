"""What is told about each call of the client: a span, and metrics when they were asked for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sharedctx.metrics import ClientMetrics
from sharedctx.reading import Rendition
from sharedctx.records import State, StoredEntry
from sharedctx.tracing import Trace, add_link, span

__all__ = ("GetReport", "Observer", "PutReport")

_MAX_KEY = 1_024


@dataclass(slots=True)
class PutReport:
    """What is known of a put once it is over."""

    attributes: dict[str, str | int] = field(default_factory=dict)

    def stored(self, revision: int, size: int) -> None:
        """Say that the server has it: `size` bytes as `revision`."""
        self.attributes["sharedctx.revision"] = revision
        self.attributes["messaging.message.body.size"] = size


@dataclass(slots=True)
class GetReport:
    """What is known of a get once it is over."""

    view: str
    source: str = "missing"
    saved: int = 0
    attributes: dict[str, str | int] = field(default_factory=dict)
    origins: list[Trace] = field(default_factory=list)

    def found(self, stored: StoredEntry) -> None:
        """Say which entry it read; its original serves unless `rendered` says otherwise."""
        self.source = "original"
        self.attributes["sharedctx.revision"] = stored.revision
        self.origins.append(stored.trace)

    def rendered(self, rendition: Rendition | None) -> None:
        """Say which rendition served, if one did."""
        if rendition is None or rendition.record.state is not State.READY:
            return
        record = rendition.record
        self.source = "rendition"
        self.origins.append(rendition.trace)
        if self.view == "short":
            self.saved = record.original_tokens - record.compressed_tokens
        self.attributes |= {
            "sharedctx.kind": record.kind,
            "sharedctx.guarantee": record.guarantee.value,
            "sharedctx.tokens.original": record.original_tokens,
            "sharedctx.tokens.compressed": record.compressed_tokens,
        }


class Observer:
    """Reports the calls on one namespace.

    Args:
        namespace: Its name.
        metrics: Where calls are counted, if anywhere.
    """

    def __init__(self, namespace: str, metrics: ClientMetrics | None) -> None:
        self._namespace = namespace
        self._metrics = metrics

    def _attributes(self, operation: str, kind: str, key: object) -> dict[str, str]:
        return {
            "messaging.operation.name": operation,
            "messaging.operation.type": kind,
            "messaging.destination.name": self._namespace,
            # An exporter must be able to write it as UTF-8, which not every key is.
            "sharedctx.key": str(key)[:_MAX_KEY].encode("utf-8", "replace").decode(),
        }

    @contextmanager
    def put(self, key: str, agent: str | None) -> Iterator[PutReport]:
        """Observe a put."""
        report = PutReport()
        began, outcome = time.perf_counter(), "ok"
        attributes = self._attributes("put", "send", key)
        if agent is not None:
            attributes["sharedctx.agent"] = agent
        try:
            with span(f"put {self._namespace}", "PRODUCER", attributes) as current:
                yield report
                if current is not None:
                    current.set_attributes(report.attributes)
        except BaseException as error:
            outcome = type(error).__name__
            raise
        finally:
            if self._metrics is not None:
                self._metrics.observe_put(outcome, time.perf_counter() - began)

    @contextmanager
    def get(self, key: str, view: str) -> Iterator[GetReport]:
        """Observe a get: its span is linked to the put and to the job behind what it returns."""
        report = GetReport(view)
        began = time.perf_counter()
        attributes = self._attributes("get", "receive", key) | {"sharedctx.view": view}
        try:
            with span(f"get {self._namespace}", "CLIENT", attributes) as current:
                yield report
                if current is not None:
                    current.set_attributes({**report.attributes, "sharedctx.source": report.source})
                    for origin in report.origins:
                        add_link(current, origin)
        except BaseException as error:
            report.source, report.saved = type(error).__name__, 0
            raise
        finally:
            if self._metrics is not None:
                seconds = time.perf_counter() - began
                self._metrics.observe_get(view, report.source, seconds, report.saved)
