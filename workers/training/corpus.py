"""Passages of permissively licensed text that anyone can fetch again, listed in sources.json."""

from __future__ import annotations

import gzip
import hashlib
import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from selectolax.lexbor import LexborHTMLParser

from tests.benchmarks.compression.workshop import Package, Workshop

__all__ = ("Passage", "fingerprint", "merged", "passages", "sources")

_SHORTEST, _LONGEST = 45, 170
_SENTENCE_END: Final = re.compile(r"(?<=[.!?]) +(?=[A-Z\"])")
_SPACE: Final = re.compile(r"\s+")
_SKIPPED: Final = (
    "nav, footer, header, script, style, pre, table, .sphinxsidebar, .related, #toc, #page-header, "
    "#path, .toplang, #quickview, .navheader, .navfooter"
)
_ASIDE: Final = re.compile(r"[¶]|\[source\]")


@dataclass(frozen=True, slots=True)
class Passage:
    """Some 45 to 170 words of consecutive paragraphs.

    Attributes:
        source: Name of the source in sources.json.
        page: The file they come from.
        text: The words; paragraphs are apart by a line feed.
        is_dev: Whether its page is kept back from training, to choose settings on.
    """

    source: str
    page: str
    text: str
    is_dev: bool


def sources() -> list[dict[str, Any]]:
    """Return the list of sources, each with license, place and fingerprint."""
    text = resources.files("training").joinpath("sources.json").read_text("utf-8")
    listed: list[dict[str, Any]] = json.loads(text)
    return listed


def passages(source: dict[str, Any], workshop: Workshop, turns: Path) -> list[Passage]:
    """Return the passages of one source, in the order of a hash: any beginning is a sample."""
    found = []
    for page, paragraphs in _pages(source, workshop, turns):
        is_dev = hashlib.sha256(page.encode()).digest()[0] < 20
        found += [Passage(source["name"], page, text, is_dev) for text in merged(paragraphs)]
    unique = {each.text: each for each in found}
    return sorted(unique.values(), key=lambda each: hashlib.sha256(each.text.encode()).digest())


def fingerprint(found: Iterable[Passage]) -> str:
    """Return a hash of the texts, to tell whether a source still gives what was trained on."""
    digest = hashlib.sha256()
    for each in sorted(passage.text for passage in found):
        digest.update(each.encode() + b"\0")
    return digest.hexdigest()


def merged(paragraphs: Iterable[str]) -> Iterator[str]:
    """Join consecutive paragraphs into passages; leave out what is no English sentence."""
    lines: list[str] = []
    count = 0
    for paragraph in (piece for each in paragraphs for piece in _pieces(each)):
        words = len(paragraph.split())
        if not _is_prose(paragraph) or words > _LONGEST:
            continue
        if count and count + words > _LONGEST:
            if count >= _SHORTEST:
                yield "\n".join(lines)
            lines, count = [], 0
        lines.append(paragraph)
        count += words
    if count >= _SHORTEST:
        yield "\n".join(lines)


def _pieces(paragraph: str) -> Iterator[str]:
    """Cut a long paragraph at ends of sentences."""
    piece: list[str] = []
    count = 0
    for sentence in _SENTENCE_END.split(paragraph):
        words = len(sentence.split())
        if piece and count + words > _LONGEST * 0.6:
            yield " ".join(piece)
            piece, count = [], 0
        piece.append(sentence)
        count += words
    if piece:
        yield " ".join(piece)


def _is_prose(paragraph: str) -> bool:
    words = paragraph.split()
    if len(words) < 4 or max(map(len, words)) > 60:
        return False
    letters = sum(character.isascii() and character.isalpha() for character in paragraph)
    return letters > 0.7 * len(paragraph.replace(" ", ""))


def _pages(
    source: dict[str, Any], workshop: Workshop, turns: Path
) -> Iterator[tuple[str, list[str]]]:
    if source["format"] == "turns":
        for number, line in enumerate(turns.read_text("utf-8").splitlines()):
            yield f"{source['name']}/{number // 20}", [json.loads(line)["text"]]
        return
    root = workshop.unpack(Package(source["registry"], source["spec"]))
    for path in sorted(root.glob(source["files"])):
        page = path.relative_to(root).as_posix()
        if not path.is_file() or re.search(source.get("except", "^$"), page):
            continue
        yield f"{source['name']}/{page}", _paragraphs(path, source["format"])


def _paragraphs(path: Path, form: str) -> list[str]:
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    text = data.decode(errors="replace")
    if form == "html":
        return list(_html_paragraphs(text))
    if text.startswith('"'):
        text = str(json.loads(text))
    parts = re.split(r"\n\s*\n|\n(?=[A-Z].{200})", html.unescape(text))
    return [_SPACE.sub(" ", part).strip() for part in parts]


def _html_paragraphs(text: str) -> Iterator[str]:
    tree = LexborHTMLParser(text)
    for node in tree.css(_SKIPPED):
        node.decompose()
    for node in tree.css("p, li"):
        if node.tag == "li" and node.css_first("p, ul, ol"):
            continue
        line = _ASIDE.sub("", _SPACE.sub(" ", node.text()).strip())
        yield f"- {line}" if node.tag == "li" else line
