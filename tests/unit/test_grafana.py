"""The Grafana dashboard shows metrics that exist, with labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path

from prometheus_client import CollectorRegistry

from sharedctx.metrics import ClientMetrics
from sharedctx_workers.metrics import WorkerMetrics

_DASHBOARD = Path(__file__).parents[2] / "compose" / "grafana" / "sharedctx.json"
_SUFFIXES = ("", "_total", "_bucket", "_count", "_sum")


def _exported() -> dict[str, set[str]]:
    """Names of all series, with their labels."""
    clients = CollectorRegistry()
    ClientMetrics(clients)
    series: dict[str, set[str]] = {}
    for registry in (clients, WorkerMetrics()._registry):
        for collector in registry._collector_to_names:
            name, labels = collector._name, collector._labelnames  # type: ignore[attr-defined]
            series |= {name + suffix: {*labels, "le"} for suffix in _SUFFIXES}
    return series


def test_every_panel_shows_what_is_exported() -> None:
    series = _exported()
    panels = json.loads(_DASHBOARD.read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(expressions) > 15
    shown = set()
    for expression in expressions:
        names = re.findall(r"\bsharedctx_\w+", expression)
        assert names
        labels = set().union(*(series[name] for name in names))
        for group in re.findall(r"by \(([^)]*)\)", expression):
            assert set(group.split(", ")) <= labels, expression
        shown |= {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in names}
    everything = {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in series}
    assert shown == everything, everything - shown
