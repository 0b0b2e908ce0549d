"""``python -m tests``: every check that a change has to pass, in one command.

Arguments go to pytest; with arguments only pytest runs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)


def run(*command: str) -> None:
    """Run `command` at the root of the repository; a failure ends everything."""
    print(f"\n$ {' '.join(command)}", flush=True)
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """Run the checks, then the tests."""
    tools = Path(sys.executable).parent
    if len(sys.argv) == 1:
        for name, *arguments in CHECKS:
            run(str(tools / name), *arguments)
    run(sys.executable, "-m", "pytest", *(sys.argv[1:] or ["-q"]))


if __name__ == "__main__":
    main()
