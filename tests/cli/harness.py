from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from sharedctx.embedded.children import child_environment

COMMAND = (sys.executable, "-m", "sharedctx.cli")


class Cli:
    """Runs `sharedctx` as a process, in one namespace of one server."""

    def __init__(self, url: str, namespace: str) -> None:
        self.environment = {
            **child_environment(),
            "NATS_URL": url,
            "SHAREDCTX_NAMESPACE": namespace,
            "COLUMNS": "100",
        }

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        )

    def __call__(
        self, *arguments: str, given: bytes = b"", status: int = 0
    ) -> subprocess.CompletedProcess[bytes]:
        ended = subprocess.run(
            [*COMMAND, *arguments],
            check=False,
            input=given,
            capture_output=True,
            env=self.environment,
            timeout=60,
        )
        assert ended.returncode == status, ended.stderr.decode()
        assert b"Traceback" not in ended.stderr
        return ended

    def json(self, *arguments: str, given: bytes = b"", status: int = 0) -> Any:
        return json.loads(self(*arguments, "--json", given=given, status=status).stdout)
