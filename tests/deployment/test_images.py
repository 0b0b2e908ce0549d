"""The Dockerfiles install what there is and start what the compose file starts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.deployment.files import COMPOSE, ENVIRONMENT, ROOT, project

DOCKERFILES = sorted((COMPOSE / "docker").glob("*.Dockerfile"))


def _instruction(path: Path, name: str) -> str:
    """Return the last instruction of this name, its lines joined."""
    text = path.read_text("utf-8").replace("\\\n", " ")
    found: str = re.findall(rf"^{name} (.*)$", text, re.MULTILINE)[-1]
    return found


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_the_linter_has_nothing_to_say(path: Path) -> None:
    linter = shutil.which("hadolint", path=Path(sys.executable).parent)
    assert linter
    done = subprocess.run([linter, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_what_is_copied_and_installed_is_there(path: Path) -> None:
    text = path.read_text("utf-8")
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
        for source in sources.split():
            assert (ROOT / source).exists(), source
    project_file = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    # What the build of the package reads must be copied before it.
    assert project_file["readme"] in text
    given = re.findall(r"EXTRAS=(\S+)", text) or re.findall(r"pip install .*'\.\[(.*)\]'", text)
    assert given
    for extras in given:
        assert set(extras.split(",")) <= project_file["optional-dependencies"].keys()


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_nothing_runs_as_root(path: Path) -> None:
    assert _instruction(path, "USER") == "65532:65532"


def test_the_image_of_workers_does_what_the_compose_file_says() -> None:
    image = COMPOSE / "docker" / "worker.Dockerfile"
    service = project(ENVIRONMENT)["services"]["worker"]
    assert json.loads(_instruction(image, "CMD")) == service["command"]
    settings = dict(pair.split("=", 1) for pair in _instruction(image, "ENV").split())
    for name, value in settings.items():
        if name.startswith("SHAREDCTX_"):
            assert service["environment"][name] == value


def test_the_image_for_gpus_is_that_of_workers_with_torch() -> None:
    build = project(ENVIRONMENT)["services"]["worker-gpu"]["build"]
    extras = build["args"]["EXTRAS"]
    assert f"--build-arg EXTRAS={extras}\n" in (ROOT / build["dockerfile"]).read_text("utf-8")
    assert "kompress" in extras.split(",")
