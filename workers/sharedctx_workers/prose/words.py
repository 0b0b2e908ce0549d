"""The words of a sentence, and which of them a reader cannot do without, whatever a model says.

A word may be dropped only if it is a plain word: letters, in lower case or at the beginning of its
sentence. So numbers, paths, URLs, identifiers, flags, names and markup stay, whatever they look
like. Of the plain words those stay that turn a statement around or bound it (negations, modals,
conditions, order in time, exceptions), with what they are about; and what is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from sharedctx.ranking import COMMON_WORDS

__all__ = ("Word", "is_long", "is_sentence", "words_of")

_WORD = re.compile(r"\S+")
_PLAIN = re.compile(r"([A-Za-z]+(?:['’-][A-Za-z]+)*)([,;:.!?…]*)")
_I = re.compile(r"I(?:['’](?:m|ve))?")
_QUOTED = re.compile(
    r"\"[^\"\n]{1,200}(?:\n[^\"\n]{1,200})?\"|“[^”]{1,300}”|«[^»]{1,300}»|``?[^`]{1,200}`"
    r"|(?<![\w'])'\S(?:[^'\n]{0,80}\S)?'(?!\w)|\[[^\]]{1,200}\](?:\([^)\s]{0,300}\)|\[[^\]]{0,100}\])"
)

_MARK = re.compile(r"[\"'“«`\[]")


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


# What turns a statement around or binds it, which it does together with the words after it.
_TURNS = _set(
    "no not never none nothing nobody nowhere neither nor without cannot lack lacks fail fails "
    "failed unable avoid refuse refuses refused deny denies denied only except unless must should "
    "shall"
)
_MODALS = _set("may might can could will would ought need needs required")
_CONDITIONS = _set("if when whenever whether otherwise else provided or")
_TIMES = _set("before after until till since during while once first last next")
_BOUNDS = _set(
    "instead than per versus vs least most more less fewer every each all both between always twice"
)
# Between a word of `_TURNS` and what it is about these say nothing.
_LIGHT = _set("a an the be been")
_KEPT = _TURNS | _MODALS | _CONDITIONS | _TIMES | _BOUNDS
_ABOUT = 4  # words after one of `_TURNS` that are looked at for what it is about
_LEAST_WORDS = 6
_LEAST_COMMON = 0.15


class Word(NamedTuple):
    """``text[start:end]``, without white space.

    Attributes:
        name: Its letters in lower case; empty unless it is a plain word.
        stop: Where its letters end and the punctuation after it begins.
        is_free: Whether it may be dropped.
    """

    start: int
    end: int
    name: str
    stop: int
    is_free: bool


def words_of(text: str) -> list[Word]:
    """Return the words of the sentence `text`, in order."""
    words = []
    quoted = _quoted(text)
    begins = True
    for found in _WORD.finditer(text):
        start, end = found.span()
        plain = _PLAIN.fullmatch(found[0])
        # Capital letters make a name, except where a sentence begins and in the pronoun.
        letters = plain[1] if plain else ""
        is_plain = letters.islower() or (begins and (letters[1:].islower() or len(letters) == 1))
        is_plain = is_plain or bool(_I.fullmatch(letters))
        name = letters.lower()
        is_free = is_plain and name not in _KEPT and not name.endswith(("n't", "n’t"))
        if quoted and is_free:
            is_free = not any(start < last and end > first for first, last in quoted)
        words.append(Word(start, end, name, start + len(name) if plain else end, is_free))
        begins = found[0][-1] in ".!?:" or (begins and not any(map(str.isalnum, found[0])))
    return _with_neighbors(words, text)


def is_long(words: Sequence[Word]) -> bool:
    """Whether there are enough words to tell what they are, and to leave some out."""
    return len(words) >= _LEAST_WORDS


def is_sentence(words: Sequence[Word]) -> bool:
    """Whether `words` are an English sentence rather than a command, a record or another language.

    Most of its words are plain, and among them are some of those that hold any English sentence
    together.
    """
    plain = [word.name for word in words if word.is_free or word.name in _KEPT]  # not quoted
    common = sum(name in COMMON_WORDS for name in plain)
    return 2 * len(plain) >= len(words) and common >= _LEAST_COMMON * len(words)


def _quoted(text: str) -> list[tuple[int, int]]:
    if not _MARK.search(text):
        return []
    return [found.span() for found in _QUOTED.finditer(text)]


def _with_neighbors(words: list[Word], text: str) -> list[Word]:
    """Keep what the words that stay are about: denied, compared, counted, or part of a name."""
    for i, word in enumerate(words):
        if word.name in _TURNS or word.name.endswith(("n't", "n’t")):
            _keep_object(words, i)
        elif word.name == "than" and i:
            words[i - 1] = words[i - 1]._replace(is_free=False)
        elif not word.name and any(map(str.isdigit, text[word.start : word.end])):
            for near in (i - 1, i + 1):
                if 0 <= near < len(words) and words[near].name not in COMMON_WORDS:
                    words[near] = words[near]._replace(is_free=False)
        elif word.is_free and text[word.start].isupper() and _names(words, i + 1, text):
            words[i] = word._replace(is_free=word.name in COMMON_WORDS)
    return words


def _keep_object(words: list[Word], i: int) -> None:
    """Keep the words after word `i`, but light ones, up to one that says something by itself."""
    for near in range(i + 1, min(i + 1 + _ABOUT, len(words))):
        if words[near].name not in _LIGHT:
            words[near] = words[near]._replace(is_free=False)
        if words[near].name not in COMMON_WORDS:
            break


def _names(words: Sequence[Word], i: int, text: str) -> bool:
    """Whether word `i` has a capital letter, so that the one before it may be part of a name."""
    return i < len(words) and text[words[i].start].isupper()
