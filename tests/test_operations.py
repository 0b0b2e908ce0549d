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
from tests.pages import DOCS

PAGE = (DOCS / "operations.md").read_text("utf-8")


def test_the_commands_for_backups(tmp_path: Path) -> None:
    first, second = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with NatsServer(tmp_path / "one") as one, NatsServer(tmp_path / "other") as other:
        with SharedContext(one.url, namespace="agents") as ctx:
            ctx.put("k", "kept")
        script = f"set -e\n{first}{second}".replace("/backups", str(tmp_path))
        done = subprocess.run(
            ["sh", "-c", script.replace("nats://other:4222", other.url)],
            env=child_environment() | {"PATH": tools, "NATS_URL": one.url},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with SharedContext(other.url, namespace="agents", create=False) as ctx:
            assert ctx.get("k", full=True) == "kept"


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]*)(?:#[\w-]*)?\)", PAGE):
        assert not target or (DOCS / target).exists(), target
    anchors = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", PAGE, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(\w+)\)", PAGE)) <= anchors
