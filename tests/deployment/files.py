"""The files of ``compose/``, and what Compose makes of a service in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

__all__ = ("COMPOSE", "ENVIRONMENT", "SCHEMAS", "documents", "dotenv", "project", "seconds")

ROOT: Final = Path(__file__).parents[2]
COMPOSE: Final = ROOT / "compose"
SCHEMAS: Final = Path(__file__).parent / "schemas"

ENVIRONMENT: Final = {"AGENT_PASSWORD": "p1a", "WORKER_PASSWORD": "p2b", "SYS_PASSWORD": "p3c"}
"""The least that has to be filled in."""

_VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])((?:[^{}]|\{[^{}]*\})*))?\}")
_UNIT_S = {"s": 1, "m": 60, "h": 3600}


def documents(path: Path) -> list[dict[str, Any]]:
    """Return the documents of a YAML file."""
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def dotenv(*, cluster: bool) -> dict[str, str]:
    """Return ``.env.example`` filled in, the lines for a cluster among them if wanted."""
    values = dict(ENVIRONMENT)
    for line in (COMPOSE / ".env.example").read_text("utf-8").splitlines():
        found = re.fullmatch(r"(#?)([A-Z_]+)=(.*)", line)
        if found and (cluster or not found[1]) and found[2] not in ENVIRONMENT:
            values[found[2]] = _interpolated(found[3], values)
    if cluster:
        values["ROUTE_PASSWORD"] = "p4d"
    return values


def project(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return ``docker-compose.yml`` with its variables replaced."""
    (loaded,) = documents(COMPOSE / "docker-compose.yml")
    replaced: dict[str, Any] = _replaced(loaded, environment)
    return replaced


def _replaced(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _interpolated(value, environment)
    if isinstance(value, list):
        return [_replaced(item, environment) for item in value]
    if isinstance(value, dict):
        return {name: _replaced(item, environment) for name, item in value.items()}
    return value


def _interpolated(text: str, environment: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        name, rule, rest = found.groups()
        if given := environment.get(name):
            return given
        assert rule != ":?", f"{name} is required: {rest}"
        return _interpolated(rest or "", environment)

    return _VARIABLE.sub(value, text)


def seconds(duration: str) -> float:
    """Return a duration of Compose in seconds."""
    return sum(
        float(number) * _UNIT_S[unit] for number, unit in re.findall(r"(\d+)([smh])", duration)
    )
