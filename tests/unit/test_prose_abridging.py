from __future__ import annotations

from collections.abc import Sequence

import pytest

from sharedctx import tokens
from sharedctx.segments import Document
from sharedctx_workers.compressors import TextCompressor
from sharedctx_workers.prose import LexicalBackend, abridge
from sharedctx_workers.prose.backend import LEVELS, Scores
from sharedctx_workers.prose.cutting import (
    ScoredSentence,
    cut_level,
    levels_of,
    without,
    word_price,
)
from sharedctx_workers.prose.survival import find_loss
from sharedctx_workers.prose.words import words_of

TOKENIZER = tokens.load()
TEXT = TextCompressor()


class Fixed:
    """Gives every word the score of its length."""

    name = "fixed-1"
    least = LEVELS
    capacity = 2_000

    def score(self, sentences: Sequence[Sequence[str]]) -> list[Scores]:
        return [Scores([min(LEVELS, len(word)) for word in words], LEVELS) for words in sentences]


def cut(text: str, drop: str) -> str:
    words = words_of(text)
    scores = [0 if word.name in drop.split() else LEVELS for word in words]
    return without(ScoredSentence(text, words, scores), 1)


@pytest.mark.parametrize(
    ("text", "drop", "expected"),
    [
        ("The server is up again.", "the is", "server up again."),
        ("    The server\n    is up.\n", "the is", "    server\n    up.\n"),
        ("We looked at\nthe server\nagain now.\n", "the server", "We looked at\nagain now.\n"),
        ("- The item is here: it is good.\n", "the is it", "- item here: good.\n"),
        ("It went well, though slow, today.", "well slow", "It went though today."),
        ("It was fine there.  Next one. ", "there", "It was fine. Next one. "),
        ("text  justified   in man\n", "in", "text justified man\n"),
    ],
)
def test_lines_and_ends_of_sentences_survive(text: str, drop: str, expected: str) -> None:
    assert cut(text, drop) == expected


def test_words_go_by_their_levels_until_enough_is_saved() -> None:
    text = "an elephant walked on by the house of glass"
    words = words_of(text)
    sentences = [ScoredSentence(text, words, [len(word.name) for word in words])]
    assert cut_level(sentences, 1, TOKENIZER.count) == 3
    assert cut_level(sentences, 5, TOKENIZER.count) == 4
    assert cut_level(sentences, 1000, TOKENIZER.count) == LEVELS
    assert cut_level(sentences, 0, TOKENIZER.count) == 0


def test_a_word_is_worth_more_in_a_better_sentence_and_less_for_more_tokens() -> None:
    assert word_price(1, 1, 1) == 1
    assert word_price(0.9, 0.5, 1) < word_price(0.5, 1, 1)
    assert word_price(0.5, 1, 2) < word_price(0.5, 1, 1) < 2 * word_price(0.5, 1, 2)


def test_levels_follow_prices_and_what_is_needed_has_the_highest() -> None:
    words = words_of("the telephone antidisestablishmentarianism of it")
    scores = Scores([4, 32, 32, 60, 32], LEVELS)
    assert TOKENIZER.count(" antidisestablishmentarianism") > TOKENIZER.count(" telephone") == 1
    the, short, long, of, it = levels_of(words, scores, 60, TOKENIZER.count)
    assert (the, short, of, it) == (4, 32, LEVELS, 32)
    assert the < long < short


@pytest.mark.parametrize(
    ("source", "abridged"),
    [
        ("it is not open", "it is open"),
        ("set it to 42 now", "set it now"),
        ("set it to 600 ms now", "set it to 600 now"),
        ("see /etc/hosts for it", "see for it"),
        ("pass --dry-run to it", "pass to it"),
        ("call getUserId here", "call here"),
        ("the value of MAX_SIZE is", "the value is"),
        ('he said "go away" twice', 'he said "go" twice'),
        ("only on Monday", "on Monday"),
        ("he met Alice there", "he met there"),
        ("a b", "b a"),
        ("a b", "a c"),
    ],
)
def test_losses_are_found(source: str, abridged: str) -> None:
    assert find_loss(source, abridged) is not None


def test_small_words_are_no_loss() -> None:
    source = "The server on port 8080 must not be restarted before the 3rd of May."
    assert find_loss(source, "server port 8080 must not be restarted before 3rd May.") is None


def article(sentences: int) -> str:
    return " ".join(
        f"The service number {i} was then restarted by the operator of the host h{i}, and it is "
        f"now running with the new configuration of version {i}.{i % 7}."
        for i in range(sentences)
    )


def document_of(text: str) -> Document:
    return TEXT.document(text, TOKENIZER)


def test_sentences_are_shortened_as_far_as_needed() -> None:
    document = document_of(article(40))
    before = sum(segment.tokens for segment in document.segments)
    sizes = []
    for excess in (50, 300, 10_000):
        shorter = abridge(document, excess, 0.1, TOKENIZER, Fixed())
        assert shorter is not None
        segments = shorter.document.segments
        sizes.append(sum(segment.tokens for segment in segments))
        for old, new in zip(document.segments, segments, strict=True):
            assert new.tokens == TOKENIZER.count(new.text)
            assert new.verbatim in ("", old.text)
            assert (new.span, new.rank) == (old.span, old.rank)
        share = sizes[-1] / before
        assert shorter.label.startswith("kompress:fixed-1:0.")
        assert float(shorter.label.rpartition(":")[2]) == pytest.approx(share, abs=0.1)
    assert before > sizes[0] > sizes[1] >= sizes[2]


def test_what_is_short_enough_stays_verbatim() -> None:
    document = document_of(article(40))
    assert abridge(document, 0, 0.1, TOKENIZER, LexicalBackend()) is None
    assert abridge(document, 100, 1.0, TOKENIZER, LexicalBackend()) is None


def test_a_document_that_takes_too_long_stays_verbatim() -> None:
    assert abridge(document_of(article(40)), 500, 0.1, TOKENIZER, Fixed()) is not None
    assert abridge(document_of(article(90)), 500, 0.1, TOKENIZER, Fixed()) is None


def test_other_languages_stay_verbatim() -> None:
    text = "Der Dienst wurde in der Nacht von dem Betreiber auf dem neuen Host gestartet. " * 20
    text += "The service was then started by the operator on the new host in the night. "
    assert abridge(document_of(text), 500, 0.0, TOKENIZER, Fixed()) is None


def test_only_sentences_are_shortened() -> None:
    text = (
        "# The heading of the whole of it\n\n"
        "> The quoted words of the other people who were there at the time.\n\n"
        "- git commit --all --message 'the message of the commit'\n\n"
        "```\nthe code that is in the block of the text is not to be touched\n```\n\n"
    ) + "".join(
        f"The sentences of part {i} that are in the middle may be shortened. " for i in range(9)
    )
    shorter = abridge(document_of(text), 10_000, 0.0, TOKENIZER, Fixed())
    assert shorter is not None
    changed = [segment.verbatim for segment in shorter.document.segments if segment.verbatim]
    assert changed
    assert all(source.startswith("The sentences") for source in changed)


def test_a_score_is_for_a_word_as_english_uses_it() -> None:
    (scores,) = LexicalBackend().score([["The", "server", "is", "xylophonic", "of", "very,"]])
    assert scores.keep[0] == scores.keep[2] == scores.keep[4] == scores.keep[5] == 0
    assert 0 < scores.keep[1] < scores.keep[3] == LEVELS
