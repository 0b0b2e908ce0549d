"""``python -m tests``: every check that a change has to pass, in one command.

Arguments go to pytest; with arguments only pytest runs.
"""

from __future__ import annotations

import shutil
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
    if len(sys.argv) == 1:
        warn_of_what_was_not_run()


def warn_of_what_was_not_run() -> None:
    """Say loudly what this machine could not check."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if missing:
        print(
            f"\n{'!' * 72}\n!!! NOT RUN: tests/dashboard/test_browser.py: the dashboard was not "
            f"tested in a\n!!! browser, for want of {' and '.join(missing)} (Debian packages "
            f"chromium, chromium-driver).\n{'!' * 72}",
            flush=True,
        )


if __name__ == "__main__":
    main()
