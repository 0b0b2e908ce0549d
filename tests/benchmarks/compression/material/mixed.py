"""Mixed documents: what agents hand over after they looked at several things.

Reports, transcripts and pages are put together from real outputs; only the sentences between them
are ours. A report of the test split is made of documents of the test split alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from tests.benchmarks.compression.documents import CorpusDocument, in_test_split
from tests.benchmarks.compression.sources import Source, document, files
from tests.benchmarks.compression.workshop import Package

__all__ = ("SOURCES", "compose")

SOURCES: Final[tuple[Source, ...]] = (
    files("mixed", Package("npm", "react-native-screens@4.30.1"), "package/README.md", count=1),
    files("mixed", Package("npm", "edge-js@26.1.0"), "package/README.md", count=1, low=3_000),
    files("mixed", Package("npm", "leveldown@6.1.1"), "package/README.md", count=1),
    files("mixed", Package("npm", "zod@3.25.76"), "package/README.md", count=1),
    files("mixed", Package("npm", "@asyncapi/specs@6.11.1"), "package/README.md", count=1),
    files("mixed", Package("npm", "world-countries@5.1.0"), "package/README.md", count=1),
    files("mixed", Package("npm", "prettier@3.6.0"), "package/README.md", count=1, low=3_000),
    files("mixed", Package("npm", "ajv@8.17.1"), "package/README.md", count=1),
    files(
        "mixed", Package("npm", "@octokit/fixtures@23.1.2"), "package/README.md", count=1, low=3_000
    ),
    files("mixed", Package("debian", "r-cran-ggplot2"), "**/doc/*.html", count=1, high=500_000),
)
_FENCES: Final = {"json": "json", "diff": "diff", "log": "text", "table": "text", "search": ""}
_EXCERPT: Final = 9_000
_OPENINGS: Final = (
    "I looked into the failure that was reported this morning. The raw outputs are kept below.",
    "This is the state of the work at the end of my turn. Nothing has been pushed yet.",
    "Two of the three questions are answered; the third needs access that I do not have.",
)
_BRIDGES: Final = (
    "The next output is not truncated. Note the entries that differ from the others.",
    "I ran this twice and the result did not change, so it is not a matter of timing.",
    "It does not explain the first symptom, but it must be ruled out before we change anything.",
    "I expected fewer than ten of these. There are more, and not all of them are harmless.",
    "Nobody has touched this part for at least 90 days, therefore I left it as it is.",
)


def _report(parts: Sequence[CorpusDocument], seed: int) -> str:
    """Return a Markdown report with a heading, sentences and a fence for each part."""
    text = [f"# Report {seed % 900 + 100}", "", _OPENINGS[seed % len(_OPENINGS)], ""]
    for number, part in enumerate(parts, 1):
        text += [f"## {number}. {part.name}", "", _BRIDGES[(seed + number) % len(_BRIDGES)], ""]
        text += _fenced(part)
    text += ["## Next steps", "", "1. Confirm the finding in section 1 on another host.",
             f"2. Do not close the ticket before section {len(parts)} is understood."]  # fmt: skip
    return "\n".join(text) + "\n"


def _fenced(part: CorpusDocument) -> list[str]:
    if part.kind == "text" and "```" not in part.text and "<html" not in part.text:
        return [part.text, ""]
    language = _FENCES.get(part.kind, (part.filename or "").rpartition(".")[2])
    mark = "````" if "```" in part.text else "```"
    return [f"{mark}{language}", part.text, mark, ""]


def _transcript(parts: Sequence[CorpusDocument], seed: int) -> str:
    """Return a chat of a user and an assistant that runs tools."""
    text = [f"User: {_OPENINGS[seed % len(_OPENINGS)]} Can you take it from here?", ""]
    for number, part in enumerate(parts, 1):
        text += [f"Assistant: {_BRIDGES[(seed + number) % len(_BRIDGES)]}"]
        text += [f"[tool call {number}: read {part.name}]", "Tool:", part.text, ""]
    text += ["Assistant: That is everything I have. I will not continue without a decision.", ""]
    return "\n".join(text)


def _page(parts: Sequence[CorpusDocument], seed: int) -> str:
    """Return outputs under their commands with sentences between them, without any markup."""
    text = [_OPENINGS[seed % len(_OPENINGS)], ""]
    for number, part in enumerate(parts, 1):
        text += [_BRIDGES[(seed + number) % len(_BRIDGES)], "", f"$ cat {part.name}"]
        text += [part.text, ""]
    return "\n".join(text)


def _excerpt(part: CorpusDocument) -> CorpusDocument:
    """Return `part`, cut between two lines at about `_EXCERPT` characters unless it is JSON."""
    text = part.text.rstrip("\n")
    if part.kind != "json" and len(text) > _EXCERPT and "\n" in text[:_EXCERPT]:
        text = text[: text.rfind("\n", 0, _EXCERPT)]
    return replace(part, text=text)


_SHAPES: Final[dict[str, Callable[[Sequence[CorpusDocument], int], str]]] = {
    "report": _report,
    "transcript": _transcript,
    "page": _page,
}
_KINDS: Final = ("json", "log", "code", "table", "search", "diff", "text")


def compose(corpus: Sequence[CorpusDocument]) -> Iterator[CorpusDocument]:
    """Yield documents made of parts of `corpus`, each of parts of its own split."""
    parts = [d for d in corpus if d.kind != "mixed" and len(d.text) < 60_000]
    for shape, build in _SHAPES.items():
        for number in range(1, 7):
            name = f"{shape}/{number}.md"
            seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4])
            own = [part for part in parts if part.test is in_test_split(name)]
            start = seed % len(_KINDS)
            kinds = (*_KINDS[start:], *_KINDS[:start])[: 3 + number % 3]
            chosen = [_excerpt(part) for kind in kinds if (part := _choice(own, name, kind))]
            if chosen:
                yield replace(document("mixed", name, build(chosen, seed)), parts=tuple(chosen))


def _choice(parts: Sequence[CorpusDocument], name: str, kind: str) -> CorpusDocument | None:
    """Return the part of `kind` that hashes lowest together with `name`."""
    of_kind = [part for part in parts if part.kind == kind]

    def place(part: CorpusDocument) -> bytes:
        return hashlib.sha256(f"{name} {part.name}".encode()).digest()

    return min(of_kind, key=place, default=None)
