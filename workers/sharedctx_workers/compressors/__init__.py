"""Compressors: pure functions from a text to a ranked `sharedctx.segments.Document`, by kind."""

from __future__ import annotations

from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.json_compressor import JsonCompressor
from sharedctx_workers.compressors.text import TextCompressor

__all__ = ("Compressor", "JsonCompressor", "TextCompressor")
