"""Prose: sentences without the words that say least, as a model or a table of words sees it."""

from __future__ import annotations

from sharedctx_workers.prose.abridging import Abridged, abridge
from sharedctx_workers.prose.backend import Backend
from sharedctx_workers.prose.lexical import LexicalBackend

__all__ = ("Abridged", "Backend", "LexicalBackend", "abridge")
