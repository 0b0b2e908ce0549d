from __future__ import annotations

import json

import pytest

from sharedctx.decode import decode_json, decode_values
from sharedctx.exact_json import MAX_DEPTH, Scannable, dump, parse, scan

TABLE = """[4 rows: id,"a.b",kind="x,y",geo.city,geo.zip:str,tags
1,Ann,Rome,00100,["a",{"b":null}]
2,"Bob, jr",,true
 [1],null,
{"id":3,"note":[1,2]}
]"""


def test_every_kind_of_cell() -> None:
    assert decode_json(TABLE) == (
        '[{"id":1,"a.b":"Ann","kind":"x,y","geo":{"city":"Rome","zip":"00100"},'
        '"tags":["a",{"b":null}]},'
        '{"id":2,"a.b":"Bob, jr","kind":"x,y","geo":{"zip":"true"}},'
        '{"id":[1],"a.b":null,"kind":"x,y"},'
        '{"id":3,"note":[1,2]}]'
    )


def test_objects_by_key() -> None:
    text = '{"users":{3 rows by key: age\nann,3\n"12",4\n{"":{}}\n},"n":1.10}'
    assert decode_json(text) == '{"users":{"ann":{"age":3},"12":{"age":4},"":{}},"n":1.10}'


def test_lines_come_back_as_lines() -> None:
    assert decode_json("[3 JSON lines: a\n1\n2\n3\n]\n") == '{"a":1}\n{"a":2}\n{"a":3}'
    assert decode_json('{"a":1}\n[2]\n') == '{"a":1}\n[2]'


def test_escaped_notes_are_read_as_they_were() -> None:
    assert decode_json('["[\\… 3 rows elided]"]') == '["[… 3 rows elided]"]'
    assert decode_json('[3 rows: a\n"[\\… 1 row"\nx\ny\n]').startswith('[{"a":"[… 1 row')


def test_summaries_hold_no_data() -> None:
    text = '{\n# fields: a, b\n"a":[3 rows: x\n# all 3 rows: x: 1 to 3\n1\n2\n3\n],"b":[\n# y\n1]}'
    assert decode_json(text) == '{"a":[{"x":1},{"x":2},{"x":3}],"b":[1]}'
    assert decode_json('# all 2 values\n{"a":1}\n[2]\n') == '{"a":1}\n[2]'
    assert decode_json('[3 rows: x\n #1\n#\n #3\n"#"\n]'.replace("#\n ", " ", 1)).count("#") == 3


@pytest.mark.parametrize(
    "text",
    [
        "[3 rows: a\n1\n2\n]",
        "[3 rows: a\n1\n[… 1 row elided: #2]\n3\n]",
        "[1 rows: a\n1,2\n]",
        "[3 rows: a",
        "[3 rows: a\n1\n2\n3\n] 5 x",
        "[… 3 rows elided: #1-3]",
        '{"a" 1}',
        '{"a":[3 rows: b\n1\n2\n3\n]',
        "",
    ],
)
def test_what_is_no_whole_rendition_is_refused(text: str) -> None:
    if text:
        with pytest.raises(ValueError, match="."):
            decode_json(text)
    else:
        assert decode_values(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[nan]",
        "{",
        '["\n"]',
        "01",
        "1 2",
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    ],
)
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse(text)


def test_depth_bombs_are_refused_without_recursion() -> None:
    with pytest.raises(ValueError, match="deep"):
        parse("[" * 200_000)


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        "[1.10,1E5,-0,123456789012345678901234567890]",
        '["\\ud800","é","\\u2028"]',
        "[NaN,-Infinity]",
    ],
)
def test_json_comes_back_to_the_last_digit(text: str) -> None:
    (value,) = parse(text)
    assert parse(dump(value)) == [value]
    assert dump(value).encode("utf-8")


def test_numbers_are_no_strings() -> None:
    assert parse('["1"]') != parse("[1]")
    assert parse("[1.0]") != parse("[1]")


def test_an_error_in_a_large_text_does_not_count_its_lines() -> None:
    text = "\n" * 9 + "[1 2]"
    for source, line in ((text, 10), (Scannable(text), 1)):
        with pytest.raises(json.JSONDecodeError) as caught:
            scan(source, 9)
        assert caught.value.lineno == line
