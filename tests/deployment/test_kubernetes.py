"""The Kubernetes manifests fit their schemas, and name what there is."""

from __future__ import annotations

import copy
import inspect
import json
from typing import Any

import jsonschema
import kubernetes_validate
import pytest

from sharedctx.keys import subjects_of
from sharedctx.store.base import NamespaceConfig
from sharedctx.store.streams import CONSUMER
from sharedctx_workers.command import worker as worker_command
from tests.deployment.files import COMPOSE, SCHEMAS, documents

_VERSIONS = ("1.28", "1.34")
K8S = COMPOSE / "k8s"


def _workers() -> dict[str, dict[str, Any]]:
    return {document["kind"]: document for document in documents(K8S / "worker.yaml")}


def _scaled_object() -> dict[str, Any]:
    (document,) = documents(K8S / "scaledobject.yaml")
    return document


def _container() -> dict[str, Any]:
    (container,) = _workers()["Deployment"]["spec"]["template"]["spec"]["containers"]
    found: dict[str, Any] = container
    return found


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("kind", ["Deployment", "PodDisruptionBudget"])
def test_manifests_fit_the_schemas_of_kubernetes(kind: str, version: str) -> None:
    kubernetes_validate.validate(_workers()[kind], version, strict=True)


def test_the_schemas_refuse_what_is_wrong() -> None:
    wrong = copy.deepcopy(_workers()["Deployment"])
    wrong["spec"]["template"]["spec"]["containers"][0]["readynessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, _VERSIONS[-1], strict=True)


def test_the_scaled_object_fits_the_schema_of_keda() -> None:
    schema = json.loads((SCHEMAS / "scaledobject.schema.json").read_bytes())
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(_scaled_object())
    wrong = _scaled_object()
    wrong["spec"]["maxReplicas"] = 3
    assert list(validator.iter_errors(wrong))


def test_selectors_select_the_workers() -> None:
    labels = _workers()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    for kind in ("Deployment", "PodDisruptionBudget"):
        assert _workers()[kind]["spec"]["selector"]["matchLabels"] == labels
    name = _workers()["Deployment"]["metadata"]["name"]
    assert _scaled_object()["spec"]["scaleTargetRef"]["name"] == name


def test_keda_looks_at_the_queue_that_workers_empty() -> None:
    (values,) = documents(K8S / "nats-values.yaml")
    accounts = values["config"]["merge"]["accounts"]
    for trigger in _scaled_object()["spec"]["triggers"]:
        metadata = trigger["metadata"]
        namespace = metadata["stream"].removeprefix("KV_ctx_")
        assert metadata["stream"] == subjects_of(namespace).entries
        assert metadata["consumer"] == CONSUMER
        assert "jetstream" in accounts[metadata["account"]]
        assert all(isinstance(value, str) for value in metadata.values())


def test_a_pod_may_finish_its_jobs_and_its_probes_are_those_of_workers() -> None:
    pod = _workers()["Deployment"]["spec"]["template"]["spec"]
    settings = {item["name"]: item.get("value") for item in _container()["env"]}
    known = {f"SHAREDCTX_{name.upper()}" for name in inspect.signature(worker_command).parameters}
    assert settings.keys() - {"NATS_URL"} <= known
    grace = float(settings["SHAREDCTX_GRACE"] or 0)
    assert pod["terminationGracePeriodSeconds"] >= grace + 5
    assert pod["terminationGracePeriodSeconds"] >= NamespaceConfig().ack_wait
    paths = {
        probe: _container()[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
    }
    assert set(paths.values()) == {"/livez", "/readyz"}
    assert paths["livenessProbe"] == "/livez", "a NATS server that is away is no reason to restart"
