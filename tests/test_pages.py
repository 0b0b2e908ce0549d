"""Every block of the documentation holds: Python runs, commands parse, files are well-formed.

Pages of frameworks run with the tests of the adapters, where these are installed.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sharedctx.cli.app import app
from sharedctx.embedded import Stack
from sharedctx.sync import SharedContext
from tests.pages import DOCS, ROOT, blocks_of, run_page, runnable_pages

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
(TOGETHER,) = (line for line in EXTRAS["adapters"] if line.startswith("sharedctx["))
FRAMEWORKS = [*TOGETHER[len("sharedctx[") : -1].split(","), "crewai"]
OTHERS = sorted(set(runnable_pages()) - {f"howto/{extra}.md" for extra in FRAMEWORKS})
PAGES = sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))
LANGUAGES = {"diff", "json", "python", "sh", "text", "toml", "yaml"}
# What the examples of a page print, in regular expressions.
PRINTED = {
    "concepts/namespaces.md": [r"The namespace exists with ttl=3600", r"^True 1 \[\]$"],
    "concepts/promises.md": [r"^8 notes$", r"^stored$"],
    "concepts/renditions.md": [r"^ready extractive", r"^True True$", r"^\d+ True$"],
    "howto/mcp.md": [r"^Stored 'docs/format' at", r"Percentage", r"^\[docs/format lines ", r": 1$"],
    "howto/observability.md": [
        r"^sharedctx_puts_total\{outcome=\"ok\"\} 1.0$",
        r"\"name\": \"put default\"",
        r"\"name\": \"research\"",
    ],
    "howto/search.md": [r"\Abuild/log \(", r"^True\nbuild failed: disk quota exceeded\n\Z"],
    "howto/security.md": [
        r"\ACredentials\(.*user='agent'",
        r"^denied: The NATS credentials do not allow publishing to",
        r"^refused: The NATS server at nats://127.0.0.1:",
        r"^What was said stays here\.$",
    ],
    "howto/testing.md": [r"^all tests passed$"],
    "howto/workers.md": [r"^20 ready$"],
    "quickstart.md": [r"^True None$", r"^2 entries removed$", r"^2\. write the test\n\Z"],
}


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with Stack(workers=1) as running:
        yield running


@pytest.fixture
def url(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty namespace, with the command `sharedctx` of this environment on the path."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    with SharedContext(stack.url) as context:
        context.clear()
    return stack.url


@pytest.mark.parametrize("name", OTHERS)
def test_the_examples_of_a_page_run(name: str, url: str) -> None:
    printed = run_page(DOCS / name, url)
    assert printed
    for expected in PRINTED.get(name, ()):
        assert re.search(expected, printed, re.MULTILINE), (expected, printed)


def test_pages_whose_output_is_checked_are_there() -> None:
    assert set(OTHERS) >= PRINTED.keys()


@pytest.mark.parametrize("extra", FRAMEWORKS)
def test_the_page_of_a_framework_names_its_extra(extra: str) -> None:
    page = DOCS / "howto" / f"{extra}.md"
    assert f"pip install 'sharedctx[{extra}]'" in page.read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_every_block_says_what_it_is(name: str) -> None:
    blocks = blocks_of(DOCS / name)
    assert {block.language for block in blocks} <= LANGUAGES
    assert (DOCS / name).read_text("utf-8").count("```") == 2 * len(blocks)


@pytest.mark.parametrize("name", PAGES)
def test_files_that_pages_show_are_well_formed(name: str) -> None:
    for block in blocks_of(DOCS / name):
        if block.language == "json":
            json.loads(block.text)
        elif block.language == "toml":
            tomllib.loads(block.text)


@pytest.mark.parametrize("name", [*PAGES, "../README.md"])
def test_the_commands_of_a_page_parse(name: str) -> None:
    page = DOCS / name
    text = page.read_text("utf-8")
    scripts = [block.text for block in blocks_of(page) if block.language == "sh"]
    scripts += re.findall(r"`(sharedctx [a-z][^`]*)`", text)
    for script in scripts:
        for arguments in own_commands(script):
            # Help is shown once all other arguments were understood.
            done = CliRunner().invoke(app, [*arguments, "--help"])
            assert done.exit_code == 0, (arguments, done.output)
    extras = {
        each for found in re.findall(r"sharedctx\[([\w,-]+)\]", text) for each in found.split(",")
    }
    assert extras <= EXTRAS.keys()
    for module in re.findall(r"python -m (tests[\w.]*\w)", text):
        assert importlib.util.find_spec(module), module


def own_commands(script: str) -> Iterator[list[str]]:
    """Yield the arguments of each call of `sharedctx` in a shell script."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True  # a URL is one word
        command: list[str] = []
        for word in (*lexer, ";"):
            if set(word) <= set("|&;<>"):
                if "sharedctx" in command:
                    yield command[command.index("sharedctx") + 1 :]
                command = []
            else:
                command.append(word)


def test_commands_are_found_in_scripts() -> None:
    script = (
        "A=1 run sharedctx put 'a b' \\\n  --wait  # stores\ngit diff | sharedctx get x > y; ls"
    )
    assert list(own_commands(script)) == [["put", "a b", "--wait"], ["get", "x"]]


@pytest.mark.parametrize("name", ["CHANGELOG.md", "CONTRIBUTING.md", "README.md"])
def test_links_to_files_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", (ROOT / name).read_text("utf-8")):
        assert target.startswith("https://") or (ROOT / target).exists(), target
