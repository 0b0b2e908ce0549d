"""The compose file and what it mounts are well formed and agree with each other."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sharedctx_workers.command import worker as worker_command
from sharedctx_workers.settings import WorkerSettings
from tests.deployment.files import COMPOSE, ENVIRONMENT, SCHEMAS, dotenv, project, seconds


def test_the_schemas_are_those_that_were_taken_over() -> None:
    told = (SCHEMAS / "README.md").read_text("utf-8")
    found = sorted(SCHEMAS.glob("*.schema.json"))
    assert len(found) == 2
    for path in found:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert re.search(rf"`{path.name}`.*`{digest}`", told), path.name


def _schema() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / "compose-spec.schema.json").read_bytes())
    return loaded


@pytest.mark.parametrize("cluster", [False, True])
def test_the_compose_file_fits_its_schema(*, cluster: bool) -> None:
    jsonschema.Draft7Validator(_schema()).validate(project(dotenv(cluster=cluster)))


def test_the_schema_refuses_what_is_wrong() -> None:
    wrong = project(ENVIRONMENT)
    wrong["services"]["worker"]["stop_grace"] = "35s"
    with pytest.raises(jsonschema.ValidationError, match="stop_grace"):
        jsonschema.Draft7Validator(_schema()).validate(wrong)


def test_it_does_not_start_without_passwords() -> None:
    with pytest.raises(AssertionError, match="AGENT_PASSWORD is required"):
        project({})


def test_no_file_holds_a_password() -> None:
    example = (COMPOSE / ".env.example").read_text("utf-8")
    assert re.findall(r"^#?(\w*PASSWORD)=(.*)$", example, re.MULTILINE)
    assert not re.search(r"^#?\w*PASSWORD=.+$", example, re.MULTILINE)
    for path in COMPOSE.rglob("*.conf"):
        assert not re.search(r"password:\s*[^$\s]", path.read_text("utf-8")), path


def test_every_variable_that_is_used_is_explained() -> None:
    used = re.findall(r"\$\{(\w+)", (COMPOSE / "docker-compose.yml").read_text("utf-8"))
    example = (COMPOSE / ".env.example").read_text("utf-8")
    assert set(used) <= set(re.findall(r"^#?(\w+)=", example, re.MULTILINE))


def test_what_is_mounted_and_built_is_there() -> None:
    for service in project(ENVIRONMENT)["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (COMPOSE / source).exists(), source
        if build := service.get("build"):
            context: Path = COMPOSE / build["context"]
            assert (context / build["dockerfile"]).is_file()


def test_profiles() -> None:
    services = project(ENVIRONMENT)["services"]
    profiles = {name: service.get("profiles", []) for name, service in services.items()}
    assert sorted(name for name, of in profiles.items() if not of) == ["nats", "worker"]
    assert sorted(name for name, of in profiles.items() if of == ["cluster"]) == [
        "namespace",
        "nats-2",
        "nats-3",
    ]
    assert profiles["prometheus"] == profiles["grafana"] == ["observability"]
    assert profiles["worker-gpu"] == ["gpu"]


def test_a_worker_may_finish_before_it_is_killed_and_can_be_scaled() -> None:
    service = project(ENVIRONMENT)["services"]["worker"]
    grace = float(service["environment"]["SHAREDCTX_GRACE"])
    assert grace == WorkerSettings(servers=()).grace
    # Giving back takes up to 2 s for each job, and ending the health endpoints 1 s.
    assert seconds(service["stop_grace_period"]) >= grace + 5
    assert not {"container_name", "ports"} & service.keys()


def test_the_settings_of_workers_exist() -> None:
    known = {f"SHAREDCTX_{name.upper()}" for name in inspect.signature(worker_command).parameters}
    services = project(ENVIRONMENT)["services"]
    of_others = {"NATS_URL", "HF_HOME"}
    for service in ("worker", "worker-gpu"):
        assert services[service]["environment"].keys() - of_others <= known
