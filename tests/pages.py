"""Runs the Python of a page of the documentation, block after block, as one program."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

__all__ = ("DOCS", "run_page")

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def run_page(page: Path, url: str, *, before: str = "") -> str:
    """Return what the blocks of `page` print, with NATS at `url`; `before` runs first."""
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks, f"{page.name} has no examples"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([before, *blocks])],
        cwd=ROOT,
        env=os.environ | {"NATS_URL": url},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
