from __future__ import annotations

import pytest

from sharedctx_workers.prose.words import is_sentence, words_of


def free(text: str) -> set[str]:
    return {text[word.start : word.end] for word in words_of(text) if word.is_free}


def kept(text: str) -> list[str]:
    return [text[word.start : word.end] for word in words_of(text) if not word.is_free]


@pytest.mark.parametrize(
    "word",
    [
        "42",
        "3.14",
        "90%",
        "/etc/hosts",
        "config.yaml",
        "https://example.org/a?b=c",
        "--dry-run",
        "-x",
        "snake_case",
        "camelCase",
        "CamelCase",
        "HTTP",
        "`name`",
        "f()",
        "user@example.org",
        "v1.2.3",
        "**bold**",
        "(aside)",
        "Frankfurt",
    ],
)
def test_what_is_no_plain_word_is_never_dropped(word: str) -> None:
    assert word in kept(f"we looked at {word} and the other thing")


@pytest.mark.parametrize(
    "word",
    [
        *("not", "never", "no", "without", "cannot", "don't", "isn’t", "neither", "nor"),
        *("must", "should", "may", "might", "could"),
        *("if", "unless", "when", "otherwise"),
        *("before", "after", "until", "since"),
        *("only", "except", "instead", "per", "than"),
    ],
)
def test_words_that_turn_or_bind_a_statement_are_never_dropped(word: str) -> None:
    assert word in kept(f"the old server was here {word} a new one is there")


def test_other_words_may_be_dropped() -> None:
    assert free("The server was restarted very quickly.") == {
        *("The", "server", "was", "restarted", "very", "quickly."),
    }


@pytest.mark.parametrize("word", ["I", "I've", "I’m", "either"])
def test_words_that_the_bare_sentence_does_without_may_be_dropped(word: str) -> None:
    assert word in free(f"on the next day {word} looked at it")


def test_a_capital_letter_by_itself_is_a_name_unless_it_is_the_pronoun() -> None:
    assert kept("and then I looked at plan B of it") == ["B"]


def test_what_is_denied_or_required_stays_with_the_word_that_says_so() -> None:
    assert kept("the old server must be restarted by somebody") == ["must", "restarted"]
    assert kept("it is not in the list") == ["not", "in", "list"]
    assert "closed." in kept("the connection is not closed.")


def test_comparisons_and_amounts_keep_their_words() -> None:
    assert {"newer", "than"} <= set(kept("files which are newer than the copy"))
    assert {"600", "seconds"} <= set(kept("it took about 600 seconds to start"))
    assert {"port", "8080"} <= set(kept("it listens on port 8080 at the moment"))


@pytest.mark.parametrize(
    "quoted", ['"the old value"', "“the old value”", "`the old value`", "'the old value'"]
)
def test_quotations_stay_whole(quoted: str) -> None:
    assert not free(f"it {quoted}") & set(quoted.split())


def test_names_at_the_beginning_of_sentences_stay() -> None:
    assert "New" in kept("New York is a city of the country.")
    assert "The" in free("The Linux kernel is here.")


@pytest.mark.parametrize(
    "text",
    [
        "git commit --amend --no-edit -m message here",
        "id=1 name=two state=open at=10:30 by=alice",
        "Der Server wird nach jedem Deploy neu gestartet und geprüft.",
        "Le serveur est redémarré après chaque déploiement de la version.",
        "服务器 每次 部署 之后 都 会 重新 启动",
    ],
)
def test_commands_records_and_other_languages_are_no_english_sentences(text: str) -> None:
    assert not is_sentence(words_of(text))


def test_sentences_are() -> None:
    assert is_sentence(words_of("The server is restarted after every deploy of the service."))
