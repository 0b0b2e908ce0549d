"""What a group of statements is for the reader of source code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from sharedctx_workers.compressors.code_folds import Fold, Item, Kind
from sharedctx_workers.compressors.languages import Language

__all__ = ("Role", "comment_role", "is_header", "role_of")

_IMPORT = re.compile(
    r"(?:require|require_relative|include|include_once|require_once|load|source|\.)\b[ (]"
    r"|(?:const|let|var) [^=\n]{1,200}= ?require\("
)
_CONSTANT = re.compile(r"(?:[\w:<>\[\]*&]+ )*[A-Z][A-Z0-9_]+\b[^=\n(]*=")
_MAX_CONSTANT = 400
_SAMPLE = 1_000
_LICENSE = re.compile(r"copyright|licen[sc]e|spdx|all rights reserved", re.IGNORECASE)
_DEAD = re.compile(r"[;{}]\s*$|\w\(.*\)\s*$|^\W*(?:import|return|if) ", re.MULTILINE)
_TOOLING = re.compile(r"#!|.{0,4}-\*-")


class Role(Enum):
    """What a piece is for the reader."""

    IMPORT = "import"
    HEADER = "header"
    SIGNATURE = "signature"
    CONSTANT = "constant"
    DOC = "doc"
    DOC_REST = "doc rest"
    STATEMENT = "statement"
    FIELD = "field"
    BODY = "body"
    PART = "part of a body"
    DATA = "data"
    COMMENT = "comment"
    DEAD = "dead"


def role_of(text: str, language: Language, fold: Fold, items: Sequence[Item]) -> Role:
    """Return what `items` are, a group of statements of `fold` that are not all comments."""
    source = text[items[0].start : items[-1].end]
    is_import = any(item.type in language.imports for item in items)
    if is_import or _IMPORT.match(source[:240]):
        return Role.IMPORT
    if is_header(language, items) or items[0].type.startswith("#"):
        return Role.HEADER
    if fold.kind not in (Kind.TYPE, Kind.FILE) and not fold.has_definitions:
        return Role.BODY
    kind = items[0].type
    if kind in language.signatures and "(" in source:
        return Role.SIGNATURE
    if kind in language.constants or _CONSTANT.match(source[:_MAX_CONSTANT]):
        if any(item.folds for item in items):
            return Role.HEADER
        if len(source) < _MAX_CONSTANT or kind in language.constants:
            return Role.CONSTANT
    return Role.FIELD if fold.kind is Kind.TYPE else Role.STATEMENT


def comment_role(
    text: str, language: Language, items: Sequence[Item], after: Sequence[Item]
) -> Role:
    """Return what the comments `items` are, which come before the statements `after`."""
    start, end = items[0].start, items[-1].end
    source = text[start:end]
    if _TOOLING.match(source):
        return Role.IMPORT
    if not text[:start].strip() and _LICENSE.search(source[:_SAMPLE]):
        return Role.DEAD
    close = after and text.count("\n", end, after[0].start) < 2
    if close and is_header(language, after):
        return Role.DOC
    return Role.DEAD if _DEAD.search(source[:_SAMPLE]) else Role.COMMENT


def is_header(language: Language, items: Sequence[Item]) -> bool:
    """Whether `items` define something, or hold something that does."""
    return any(
        item.defines or any(fold.is_open for fold in item.folds) for item in items
    ) or any(item.type in language.attached for item in items[:1])
