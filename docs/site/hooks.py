"""What the site has beyond its pages: the reference of the command line, and ``llms.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import typer
import typer.cli
import typer.main
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

from sharedctx.cli.app import app
from sharedctx.login_options import with_credentials
from sharedctx_workers.command import worker

__all__ = ("on_nav", "on_page_markdown", "on_post_build")

_GLOBAL_OPTIONS = "<!-- global options -->"
_COMMANDS = "<!-- commands -->"
_WORKER = "## `sharedctx worker`"
_OPTION = re.compile(r"^\* `(?:-\w, )?(--[\w-]+).*\n", re.MULTILINE)
_USAGE = re.compile(r"\*\*Usage\*\*:\n\n```console\n\$ (.*)\n```")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_NO_PROSE = ("#", "|", "!", ":", "-", "<")

_pages: list[Page] = []


def on_nav(nav: Navigation, **_: Any) -> Navigation:
    """Remember the pages in their order."""
    _pages[:] = nav.pages
    return nav


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put the reference of the command line where its page wants it."""
    if _COMMANDS not in markdown:
        return markdown
    head, *commands = re.split(r"^(?=## )", _described(app, "sharedctx"), flags=re.MULTILINE)
    options = {option[1]: option[0] for option in _OPTION.finditer(head) if option[1] != "--help"}
    text = markdown.replace(_GLOBAL_OPTIONS, "".join(options.values()))
    return text.replace(_COMMANDS, _described_commands(commands, {"--help", *options}))


def _described_commands(commands: list[str], told: set[str]) -> str:
    """Return what the parser knows of every command, without options that were `told` before."""
    own_help = typer.Typer(add_completion=False)
    own_help.command()(with_credentials(worker))
    described = []
    for command in commands:
        if command.startswith(_WORKER):
            described.append(_described(own_help, "sharedctx worker", indent=1))
        else:
            described.append(_OPTION.sub(lambda line: "" if line[1] in told else line[0], command))
    text = re.sub(r"\*\*Options\*\*:\s+(?=## |\Z)", "", "\n".join(described))
    return _USAGE.sub(r"```text\n\1\n```", text)


def _described(command: typer.Typer, name: str, indent: int = 0) -> str:
    parsed = typer.main.get_command(command)
    context = typer.Context(parsed)
    return typer.cli.get_docs_for_click(obj=parsed, ctx=context, name=name, indent=indent)


def on_post_build(config: MkDocsConfig, **_: Any) -> None:
    """Write ``llms.txt`` and the sources of pages that are written by hand, for it to name."""
    site = Path(config.site_dir)
    sections: dict[str, list[str]] = {}
    for page in _pages:
        url = page.url
        if not _is_generated(page):
            url = page.file.src_uri
            (site / url).write_text(page.markdown or "", "utf-8")
        line = f"- [{page.title}]({urljoin(config.site_url or '', url)}): {_summary(page)}\n"
        outermost = list(page.ancestors)[-1]
        sections.setdefault(outermost.title or "", []).append(line)
    text = f"# {config.site_name}\n\n> {config.site_description}\n"
    text += "".join(f"\n## {title}\n\n{''.join(lines)}" for title, lines in sections.items())
    (site / "llms.txt").write_text(text, "utf-8")


def _is_generated(page: Page) -> bool:
    return page.file.src_uri == "reference/cli.md" or "\n::: " in (page.markdown or "")


def _summary(page: Page) -> str:
    """Return the first sentence of a page."""
    text = next(_paragraphs(page.markdown or ""), None)
    if text is None:
        raise PluginError(f"{page.file.src_uri} has no sentence that says what it is about.")
    return re.split(r"(?<=\.)\s", text)[0].removesuffix(":")


def _paragraphs(markdown: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", _FENCE.sub("", markdown)):
        text = " ".join(_LINK.sub(r"\1", block).split())
        if text and not text.startswith(_NO_PROSE):
            yield text
