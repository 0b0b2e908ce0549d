"""The commands of the page on operations run as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from sharedctx.embedded import NatsServer
from sharedctx.embedded.children import child_environment
from sharedctx.sync import SharedContext
from tests.faults.clusters import hub_and_leaf
from tests.pages import DOCS

PAGE = (DOCS / "operations.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(script: str, url: str) -> str:
    """Run `script` in a shell, as a client of the server at `url`, and return what it wrote."""
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["sh", "-c", script],
        env=child_environment() | {"PATH": tools, "NATS_URL": url},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_commands_for_backups(tmp_path: Path) -> None:
    first, second, _ = BLOCKS
    with NatsServer(tmp_path / "one") as one, NatsServer(tmp_path / "other") as other:
        with SharedContext(one.url, namespace="agents") as ctx:
            ctx.put("k", "kept")
        script = f"set -e\n{first}{second}".replace("/backups", str(tmp_path))
        run(script.replace("nats://other:4222", other.url), one.url)
        with SharedContext(other.url, namespace="agents", create=False) as ctx:
            assert ctx.get("k", full=True) == "kept"


def test_the_commands_for_mirrors(tmp_path: Path) -> None:
    with hub_and_leaf(tmp_path, "eu") as (hub, _):
        with SharedContext(hub.url, namespace="agents") as ctx:
            ctx.put("k", "kept")
        said = run(f"set -e\n{BLOCKS[2]}", hub.url)
    assert said.count("agents: mirror eu, domain eu") == 2


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]*)(?:#[\w-]*)?\)", PAGE):
        assert not target or (DOCS / target).exists(), target
    anchors = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", PAGE)) <= anchors
