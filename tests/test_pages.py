"""Pages that need no framework; those that do run with the tests of the adapters."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharedctx.embedded import Stack
from tests.pages import DOCS, run_page


def test_the_quick_start_runs() -> None:
    with Stack(workers=1) as stack:
        printed = run_page(DOCS / "quickstart.md", stack.url).splitlines()
    assert "True None" in printed
    assert "2 entries removed" in printed
    assert printed[-1] == "2. write the test"


@pytest.mark.parametrize("page", sorted(DOCS.glob("howto/*.md")), ids=lambda page: page.stem)
def test_the_page_of_a_framework_names_its_extra(page: Path) -> None:
    assert f"pip install 'sharedctx[{page.stem}]'" in page.read_text("utf-8")
