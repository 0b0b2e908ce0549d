"""What a group of statements is for the reader of source code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from sharedctx_workers.compressors.code_folds import Fold, Item, Kind
from sharedctx_workers.compressors.languages import Language

__all__ = ("Role", "comment_role", "is_header", "is_tooling", "role_of")

_IMPORT = re.compile(
    r"(?:require|require_relative|include|include_once|require_once|load|source|\.)\b[ (]"
    r"|(?:const|let|var) [^=\n]{1,200}= ?require\("
)
_CONSTANT = re.compile(r"(?:[\w:<>\[\]*&]+ )*[A-Z][A-Z0-9_]+\b[^=\n(]*=|[A-Z]\w* = ")
# What binds a name for good: by a word of the language, or by assignment to a plain name.
_BINDS = re.compile(
    r"(?:export |default |declare |public |private |protected |internal |pub )*"
    r"(?:(?:static|final|readonly|const|constexpr|val|var|let)\b|\w+(?:: [^=\n]{1,80})? = )"
)
# `name: type` of Python, what records are made of.
_DECLARES = re.compile(r"\w+: \S[^=]*")
_REEXPORT = re.compile(r"export (?:type )?[{*]")
_MAX_CONSTANT = 400
_SAMPLE = 1_000
_LICENSE = re.compile(r"copyright|licen[sc]e|spdx|all rights reserved", re.IGNORECASE)
_DEAD = re.compile(r"[;{}]\s*$|\w\(.*\)\s*$|^\W*(?:import|return|if) ", re.MULTILINE)
_FOR_TOOLS = r"(?:#!|.{0,4}-\*-)"
_TOOLING = re.compile(_FOR_TOOLS)
_AT_TOP = re.compile(rf"\s*(?:{_FOR_TOOLS}.*\n\s*)*")


class Role(Enum):
    """What a piece is for the reader."""

    IMPORT = "import"
    HEADER = "header"
    GROUP = "header of a group"
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
    start, end = items[0].start, items[-1].end
    source, folded = text[start:end], any(item.folds for item in items)
    if any(item.type in language.imports for item in items) or _IMPORT.match(source[:240]):
        return Role.IMPORT
    if is_header(language, items) or items[0].type.startswith("#"):
        return Role.HEADER
    if any(item.type in language.groups for item in items):
        return Role.GROUP
    if _REEXPORT.match(source) or _imports(fold, items):
        return Role.IMPORT
    if fold.kind in (Kind.TYPE, Kind.FILE):
        return _member_role(source, language, fold, items[0].type, folded=folded)
    is_constant = fold.kind is Kind.BLOCK and _CONSTANT.match(source[:_MAX_CONSTANT])
    return Role.CONSTANT if is_constant and len(source) < _MAX_CONSTANT else Role.BODY


def _imports(fold: Fold, items: Sequence[Item]) -> bool:
    """Whether something is imported in `items` outside of what can be folded in them."""
    place = items[0].start
    for inner in (inner for item in items for inner in item.folds):
        if fold.mentions.has_import(place, inner.start):
            return True
        place = inner.end
    return fold.mentions.has_import(place, items[-1].end)


def _member_role(source: str, language: Language, fold: Fold, kind: str, *, folded: bool) -> Role:
    """Return what a statement of a file or a member of a type is that defines nothing to run."""
    head = source[:_MAX_CONSTANT]
    told, binds, _ = head.partition("=")
    # What is only declared has no value: there `=` says what a parameter is by default.
    told = source if kind.endswith("_signature") else told
    if kind in language.signatures and "(" in told:
        return Role.SIGNATURE
    is_global = kind in language.signatures and binds and fold.kind is Kind.FILE
    is_declared = kind == "expression_statement" and _DECLARES.fullmatch(head)
    is_bound = is_global or is_declared or _CONSTANT.match(head) or _BINDS.match(head)
    if kind in language.constants or is_bound:
        if folded:
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
    if is_tooling(source):
        return Role.IMPORT
    if _AT_TOP.fullmatch(text, 0, start) and _LICENSE.search(source[:_SAMPLE]):
        return Role.DEAD
    close = after and text.count("\n", end, after[0].start) < 2
    if close and is_header(language, after):
        return Role.DOC
    return Role.DEAD if _DEAD.search(source[:_SAMPLE]) else Role.COMMENT


def is_tooling(comment: str) -> bool:
    """Whether `comment` begins with what tells programs, not readers, how to treat the file."""
    return _TOOLING.match(comment) is not None


def is_header(language: Language, items: Sequence[Item]) -> bool:
    """Whether `items` define something, or hold something that does."""
    if items[0].type in language.attached or any(item.defines for item in items):
        return True
    return any(fold.is_structure for item in items for fold in item.folds)
