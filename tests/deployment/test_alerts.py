"""Alerts ask for metrics that exist, and operators are told what to do about each."""

from __future__ import annotations

import re
from typing import Any

import promql_parser
import pytest

from tests.deployment.files import COMPOSE, ROOT, documents
from tests.unit.test_grafana import _exported

# What prometheus-nats-exporter writes with -jsz=all, and Prometheus itself.
_OF_OTHERS = {"up", "jetstream_server_total_message_bytes", "jetstream_server_max_storage"}


def _rules() -> list[dict[str, Any]]:
    (file,) = documents(COMPOSE / "prometheus" / "alerts.yml")
    return [rule for group in file["groups"] for rule in group["rules"]]


RULES = _rules()


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_the_expression_parses_and_its_metrics_exist(rule: dict[str, Any]) -> None:
    promql_parser.parse(rule["expr"])
    names = set(re.findall(r"\b(?:up|sharedctx_\w+|jetstream_\w+)\b(?!-)", rule["expr"]))
    assert names
    assert names <= _exported().keys() | _OF_OTHERS


def test_an_expression_that_is_wrong_does_not_parse() -> None:
    with pytest.raises(ValueError, match="."):
        promql_parser.parse("sum by (le (rate(x[5m])))")


def test_prometheus_loads_the_rules_and_finds_what_the_compose_file_starts() -> None:
    (prometheus,) = documents(COMPOSE / "prometheus" / "prometheus.yml")
    assert prometheus["rule_files"] == ["alerts.yml"]
    jobs = {job["job_name"] for job in prometheus["scrape_configs"]}
    wanted = {name for rule in RULES for name in re.findall(r'job="([\w-]+)"', rule["expr"])}
    assert wanted <= jobs
    services = documents(COMPOSE / "docker-compose.yml")[0]["services"]
    assert {"worker", "nats-exporter"} <= services.keys()


def test_every_alert_has_its_section_and_every_section_its_alert() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    chapter = page.partition("\n## When an alarm fires\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", chapter, re.MULTILINE) == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
