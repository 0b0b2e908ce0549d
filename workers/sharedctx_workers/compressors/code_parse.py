"""Parsing source code within bounds that depend on the text alone, never on the clock."""

from __future__ import annotations

import re
from typing import NamedTuple

from tree_sitter import Node, Parser, Point, Tree

from sharedctx_workers.compressors.languages import Language, grammar

__all__ = ("Parsed", "fails_early", "parse_code")

_INK = re.compile(r"[^\n]")
_NON_ASCII = re.compile(r"[^\x00-\x7f]")
# The parser asks again after many a token and holds on to every answer, so answers are short.
_CHUNK = 256
# The parser reports about once per 200 characters of ordinary code, ten times as often is hopeless.
_REPORTS = 1_000
_CHARS_PER_REPORT = 16
# Some scanners look ahead over all comments at every comment; what that may read is bounded too.
_READS = 20_000
_CHARS_PER_READ = 4
# Of a text, so much is parsed to see whether the rest is worth it; so many times the damage that is
# tolerated is too much of it.
_SAMPLE = 1 / 8
_MIN_SAMPLE, _MAX_SAMPLE = 4_000, 16_000
# Before a line that is neither indented nor of a block of comment.
_MARGIN = re.compile(r"\n(?=[^\s*])")
_MIN_DAMAGE, _HOPELESS = 150, 3


class Parsed(NamedTuple):
    """A text and its tree, whose byte offsets are character offsets of the text.

    Attributes:
        text: The text.
        masked: The text with a letter for every character that is not ASCII, without macros that no
            grammar can read.
        tree: The syntax tree.
        errors: How many places could not be parsed.
        damage: How many characters they cover.
        rewritten: Whether what the language may find strange is masked, too.
    """

    text: str
    masked: str
    tree: Tree
    errors: int
    damage: int
    rewritten: bool


def parse_code(text: str, language: Language, *, rewritten: bool | None = None) -> Parsed | None:
    """Return `text` parsed as `language`; None if that takes unreasonably many steps.

    What the language may find strange in it is written over if `rewritten` says so; None does what
    damages less.
    """
    masked = text.removeprefix("\ufeff").rjust(len(text))
    if not masked.isascii():
        masked = _NON_ASCII.sub("a", masked)
    if language.macros is not None:
        masked = language.macros.sub(_blank, masked)
    plain = None if rewritten else _parse(text, masked, language)
    is_clean = plain is not None and not plain.errors
    if language.strange is None or rewritten is False or is_clean:
        return plain
    familiar = language.strange.sub(_blank, masked)
    if plain is not None and familiar == masked:
        return plain
    other = _parse(text, familiar, language, rewritten=True)
    if plain is None or other is None:
        return plain or other
    return min(plain, other, key=lambda each: each.damage)


def _parse(text: str, masked: str, language: Language, *, rewritten: bool = False) -> Parsed | None:
    """Return `text` parsed as what `masked` is."""
    data = masked.encode("ascii")
    limit = _REPORTS + len(data) // _CHARS_PER_REPORT
    reads_left = _READS + len(data) // _CHARS_PER_READ
    reports = 0

    def read(offset: int, _: Point) -> bytes:
        nonlocal reads_left
        reads_left -= 1
        return data[offset : offset + _CHUNK] if reads_left > 0 else b""

    def hopeless(_: int, __: bool) -> bool:  # noqa: FBT001  # tree-sitter calls it so
        nonlocal reports
        reports += 1
        return reports > limit or reads_left <= 0

    try:
        tree = Parser(grammar(language)).parse(read, progress_callback=hopeless)
    except ValueError:  # what the parser raises when it is stopped
        return None
    if reads_left <= 0:
        return None
    errors, damage = _damage(tree, len(data))
    return Parsed(text, masked, tree, errors, damage, rewritten)


def fails_early(text: str, language: Language) -> bool:
    """Whether the beginning of `text` is beyond repair as `language`: what fails is slow to parse.

    What a sample breaks off seems damaged, so it ends before a line that is not indented, and only
    the first half of it counts.
    """
    size = min(max(_MIN_SAMPLE, int(_SAMPLE * len(text))), _MAX_SAMPLE)
    ends = [margin.end() for margin in _MARGIN.finditer(text, size // 2, size)]
    if not ends or 2 * size > len(text):
        return False
    parsed = parse_code(text[: ends[-1]], language)
    if parsed is None:
        return True
    half = ends[-1] // 2
    _, damage = _damage(parsed.tree, half)
    return damage > max(_MIN_DAMAGE, _HOPELESS * language.tolerance * half)


def _blank(found: re.Match[str]) -> str:
    """Return what `found` matches with blanks in place of its group, the end of it."""
    macro = found[found.lastindex] if found.lastindex else ""
    return found[0].removesuffix(macro) + _INK.sub(" ", macro)


def _damage(tree: Tree, end: int) -> tuple[int, int]:
    """Return how many nodes are errors that begin before `end`, and what they cover up to there.

    One error can hold a whole file of sound definitions; what is structured in it is no damage.
    """
    cursor = tree.walk()
    errors = damage = 0
    while True:
        node = cursor.node
        assert node is not None
        if (node.is_error or node.is_missing) and node.start_byte < end:
            errors += 1
            damage += max(1, _clipped(node, end) - _structured(node, end))
        if node.has_error and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return errors, damage


def _structured(node: Node, end: int) -> int:
    """Return how many characters of an error its children cover that have children themselves."""
    return sum(_clipped(child, end) for child in node.children if child.child_count)


def _clipped(node: Node, end: int) -> int:
    """Return how many characters `node` has before `end`."""
    return max(0, min(node.end_byte, end) - node.start_byte)
