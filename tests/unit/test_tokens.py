from __future__ import annotations

import json
from importlib import resources
from unittest import mock

import pytest
import tiktoken_ext.openai_public as upstream

from sharedctx import tokens
from sharedctx.errors import InvalidRequest


@pytest.mark.parametrize(
    ("encoding", "text", "count"),
    [
        ("o200k_base", "hello world", 2),
        ("o200k_base", "", 0),
        ("o200k_base", "<|endoftext|>", 7),
        ("cl100k_base", "tiktoken is great!", 6),
    ],
)
def test_known_counts(encoding: str, text: str, count: int) -> None:
    assert tokens.load(encoding).count(text) == count


@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
def test_definitions_are_those_of_the_installed_tiktoken(encoding: str) -> None:
    text = resources.files("sharedctx").joinpath("_vocab/encodings.json").read_text("utf-8")
    ours = json.loads(text)[encoding]
    with mock.patch.object(upstream, "load_tiktoken_bpe", return_value={}) as load:
        theirs = getattr(upstream, encoding)()
    assert ours["pattern"] == theirs["pat_str"]
    assert ours["special_tokens"] == theirs["special_tokens"]
    assert ours["sha256"] == load.call_args.kwargs["expected_hash"]


@pytest.mark.parametrize("blank", [" ", "\n", "\t ", "\u3000"])
def test_endless_white_space_can_be_counted(blank: str) -> None:
    assert tokens.load().count("a" + blank * 1_000_000 + "b") > 2


def test_lone_surrogates_can_be_counted() -> None:
    assert tokens.load().count("a\ud800b") > 0


def test_models_have_encodings() -> None:
    assert tokens.encoding_for_model("gpt-4o") == "o200k_base"
    assert tokens.encoding_for_model("gpt-4") == "cl100k_base"
    assert tokens.encoding_for_model(tokens.DEFAULT_MODEL) == "o200k_base"
    assert tokens.encoding_for_model("text-davinci-003") == "o200k_base"


def test_an_unknown_tokenizer_names_the_remedy() -> None:
    with pytest.raises(InvalidRequest, match="entry point group"):
        tokens.load("no-such-tokenizer")
