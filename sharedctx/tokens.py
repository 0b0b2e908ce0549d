"""Exact token counts without a network: tiktoken built from the vocabularies in this package.

Building an encoding takes about half a second of CPU, so it happens once per process, on first
use; call `load` in a thread when an event loop is running.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from functools import cache
from importlib import metadata, resources
from typing import Protocol, cast, runtime_checkable

import tiktoken

from sharedctx.errors import InvalidRequest, SharedContextError

__all__ = (
    "DEFAULT_ENCODING",
    "DEFAULT_MODEL",
    "Tokenizer",
    "encoding_for_model",
    "load",
    "load_for_document",
    "register",
)

DEFAULT_MODEL = "claude-sonnet-4-5-20250929"
DEFAULT_ENCODING = "o200k_base"
_ENTRY_POINTS = "sharedctx.tokenizers"
_BLOCK = 50_000
# A line and the blank ones after it. No token of an encoding goes on beyond these: where the next
# line says something, only a slash at its beginning can belong to what the line before ends with.
_LINE = re.compile(r"[^\n]*\n(?:\s*[\r\n]|/[^\n]*\n?)*+|[^\n]+")
_MAX_LINE, _MAX_LINES = 512, 1 << 16
_lock = threading.Lock()
_loaded: dict[str, Tokenizer] = {}


@runtime_checkable
class Tokenizer(Protocol):
    """Counts tokens. Register others under the entry point group ``sharedctx.tokenizers``.

    Clients and workers must both be able to load a tokenizer that is used, by its name.
    """

    @property
    def name(self) -> str:
        """Name of the encoding, as entries report it: letters, digits, ``_`` and ``-``."""
        ...

    def count(self, text: str) -> int:
        """Number of tokens in `text`. Called from threads and worker processes."""
        ...


class _TiktokenTokenizer:
    """A tiktoken encoding whose vocabulary ships with this package."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        self._encoding = encoding

    @property
    def name(self) -> str:
        return self._encoding.name

    def count(self, text: str) -> int:
        return self._count(text) if len(text) <= _BLOCK else sum(map(self._count, _bounded(text)))

    def for_document(self) -> Tokenizer:
        """Return a tokenizer that counts the same and remembers lines, for one thread."""
        return _LineTokenizer(self._encoding)

    def _count(self, text: str) -> int:
        # encode_ordinary, because tool output may contain the literal text of special tokens.
        return len(self._encoding.encode_ordinary(text))


class _LineCounts(dict[str, int]):
    """Tokens of lines, counted when asked for the first time; a bounded number is remembered."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        super().__init__()
        self._encode = encoding.encode_ordinary

    def __missing__(self, line: str) -> int:
        count = len(self._encode(line))
        if len(line) <= _MAX_LINE:
            if len(self) >= _MAX_LINES:
                self.clear()
            self[line] = count
        return count


class _LineTokenizer(_TiktokenTokenizer):
    """The same, with a memory for lines, so that the parts of a text cost little after the text."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        super().__init__(encoding)
        self._of_line = _LineCounts(encoding).__getitem__

    def _count(self, text: str) -> int:
        return sum(map(self._of_line, _LINE.findall(text)))


def _bounded(text: str) -> Iterator[str]:
    """Split `text` inside runs of white space that are too long for tiktoken's splitter.

    It gives up at about a million blanks in a row. A cut there can add one token.
    """
    start = 0
    for end in range(_BLOCK, len(text), _BLOCK):
        if text[end - _BLOCK : end].isspace():
            yield text[start:end]
            start = end
    yield text[start:]


@cache
def _shipped() -> dict[str, dict[str, object]]:
    text = resources.files("sharedctx").joinpath("_vocab/encodings.json").read_text("utf-8")
    return cast("dict[str, dict[str, object]]", json.loads(text))


def _build(name: str) -> _TiktokenTokenizer:
    spec = _shipped()[name]
    packed = resources.files("sharedctx").joinpath(f"_vocab/{name}.tiktoken.gz").read_bytes()
    ranks = gzip.decompress(packed)
    if hashlib.sha256(ranks).hexdigest() != spec["sha256"]:
        raise SharedContextError(
            f"The vocabulary {name} in this installation is damaged. Reinstall sharedctx."
        )
    pairs = (line.split() for line in ranks.splitlines())
    vocabulary = {base64.b64decode(token): int(rank) for token, rank in pairs}
    encoding = tiktoken.Encoding(
        name,
        pat_str=cast("str", spec["pattern"]),
        mergeable_ranks=vocabulary,
        special_tokens=cast("dict[str, int]", spec["special_tokens"]),
    )
    # It counts by a copy in Rust, and would keep this one, of tens of MB, for nothing.
    vocabulary.clear()
    return _TiktokenTokenizer(encoding)


def _from_entry_point(name: str) -> Tokenizer:
    found = metadata.entry_points(group=_ENTRY_POINTS, name=name)
    if not found:
        known = ", ".join(sorted(_shipped()))
        raise InvalidRequest(
            f"No tokenizer is named {name!r}. Use one of {known}, or install a package that "
            f"registers it under the entry point group {_ENTRY_POINTS!r}."
        )
    tokenizer = next(iter(found)).load()()
    if not isinstance(tokenizer, Tokenizer):
        raise InvalidRequest(f"The entry point {name!r} does not make a sharedctx Tokenizer.")
    return tokenizer


def register(tokenizer: Tokenizer) -> None:
    """Make `load` return `tokenizer` by its name, in this process."""
    with _lock:
        _loaded[tokenizer.name] = tokenizer


def load(name: str = DEFAULT_ENCODING) -> Tokenizer:
    """Return the tokenizer called `name`, building it on first use (about 0.5 s of CPU).

    Raises:
        InvalidRequest: nothing of that name ships or is registered.
    """
    with _lock:
        if name not in _loaded:
            _loaded[name] = _build(name) if name in _shipped() else _from_entry_point(name)
        return _loaded[name]


def load_for_document(name: str) -> Tokenizer:
    """Return the tokenizer called `name` for counting a document and then its parts, in one thread.

    It counts as the one that `load` returns, and counts lines that it has seen only once if it can.

    Raises:
        InvalidRequest: as `load`.
    """
    tokenizer = load(name)
    return tokenizer.for_document() if isinstance(tokenizer, _TiktokenTokenizer) else tokenizer


def encoding_for_model(model: str) -> str:
    """Return the name of the encoding that counts for `model`.

    OpenAI models get their own encoding. For others no exact tokenizer is public, so counts are
    in o200k_base tokens; every entry names the encoding of its counts.
    """
    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return DEFAULT_ENCODING
    return name if name in _shipped() else DEFAULT_ENCODING
