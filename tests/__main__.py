"""``python -m tests``: every check that a change has to pass, in one command.

Arguments go to pytest; with arguments only pytest runs. ``python -m tests adapters`` runs only the
tests of the adapters, in the environments that have the frameworks; further arguments go to pytest.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

from tests.environments import adapter_sessions
from tests.faults.hosts import refusal

ROOT = Path(__file__).parent.parent
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lint-imports",),
)

# Much of the time of the tests is waiting, so there are more processes than the two cores they are
# made for. Files stay whole, because some share servers.
PARALLEL = ("-q", "-n", "3", "--dist", "loadfile")


def run(*command: str) -> None:
    """Run `command` at the root of the repository; a failure ends everything."""
    print(f"\n$ {' '.join(command)}", flush=True)
    done = subprocess.run(command, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def main() -> None:
    """Run the checks, the tests, and the tests of the adapters."""
    tools = Path(sys.executable).parent
    arguments = sys.argv[1:]
    if not arguments:
        for name, *options in CHECKS:
            run(str(tools / name), *options)
    if arguments[:1] != ["adapters"]:
        run(sys.executable, "-m", "pytest", *(arguments or PARALLEL))
    if not arguments or arguments[0] == "adapters":
        for python in adapter_sessions():
            run(*python, "-m", "pytest", *PARALLEL, "tests/adapters", *arguments[1:])
    if not arguments:
        warn_of_what_was_not_run()


def warn_of_what_was_not_run() -> None:
    """Say loudly what this machine could not check."""
    if missing := [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]:
        warn(
            "NOT RUN: tests/dashboard/test_browser.py: the dashboard was not tested in a browser, "
            f"for want of {' and '.join(missing)} (Debian packages chromium, chromium-driver)."
        )
    if problem := refusal():
        warn(
            "NOT RUN: tests/faults/test_hosts.py, and the nemesis on namespaces: partitions by the "
            f"kernel were not tested, for want of network namespaces ({problem})."
        )


def warn(text: str) -> None:
    """Print a text that cannot be overlooked."""
    framed = textwrap.fill(text, 72, initial_indent="!!! ", subsequent_indent="!!! ")
    print(f"\n{'!' * 72}\n{framed}\n{'!' * 72}", flush=True)


if __name__ == "__main__":
    main()
