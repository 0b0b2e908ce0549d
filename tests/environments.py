"""Environments with agent frameworks, in which the tests of the adapters run without a network.

CrewAI needs older versions of what the others need new, so there are two.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

__all__ = ("ROOT", "adapter_sessions")

ROOT = Path(__file__).parent.parent
EXTRAS = {".venv-adapters": "adapters", ".venv-crewai": "crewai"}
UNSHARE = ("unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up; exec "$@"', "sh")
PROBE = (
    "import socket; server = socket.create_server(('127.0.0.1', 0)); "
    "socket.create_connection(server.getsockname())"
)


def adapter_sessions() -> Iterator[tuple[str, ...]]:
    """Yield the start of a command for each environment: its Python, off the network."""
    for folder, extra in EXTRAS.items():
        if extra == "crewai" and sys.version_info >= (3, 14):
            print("CrewAI does not support this Python: its adapter is not tested.")
            continue
        python = str(prepare(ROOT / folder, f".[test,{extra}]"))
        offline = (*UNSHARE, python)
        yield offline if succeeds(*offline, "-c", PROBE) else (python,)


def prepare(folder: Path, requirement: str) -> Path:
    """Return the Python of an environment with `requirement`; made on first use, then kept."""
    python, stamp = folder / "bin" / "python", folder / "made-from"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"\n$ install {requirement} into {folder.name}", flush=True)
        if not python.exists():
            subprocess.run((sys.executable, "-m", "venv", str(folder)), check=True)
        uv = (sys.executable, "-m", "uv", "pip", "install", "-q", "-p", str(python))
        pip = (str(python), "-m", "pip", "install", "-q")
        # Both do; uv takes a fraction of the time.
        if not find_spec("uv") or not succeeds(*uv, "-e", requirement):
            subprocess.run((*pip, "-e", requirement), cwd=ROOT, check=True)
        stamp.write_text(wanted)
    return python


def succeeds(*command: str) -> bool:
    """Run `command` at the root of the repository and return whether it succeeded."""
    try:
        return subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    except FileNotFoundError:
        return False
