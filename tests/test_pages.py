"""Pages that need no framework; those that do run with the tests of the adapters."""

from __future__ import annotations

import tomllib

import pytest

from sharedctx.embedded import Stack
from tests.environments import ROOT
from tests.pages import DOCS, run_page

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
(TOGETHER,) = (line for line in EXTRAS["adapters"] if line.startswith("sharedctx["))
FRAMEWORKS = [*TOGETHER[len("sharedctx[") : -1].split(","), "crewai"]


def test_the_quick_start_runs() -> None:
    with Stack(workers=1) as stack:
        printed = run_page(DOCS / "quickstart.md", stack.url).splitlines()
    assert "True None" in printed
    assert "2 entries removed" in printed
    assert printed[-1] == "2. write the test"


@pytest.mark.parametrize("extra", FRAMEWORKS)
def test_the_page_of_a_framework_names_its_extra(extra: str) -> None:
    page = DOCS / "howto" / f"{extra}.md"
    assert f"pip install 'sharedctx[{extra}]'" in page.read_text("utf-8")
