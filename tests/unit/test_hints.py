from __future__ import annotations

import pytest

from sharedctx.errors import InvalidRequest
from sharedctx.hints import KINDS, NO_HINT, Hint, make_hint
from sharedctx.records import Profile


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ({}, NO_HINT),
        ({"kind": "log"}, Hint("log")),
        ({"language": "C++"}, Hint("code", "cpp")),
        ({"language": "kotlin", "kind": "code"}, Hint("code", "kotlin")),
        ({"filename": "src/app.TS"}, Hint("code", "typescript")),
        ({"filename": "report.md"}, Hint("markdown")),
        ({"filename": "data.jsonl"}, Hint("json")),
        ({"filename": "LICENSE"}, NO_HINT),
        ({"filename": "-"}, NO_HINT),
        ({"filename": "app.py", "kind": "log"}, Hint("log")),
        ({"filename": "app.py", "kind": "code"}, Hint("code", "python")),
        ({"filename": "app.txt", "language": "py"}, Hint("code", "python")),
    ],
)
def test_words_make_a_hint(words: dict[str, str], hint: Hint) -> None:
    assert make_hint(**words) == hint


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ({"kind": "yaml"}, "config"),
        ({"language": "no such language!"}, "python"),
        ({"kind": "log", "language": "python"}, "one only"),
    ],
)
def test_words_that_make_none_are_refused(words: dict[str, str], remedy: str) -> None:
    with pytest.raises(InvalidRequest, match=remedy):
        make_hint(**words)


@pytest.mark.parametrize("hint", [NO_HINT, *map(Hint, KINDS), Hint("code", "c"), make_hint("code")])
def test_a_profile_carries_its_hint(hint: Hint) -> None:
    profile = Profile("o200k_base", 20, hint)
    assert Profile.parse(str(profile)) == profile
    assert str(Profile("o200k_base", 20)) == "o200k_base-20"
