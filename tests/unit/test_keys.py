from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedctx.errors import InvalidKey, InvalidNamespace
from sharedctx.keys import MAX_ENCODED_KEY_BYTES, decode_key, encode_key, subjects_of

any_text = st.text(st.characters(exclude_categories=[]), max_size=80)


@given(any_text)
def test_every_key_round_trips(key: str) -> None:
    assert decode_key(encode_key(key)) == key


@given(any_text, any_text)
def test_different_keys_have_different_tokens(one: str, other: str) -> None:
    assert (encode_key(one) == encode_key(other)) == (one == other)


@given(any_text)
def test_tokens_hold_nothing_that_nats_treats_specially(key: str) -> None:
    token = encode_key(key)
    assert token
    assert not set(token) & set(" \t\r\n.*>\x00")
    assert token.isascii()


@pytest.mark.parametrize(
    "key", [chr(byte) for byte in range(256)] + [">", "a.b", "..", "é", "\ud800"]
)
def test_keys_with_every_byte(key: str) -> None:
    assert decode_key(encode_key(key)) == key


@given(st.text("ABab01=-_/é.", max_size=12))
def test_decoding_accepts_only_what_encoding_writes(token: str) -> None:
    try:
        key = decode_key(token)
    except InvalidKey:
        return
    assert encode_key(key) == token


def test_longest_key_fits_and_one_more_byte_does_not() -> None:
    assert len(encode_key("k" * MAX_ENCODED_KEY_BYTES)) == MAX_ENCODED_KEY_BYTES
    with pytest.raises(InvalidKey, match="1025 bytes"):
        encode_key("k" * (MAX_ENCODED_KEY_BYTES + 1))


@pytest.mark.parametrize("key", [None, 7, b"bytes"])
def test_a_key_is_a_str(key: object) -> None:
    with pytest.raises(InvalidKey, match="A key is a str"):
        encode_key(key)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["", "a.b", "a b", "x" * 65, "a_renditions", "a_blobs", "a_history", "é"]
)
def test_bad_namespaces_are_refused(name: str) -> None:
    with pytest.raises(InvalidNamespace):
        subjects_of(name)


def test_subjects_of_two_namespaces_never_meet() -> None:
    one, other = subjects_of("a"), subjects_of("a_b")
    assert not set(one[1:]) & set(other[1:])
    assert one.key_of(one.entry("x.y")) == "x.y"
