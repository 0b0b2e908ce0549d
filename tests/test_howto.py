"""The how-to pages of commands and calls run as they stand."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sharedctx.embedded import Stack
from tests.pages import DOCS, run_page


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A stack, with the command `sharedctx` of this environment on the path."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    with Stack(workers=1) as stack:
        yield stack.url


def test_the_mcp_page(url: str) -> None:
    printed = run_page(DOCS / "howto" / "mcp.md", url)
    assert "Stored 'docs/format' at revision 1." in printed
    assert "Percentage" in printed
    assert "[docs/format lines " in printed
    assert "entries: 1" in printed


def test_the_search_page(url: str) -> None:
    printed = run_page(DOCS / "howto" / "search.md", url).splitlines()
    assert printed[0].startswith("build/log (")
    assert printed[-2:] == ["True", "build failed: disk quota exceeded"]


def test_the_security_page(url: str) -> None:
    printed = run_page(DOCS / "howto" / "security.md", url).splitlines()
    assert "user='agent'" in printed[0]
    assert "from your secret store" not in printed[0]
    assert printed[1:3] == ["1. read the permissions", "2. believe them"]
    assert printed[3].startswith("denied: The NATS credentials do not allow publishing to")
    assert printed[4].startswith("refused: The NATS server at nats://127.0.0.1:")
    assert printed[5] == "What was said stays here."
