"""The parts of the training that need no model: labels, questions, methods and intervals."""

from __future__ import annotations

import pytest

from training.bootstrap import paired_interval
from training.methods import (
    Method,
    Text,
    best_words,
    bm25,
    kept_words,
    random_words,
    sentence_method,
    stop_words,
    textrank,
    truncation,
    two_stage,
)
from training.metrics import answered, benefits, class_counts, classes_of, facts_kept, supported
from training.questions import Document, bare, fact_survives, gold, sentences, wanted
from training.sentences import centrality, density, sentence_scores
from training.words import mean_by_span, percentiles, split_words, values_by_word

TEXT = "The job failed at 14:02. It did not write /var/log/app.log before the retry."


def as_text(source: str, keep: list[float] | None = None) -> Text:
    words = split_words(source)
    places = sentences(source)
    free = ["." not in word.text[:-1] and word.text not in {"not", "before"} for word in words]
    return Text(
        words, [1] * len(words), places, free, keep or [0.5] * len(words), [0.5] * len(places)
    )


def shown(text: Text, kept: set[int]) -> str:
    return " ".join(text.words[at].text for at in sorted(kept))


def test_words_know_their_places() -> None:
    words = split_words("  a\tlong\n\nword. ")
    assert [(each.text, each.start, each.end) for each in words] == [
        ("a", 2, 3),
        ("long", 4, 8),
        ("word.", 10, 15),
    ]


def test_tokens_of_a_word_share_it_even_with_the_blank_in_front() -> None:
    words = split_words("un related text")
    spans = [(0, 2), (2, 5), (5, 10), (10, 15), (15, 15)]
    assert values_by_word(words, spans, [1.0, 2.0, 3.0, 4.0, 5.0]) == [[1.0], [2.0, 3.0], [4.0]]


def test_a_token_over_two_words_counts_for_the_first() -> None:
    assert values_by_word(split_words("a b"), [(0, 3)], [7.0]) == [[7.0], []]


def test_mean_by_span_is_zero_where_nothing_begins() -> None:
    assert mean_by_span([(0, 4), (4, 9)], [(0, 2), (2, 4)], [0.2, 0.4]) == [
        pytest.approx(0.3),
        0.0,
    ]


def test_percentiles_share_ranks_of_equal_values() -> None:
    assert percentiles([5.0, 1.0, 5.0]) == [0.75, 0.0, 0.75]
    assert percentiles([3.0]) == [0.5]


def test_sentences_end_at_marks_and_lines_but_not_in_numbers_or_paths() -> None:
    source = 'Took 3.5 s in app.core.run. "Why?" asked Ann\n- first\n- second'
    found = [source[start:end] for start, end in sentences(source)]
    assert found == ["Took 3.5 s in app.core.run.", '"Why?" asked Ann', "- first", "- second"]


def test_an_answer_needs_its_content_words_where_it_stands() -> None:
    words = split_words("the harbor of Ghent and Ghent")
    answer = (0, 15)
    assert wanted(words, answer) == [1, 3]
    assert answered(words, {1, 3}, answer)
    assert not answered(words, {1, 4, 5}, answer)


def test_an_answer_of_stop_words_needs_all_of_them() -> None:
    assert wanted(split_words("it was all of them"), (7, 18)) == [2, 3, 4]


def test_support_counts_the_words_of_the_question_in_its_sentence() -> None:
    words = split_words("Ann sold boats. Bob bought seven boats in Rome.")
    places = sentences("Ann sold boats. Bob bought seven boats in Rome.")
    question, answer = "How many boats has Bob bought in Rome?", (27, 32)
    assert supported(words, {3, 4, 5, 6}, answer, question, places)
    assert not supported(words, {3, 5}, answer, question, places)


def test_facts_are_words_without_case_and_punctuation() -> None:
    assert fact_survives(("not", "14:02"), ["Not,", "(14:02)."])
    assert not fact_survives(("not", "retry"), ["retry"])
    document = Document("m", TEXT, facts=(("failed", "14:02"), ("not", "before")))
    words = split_words(TEXT)
    assert facts_kept(document, words, {2, 4, 11}) == [True, False]


def test_bare_keeps_what_makes_names() -> None:
    assert [bare(word) for word in ("\"Ann's", "#12,", "--flag.", "close()", "/etc/x)")] == [
        "ann",
        "#12",
        "--flag",
        "close()",
        "/etc/x",
    ]


