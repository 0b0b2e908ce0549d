"""Prometheus metrics of a client, for applications that want them.

```python
from sharedctx.metrics import ClientMetrics

metrics = ClientMetrics()
metrics.serve(9465)  # or let your own endpoint expose the registry
async with SharedContext(metrics=metrics) as ctx:
    ...
```

Labels name operations and outcomes, never keys, agents or content.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from sharedctx.errors import MissingExtra

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

__all__ = ("ClientMetrics",)

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class ClientMetrics:
    """Counts and times what contexts do; one instance serves any number of them.

    Args:
        registry: The registry to put the metrics in; by default the one of the process.

    Raises:
        MissingExtra: ``pip install 'sharedctx[prometheus]'`` is needed.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        prometheus = _prometheus()
        self._registry = registry or prometheus.REGISTRY
        self._put_seconds = prometheus.Histogram(
            "sharedctx_put_seconds",
            "Time until a put was stored, or failed.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._puts = prometheus.Counter(
            "sharedctx_puts",
            "Puts by outcome: ok, or the name of the error.",
            ["outcome"],
            registry=self._registry,
        )
        self._get_seconds = prometheus.Histogram(
            "sharedctx_get_seconds",
            "Time of a get, by view (short, full, lines, budget, query) and by what served it "
            "(rendition, original, missing, or the name of the error).",
            ["view", "source"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._saved = prometheus.Counter(
            "sharedctx_read_tokens_saved",
            "Tokens that readers of short renditions did not have to take in.",
            registry=self._registry,
        )

    def serve(self, port: int, host: str = "127.0.0.1") -> int:
        """Serve ``/metrics`` from a thread until the process ends; return the port.

        Args:
            port: TCP port; 0 takes a free one.
            host: Address to listen on; only this machine by default.
        """
        server, _ = _prometheus().start_http_server(port, host, self._registry)
        return int(server.server_port)

    def observe_put(self, outcome: str, seconds: float) -> None:
        """Count a put.

        Args:
            outcome: ``ok``, or the name of the error.
            seconds: How long it took.
        """
        self._puts.labels(outcome).inc()
        self._put_seconds.observe(seconds)

    def observe_get(self, view: str, source: str, seconds: float, saved: int) -> None:
        """Count a get.

        Args:
            view: What was asked for.
            source: What served it, or the name of the error.
            seconds: How long it took.
            saved: Tokens that the reader did not get.
        """
        self._get_seconds.labels(view, source).observe(seconds)
        self._saved.inc(max(0, saved))


def _prometheus() -> ModuleType:
    try:
        return importlib.import_module("prometheus_client")
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "Metrics need prometheus-client. Install the extra: pip install 'sharedctx[prometheus]'"
        ) from error
