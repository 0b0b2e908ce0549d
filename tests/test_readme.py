"""README's code blocks run as they stand, and what it says of commands and promises is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 2


@pytest.mark.parametrize("code", BLOCKS)
def test_code_blocks_run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_ci_runs_the_second_command_and_nothing_else() -> None:
    commands = re.findall(r"^(python3 -m venv .*)$", README, re.MULTILINE)
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert len(commands) == 2
    assert commands[1] in script.splitlines()


def test_the_changelog_has_an_unreleased_block() -> None:
    assert "\n## Unreleased\n" in (ROOT / "CHANGELOG.md").read_text("utf-8")
