"""Which compressor a content goes to: the first whose parser accepts it."""

from __future__ import annotations

from sharedctx.segments import Document
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors import Compressor, JsonCompressor, TextCompressor
from sharedctx_workers.compressors.code import CodeCompressor
from sharedctx_workers.compressors.config import ConfigCompressor
from sharedctx_workers.compressors.diff_compressor import DiffCompressor
from sharedctx_workers.compressors.html import HtmlCompressor
from sharedctx_workers.compressors.log_compressor import LogCompressor
from sharedctx_workers.compressors.markdown import MarkdownCompressor
from sharedctx_workers.compressors.mixed import MixedCompressor
from sharedctx_workers.compressors.search_compressor import SearchCompressor
from sharedctx_workers.compressors.table import TableCompressor

__all__ = ("COMPRESSORS", "as_text", "route")

# Kinds with a grammar of their own, the strictest first: what a diff or a log quotes does not make
# it a table, and comments do not make a program a document. Parts of mixed documents are offered to
# the same ones.
_GRAMMARS: tuple[Compressor, ...] = (
    JsonCompressor(),
    DiffCompressor(),
    SearchCompressor(),
    LogCompressor(),
    CodeCompressor(),
    TableCompressor(),
    ConfigCompressor(),
)

# Then what holds others, and at last text, which accepts everything.
COMPRESSORS: tuple[Compressor, ...] = (
    *_GRAMMARS,
    HtmlCompressor(_GRAMMARS),
    MixedCompressor(_GRAMMARS),
    MarkdownCompressor(_GRAMMARS),
    TextCompressor(),
)


def route(text: str, tokenizer: Tokenizer) -> tuple[Compressor, Document]:
    """Return the compressor for `text` and the document it made."""
    for compressor in COMPRESSORS:
        document = compressor.document(text, tokenizer)
        if document is not None:
            return compressor, document
    raise AssertionError("the text compressor accepts everything")


def as_text(text: str, tokenizer: Tokenizer) -> tuple[Compressor, Document]:
    """Return the text compressor and the document it made, whatever else `text` may be."""
    compressor = TextCompressor()
    return compressor, compressor.document(text, tokenizer)
