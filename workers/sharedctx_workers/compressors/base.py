"""The interface of a compressor. Add one to `sharedctx_workers.router.COMPRESSORS` and it is used.

A compressor decides how each part of a content reads and how soon a reader needs it. It does not
decide what fits, write notes for what is left out, or check itself: `sharedctx.render` and
`sharedctx_workers.gate` do that for every kind.
"""

from __future__ import annotations

from typing import Protocol

from sharedctx.segments import Document
from sharedctx.tokens import Tokenizer

__all__ = ("Compressor",)


class Compressor(Protocol):
    """Makes ranked segments of one kind of content. Stateless, and the same for the same input."""

    @property
    def kind(self) -> str:
        """Name of the kind, as it appears in ``transforms``: lower case, one word."""
        ...

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as segments, or None when `text` is not of this kind.

        It finds out by parsing, takes time linear in `text` and raises for no input.
        """
        ...

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole`, the rendering that keeps every segment, still says all of `original`."""
        ...
