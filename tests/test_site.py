"""The site builds without a warning, loads nothing from elsewhere, and leaves nothing out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typer.main

import sharedctx
from sharedctx.cli.app import app
from tests.pages import DOCS, ROOT

CONFIG = DOCS / "site" / "mkdocs.yml"
NAVIGATION = re.findall(r"^ +- .*: (\S+\.md)$", CONFIG.read_text("utf-8"), re.MULTILINE)
LOADING = {
    "audio",
    "embed",
    "iframe",
    "img",
    "input",
    "link",
    "object",
    "script",
    "source",
    "video",
}
ELSEWHERE = re.compile(r"(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-f", CONFIG, "-d", folder],
        cwd=ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


class Loads(HTMLParser):
    """Collects what a page makes a browser load, and its policy."""

    def __init__(self) -> None:
        super().__init__()
        self.urls: list[str] = []
        self.policy: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in LOADING and given.get("rel") not in ("canonical", "next", "prev"):
            names = ("src", "srcset", "href", "data", "poster")
            self.urls += [value for name in names if (value := given.get(name))]
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(NAVIGATION)
    for page in pages:
        loads = Loads()
        loads.feed(page.read_text("utf-8"))
        assert loads.urls
        assert [url for url in loads.urls if ELSEWHERE.match(url)] == [], page
        # What scripts of the theme would load for old browsers or for diagrams is refused.
        assert loads.policy is not None
        assert loads.policy.startswith("default-src 'self';")
        assert "http" not in loads.policy


def test_style_sheets_load_nothing_from_elsewhere(site: Path) -> None:
    sheets = [sheet.read_text("utf-8") for sheet in site.rglob("*.css")]
    assert sheets
    for sheet in sheets:
        urls = re.findall(r"""(?:url\(|@import)\s*["']?([^"')\s]+)""", sheet)
        assert [url for url in urls if ELSEWHERE.match(url)] == []


def test_llms_txt_lists_every_page_of_the_navigation(site: Path) -> None:
    text = (site / "llms.txt").read_text("utf-8")
    listed = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S.*$", text, re.MULTILINE)
    sources = [url if url.endswith(".md") else f"{url.rstrip('/')}.md" for url in listed]
    assert sources == NAVIGATION
    for url in listed:
        target = site / url
        assert target.is_file() or (target / "index.html").is_file(), url
    assert text.count("\n- ") == len(NAVIGATION)


def test_the_reference_has_every_public_name(site: Path) -> None:
    pages = [page.read_text("utf-8") for page in (site / "reference").rglob("*.html")]
    anchors = {name for page in pages for name in re.findall(r'id="sharedctx\.([\w.]+)"', page)}
    names = {anchor.rpartition(".")[2] for anchor in anchors}
    assert set(sharedctx.__all__) <= names
    assert not any("NotGiven" in page or "NOT_GIVEN" in page for page in pages)


def test_the_reference_has_every_command(site: Path) -> None:
    page = (site / "reference" / "cli" / "index.html").read_text("utf-8")
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    assert len(commands) > 10
    for command in (*commands, "worker"):
        assert f'<h2 id="sharedctx-{command}">' in page
    assert "--slots" in page
    assert page.count("--servers") == 2  # among the global options, and of the worker
    assert "<!--" not in page[page.index("<article") : page.index("</article")]