def test_classes_of_words() -> None:
    assert classes_of("can't") == {"negations"}
    assert classes_of("/var/log/x1") == {"numbers", "paths"}
    assert classes_of("max_retries") == {"identifiers"}
    assert classes_of("cannot") == {"negations", "modals"}
    assert classes_of("harbor") == set()
    counts = class_counts(split_words(TEXT), {4, 7})
    assert counts["numbers"] == (1, 1)
    assert counts["negations"] == (1, 1)
    assert counts["paths"] == (0, 1)


def test_methods_stay_within_the_budget() -> None:
    text = as_text(TEXT)
    ways: list[Method] = [
        truncation,
        random_words,
        stop_words(None),
        stop_words({"job": 0.1}),
        sentence_method(bm25),
        sentence_method(textrank),
        lambda text, budget: kept_words(text, budget, must_keep=True),
        two_stage,
    ]
    for way in ways:
        for budget in (0, 3, 9, 100):
            kept = way(text, budget)
            assert len(kept) <= budget
            assert kept <= set(range(len(text.words)))


def test_best_words_skip_what_does_not_fit() -> None:
    text = Text(split_words("a b c"), [1, 5, 1], [(0, 5)], [True] * 3)
    assert best_words(text, [0.1, 0.9, 0.5], 2) == {0, 2}


def test_stop_words_go_first_then_the_frequent_ones() -> None:
    text = as_text("the common rare of word")
    way = stop_words({"common": 0.2, "word": 0.5})
    assert shown(text, way(text, 2)) == "rare word"
    assert shown(text, way(text, 3)) == "common rare word"


def test_protected_words_outweigh_scores() -> None:
    keep = [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.0, 0.9, 0.0, 0.0, 0.9, 0.9]
    text = as_text(TEXT, keep)
    assert shown(text, kept_words(text, 3, must_keep=True)) == "not /var/log/app.log before"
    assert shown(text, kept_words(text, 3, must_keep=False)) == "The job failed"


def test_two_stages_keep_words_of_the_better_sentence_only() -> None:
    source = "Plain words stand here. Better words stand there."
    text = as_text(source)
    text = Text(text.words, text.costs, text.sentences, text.is_free, text.keep, [0.2, 0.8])
    assert shown(text, two_stage(text, 3)) == "Better words stand"


def test_two_stages_keep_what_is_worth_the_price_of_both() -> None:
    source = "The pump of it leaks. It was so."
    keep = [0.1, 0.9, 0.1, 0.1, 0.9, 0.2, 0.1, 0.3]
    text = as_text(source, keep)
    text = Text(text.words, text.costs, text.sentences, [True] * 8, keep, [0.9, 0.3])
    assert shown(text, two_stage(text, 2)) == "pump leaks."
    assert two_stage(text, 8) == set(range(8))


def test_central_sentences_share_words_with_the_others() -> None:
    terms = [["pump", "valve"], ["pump", "valve", "leak"], ["lunch"]]
    values = centrality(terms)
    assert values[2] == 0.0
    assert min(values[:2]) > 0.0


def test_dense_sentences_score_above_empty_ones() -> None:
    words = split_words("so it was. Ann paid 12 euros.")
    scores = [0.1, 0.1, 0.1, 0.9, 0.6, 1.0, 0.8]
    dense = [density(words, scores, span) for span in ((0, 10), (11, 29))]
    assert dense[0] == 0.0
    assert sentence_scores(dense, [0.0, 0.0], usual=0.2, share=0.3)[1] > 0.3


def test_the_interval_of_a_constant_difference_is_that_difference() -> None:
    mean, low, high = paired_interval(["a", "a", "b"], [1, 1, 1], [0, 0, 0])
    assert (mean, low, high) == (1.0, 1.0, 1.0)


def test_the_interval_draws_whole_groups() -> None:
    groups = ["a"] * 50 + ["b"] * 50
    mean, low, high = paired_interval(groups, [1.0] * 50 + [0.0] * 50, [0.0] * 100)
    assert mean == 0.5
    assert (low, high) == (0.0, 1.0)
    assert paired_interval([], [], []) == (0.0, 0.0, 0.0)


def test_the_whole_text_is_worth_one_and_none_is_worth_nothing() -> None:
    none, whole = [4.0, 2.0], [1.0, 1.0]
    assert benefits(none, whole, none) == [0.0, 0.0]
    assert sum(benefits(none, whole, whole)) / 2 == pytest.approx(1.0)
    assert sum(benefits(none, whole, [2.0, 2.0])) / 2 == pytest.approx(0.5)


def test_messages_are_many_and_their_facts_are_in_them() -> None:
    messages = gold()
    assert len(messages) == 120
    for message in messages:
        words = message.text.split()
        assert 60 <= len(words) <= 180
        assert 5 <= len(message.facts) <= 8
        for fact in message.facts:
            assert fact_survives(fact, words), fact
