"""What a writer says about the kind of a content, in the few words that workers understand.

A hint is honored and checked: the compressor of that kind is asked first, and a content that it
does not accept is read as if there were no hint. It is part of the compression profile, because the
same bytes can read differently as another kind.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Final, NamedTuple

from sharedctx.errors import InvalidRequest

__all__ = ("KINDS", "NO_HINT", "Hint", "make_hint")

KINDS: Final = (
    "code",
    "config",
    "diff",
    "html",
    "json",
    "log",
    "markdown",
    "mixed",
    "search",
    "table",
    "text",
    "xml",
)
"""The kinds of content that workers tell apart."""

_LANGUAGE = re.compile(r"[a-z0-9_]{1,32}")
_ALIASES: Final = {
    "c#": "csharp",
    "c++": "cpp",
    "c_sharp": "csharp",
    "cs": "csharp",
    "golang": "go",
    "js": "javascript",
    "objective-c": "objective_c",
    "py": "python",
    "rb": "ruby",
    "rs": "rust",
    "sh": "bash",
    "shell": "bash",
    "ts": "typescript",
}
_KIND_OF_SUFFIX: Final = {
    kind: suffixes.split()
    for kind, suffixes in {
        "config": "cfg conf css env hcl ini less properties scss tf toml yaml yml",
        "diff": "diff patch",
        "html": "htm html xhtml",
        "json": "geojson ipynb json jsonl ndjson",
        "log": "log",
        "markdown": "markdown md",
        "table": "csv tsv",
        "xml": "atom csproj plist pom rss svg wsdl xml xsd xsl",
    }.items()
}
_LANGUAGE_OF_SUFFIX: Final = {
    language: suffixes.split()
    for language, suffixes in {
        "bash": "bash sh",
        "c": "c",
        "cpp": "cc cpp cxx hh hpp hxx",
        "csharp": "cs",
        "dart": "dart",
        "elixir": "ex exs",
        "go": "go",
        "haskell": "hs",
        "java": "java",
        "javascript": "cjs js jsx mjs",
        "julia": "jl",
        "kotlin": "kt kts",
        "lua": "lua",
        "perl": "pl pm",
        "php": "php",
        "python": "py pyi",
        "r": "r",
        "ruby": "rb",
        "rust": "rs",
        "scala": "scala",
        "sql": "sql",
        "swift": "swift",
        "tsx": "tsx",
        "typescript": "cts mts ts",
        "zig": "zig",
    }.items()
}


class Hint(NamedTuple):
    """What a content is, by the word of who put it; empty for what they did not say.

    Attributes:
        kind: One of `KINDS`.
        language: Programming language of code: lower case letters, digits and underscores.
    """

    kind: str = ""
    language: str = ""


NO_HINT: Final = Hint()


def make_hint(
    kind: str | None = None, language: str | None = None, filename: str | None = None
) -> Hint:
    """Return the hint that these words give; what a file name tells comes last.

    Args:
        kind: One of `KINDS`.
        language: A programming language, by its name or the usual short form: ``py``, ``c++``.
        filename: Name or path of the file that the content was read from. One that tells nothing
            gives no hint.

    Raises:
        InvalidRequest: there is no such kind, or that cannot be the name of a language.
    """
    if kind is not None and kind not in KINDS:
        raise InvalidRequest(f"There is no kind {kind!r}. Use one of {', '.join(KINDS)}.")
    named = _of_filename(filename) if filename else NO_HINT
    if language is not None:
        named = Hint("code", _canonical(language))
    if kind is None or kind == named.kind:
        return named
    if language is not None:
        raise InvalidRequest(f"A language says that the kind is code, not {kind!r}. Give one only.")
    return Hint(kind)


def _canonical(language: str) -> str:
    name = language.strip().lower()
    name = _ALIASES.get(name, name)
    if not _LANGUAGE.fullmatch(name):
        raise InvalidRequest(
            f"{language!r} cannot be the name of a language. Use one such as python, cpp or c++."
        )
    return name


def _of_filename(filename: str) -> Hint:
    suffix = PurePath(filename).suffix[1:].lower()
    for kind, suffixes in _KIND_OF_SUFFIX.items():
        if suffix in suffixes:
            return Hint(kind)
    for language, suffixes in _LANGUAGE_OF_SUFFIX.items():
        if suffix in suffixes:
            return Hint("code", language)
    return NO_HINT
