"""Pages of the documentation: their blocks, and running the Python of one as one program.

A block is fenced and says what it is: ``python`` runs, ``sh`` are commands to type, ``text`` and
``diff`` are output, others are files. A block of any language that has a title is only shown.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

__all__ = ("DOCS", "ROOT", "Block", "blocks_of", "run_page", "runnable_pages")

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

_FENCE = re.compile(r"^( *)```(.*)\n((?:.*\n)*?)\1```$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block."""

    language: str
    title: str
    text: str


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of `page`."""
    blocks = []
    for _, info, text in _FENCE.findall(page.read_text("utf-8")):
        language, _, title = info.partition(" ")
        blocks.append(Block(language, title, text))
    return blocks


def _code_of(page: Path) -> list[str]:
    return [block.text for block in blocks_of(page) if block[:2] == ("python", "")]


def runnable_pages() -> list[str]:
    """Return the pages that have Python to run, relative to `DOCS`."""
    return sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if _code_of(page))


def run_page(page: Path, url: str, *, before: str = "") -> str:
    """Return what the blocks of `page` print, with NATS at `url`; `before` runs first."""
    code = _code_of(page)
    assert code, f"{page.name} has no examples"
    done = subprocess.run(
        [sys.executable, "-c", "\n".join([before, *code])],
        cwd=ROOT,
        env=os.environ | {"NATS_URL": url},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
