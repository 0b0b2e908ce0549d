"""Runs tests in a process of their own, with or without a planted bug."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.planted.bugs import BUGS

__all__ = ("Outcome", "Trial", "try_without")

ROOT = Path(__file__).parents[2]
_PLANT = Path(__file__).with_name("site")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How tests ended: whether all passed, and what pytest says of them."""

    passed: bool
    summary: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What the tests of a bug did with it.

    Attributes:
        noticed: Whether each of them failed.
        seconds: How long that took.
        evidence: The first thing that was found wrong.
    """

    noticed: bool
    seconds: float
    evidence: str

    @classmethod
    def of(cls, name: str) -> Self:
        """Plant the bug of that name and run its tests."""
        started = time.monotonic()
        output = _pytest(BUGS[name].caught_by, name)
        seconds = time.monotonic() - started
        summary = output.strip().splitlines()[-1]
        found = re.search(r"^E +(.*)", output, re.MULTILINE)
        # A test that fails half way may leave something behind that is an error in addition.
        noticed = re.match(r"\d+ failed(?!.*passed)", summary) is not None
        return cls(noticed, seconds, found[1] if found else summary)


def try_without(tests: Sequence[str]) -> Outcome:
    """Run tests without any bug."""
    output = _pytest(sorted(set(tests)), None)
    summary = output.strip().splitlines()[-1]
    return Outcome(re.match(r"\d+ passed(?!.*(failed|error))", summary) is not None, summary)


def _pytest(tests: Sequence[str], bug: str | None) -> str:
    path = [str(ROOT), str(ROOT / "workers")]
    environment = dict(os.environ)
    if bug is not None:
        path.insert(0, str(_PLANT))
        environment["PLANTED_BUG"] = bug
    environment["PYTHONPATH"] = os.pathsep.join(path)
    # Planting imports anyio, whose pytest plugin would be looked at by pytest first.
    options = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfE", "-m", "", *options, *tests],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout
