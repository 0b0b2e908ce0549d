"""A real worker whose children sleep. Arguments: URL of the server, slots."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from sharedctx_workers import app, logs
from sharedctx_workers.settings import WorkerSettings

if __name__ == "__main__":
    child = (sys.executable, "-P", str(Path(__file__).with_name("sleeping_child.py")))
    logs.configure("warning", "json")
    settings = WorkerSettings(servers=(sys.argv[1],), slots=int(sys.argv[2]))
    sys.exit(anyio.run(app.run, settings, child))
