from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from sharedctx import tokens
from sharedctx.decode import decode_json
from sharedctx.render import render
from sharedctx.segments import REQUIRED, Document
from sharedctx_workers.compressors import JsonCompressor

TOKENIZER = tokens.load()
JSON = JsonCompressor()


def document_of(text: str) -> Document:
    document = JSON.document(text, TOKENIZER)
    assert document is not None
    return document


def whole(value: Any, **options: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, **options)
    rendering = render(document_of(text), text, TOKENIZER, max_tokens=None)
    assert JSON.same_data(text, rendering.text)
    return rendering.text


def users(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": i,
            "name": f"user {i}",
            "kind": "member",
            "geo": {"city": f"C{i % 3}", "zip": "4123"},
        }
        for i in range(count)
    ]


def test_similar_objects_become_a_table() -> None:
    assert whole(users(3), indent=2) == (
        '[3 rows: id,name,kind=member,geo.city,geo.zip="4123"\n'
        "0,user 0,C0\n1,user 1,C1\n2,user 2,C2\n]\n"
    )


def test_tables_are_found_inside_objects() -> None:
    text = whole({"total": 12, "results": users(12), "next": None})
    assert '\n "total":12,\n "results":[12 rows: id,name,kind=member,' in text
    assert text.endswith('],\n "next":null\n}\n')


def test_objects_of_similar_objects_become_a_table_by_key() -> None:
    value = {f"pkg-{i}": {"version": f"1.{i}.0", "resolved": "yes" * i} for i in range(12)}
    assert whole(value).startswith("{12 rows by key: version,resolved\npkg-0,1.0.0,")


def test_json_lines_become_a_table() -> None:
    text = "\n".join(json.dumps(user) for user in users(12)) + "\n"
    assert whole(text).startswith("[12 JSON lines: id,name,kind=member,")


def test_missing_null_and_empty_are_told_apart() -> None:
    rows = [{"a": 1, "b": None}, {"a": 2}, {"a": 3, "b": ""}, {"a": "4", "b": {}}, {}] * 5
    text = whole(rows)
    assert text.splitlines()[1:6] == ["1,null", "2", '3,""', '"4",{}', ""]


def test_numbers_in_text_need_no_quotes_in_a_column_of_text() -> None:
    rows = [{"code": f"{i + 100}", "n": i} for i in range(9)]
    assert whole(rows).startswith("[9 rows: code:str,n\n100,0\n")


def test_rows_of_another_shape_stand_as_json() -> None:
    rows: list[Any] = users(40)
    rows[17] = {"error": "boom", "trace": ["a", "b"]}
    assert '\n{"error":"boom","trace":["a","b"]}\n' in whole(rows)


@pytest.mark.parametrize(
    "text",
    [
        '[{"a":1.10,"b":1E5},{"a":-0,"b":12345678901234567890123},{"a":0.0,"b":1e400}]',
        '[{"a":1,"a":2},{"a":1},{"a":2},{"a":3}]',
        '[{"b":1,"a":2},{"a":1,"b":2},{"b":5,"a":6},{"b":5,"a":7}]',
        '[{"x":"1"},{"x":"true"},{"x":"null"},{"x":" pad"},{"x":"a,b"},{"x":"{"},{"x":"\\n"}]',
        '[{"x":"[… 9 rows elided: #1-9]"},{"x":"[\\\\… y"},{"x":"z"}]',
        '[{"":1,"a b":2,"c.d":3},{"":4,"a b":5,"c.d":6},{"":7,"a b":8,"c.d":9}]',
        '[{"x":"\\ud800"},{"x":"\\ud83d\\ude00"},{"x":"\\u0000"}]',
        '\ufeff {"a":[]}\n',
        '[[],{},[[]],[{}],"",0]',
        '{"a":{"b":1},"a":{"b":2},"c":{"b":3}}',
        "[" + ",".join(["1"] * 500) + "]",
    ],
)
def test_it_is_lossless(text: str) -> None:
    whole(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain words",
        "[1,2",
        '{"a":1} trailing',
        '{"a":1} {"b":2}',
        '{"a":1}\nnot json',
        "12",
        '"text"',
        "1\n2\n3",
        "[" * 100_000,
    ],
)
def test_what_is_not_json_is_left_to_others(text: str) -> None:
    assert JSON.document(text, TOKENIZER) is None


@pytest.mark.parametrize("indent", [None, 2])
def test_segments_cover_the_original_row_by_row(indent: int | None) -> None:
    text = json.dumps({"n": 1, "rows": users(30)}, indent=indent)
    segments = document_of(text).segments
    assert segments[0].span.start == 0
    assert segments[-1].span.end == len(text)
    for before, after in pairwise(segments):
        assert before.span.end == after.span.start
    rows = [segment for segment in segments if segment.unit == "row"]
    assert [row.first for row in rows] == list(range(1, 31))
    for row in rows:
        source = text[row.span.start : row.span.end].rstrip(", \n")
        assert json.loads(source)["id"] == row.first - 1


def test_a_small_budget_keeps_header_odd_rows_and_ends() -> None:
    rows = [
        {"id": i, "status": "ok", "took_ms": 10 + i % 7, "message": f"served request {i} as usual"}
        for i in range(300)
    ]
    rows[123].update(status="error", message="connection refused by upstream")
    rows[200].update(took_ms=98_000)
    text = json.dumps(rows)
    document = document_of(text)
    rendering = render(document, text, TOKENIZER, max_tokens=400)
    assert rendering.tokens <= 400
    assert rendering.text.startswith(
        "[300 rows: id,status,took_ms,message\n"
        "# all 300 rows: id: 0 to 299; status: ok x299, error x1; took_ms: 10 to 98000; "
    )
    assert "\n0,ok,10," in rendering.text
    assert "\n123,error," in rendering.text
    assert "\n200,ok,98000," in rendering.text
    assert "\n299,ok," in rendering.text
    assert "rows elided: #" in rendering.text
    assert document.segments[0].rank == REQUIRED


def test_long_strings_are_cut_so_that_each_row_can_be_seen() -> None:
    rows = [{"id": i, "body": f"Article {i} begins. " + "It goes on. " * 200} for i in range(10)]
    text = json.dumps(rows)
    rendering = render(document_of(text), text, TOKENIZER, max_tokens=1500)
    assert all(f'{i},"Article {i} begins.' in rendering.text for i in range(10))
    assert "chars elided" in rendering.text
    assert whole(rows)


def test_a_partial_rendition_does_not_decode() -> None:
    text = json.dumps(users(200))
    partial = render(document_of(text), text, TOKENIZER, max_tokens=200).text
    assert not JSON.same_data(text, partial)
    with pytest.raises(ValueError, match="."):
        decode_json(partial)


def summary(text: str) -> str:
    """Return the lines that say something about the rows of `text`."""
    lines = (s.text for s in document_of(text).segments if s.unit == "summary line")
    return "".join(line.removeprefix("# ") for line in lines)


def test_what_nests_in_rows_is_told_once() -> None:
    value = [
        {"id": i, "tags": ["a"] * (i % 3), "owner": {"name": f"u{i}", "admin": i == 7}}
        for i in range(40)
    ]
    text = summary(json.dumps(value))
    assert "tags: [0 to 2 items: all a]" in text
    assert "owner: {name: 40 different; admin: false x39, true x1}" in text


def test_arrays_in_rows_are_told_by_their_first_and_last_items() -> None:
    suites = [
        {
            "suite": f"suite {i} {'of many words ' * 9}",
            "tests": [{"id": 7, "name": f"case {i}.{j}"} for j in range(5 + i)],
            "tags": [f"tag-{i}-{j}" for j in range(i)],
            "pair": [{"id": 1}, {"id": 2}],
        }
        for i in range(12)
    ]
    text = summary(json.dumps(suites))
    assert f'rows: "{suites[0]["suite"]}"' not in text  # too long to be told twice
    assert 'tests: "case 0.0" … "case 0.4" (5), "case 1.0" … "case 1.5" (6)' in text
    assert '"case 11.0" … "case 11.15" (16)' in text
    assert 'tags: "tag-10-0" … "tag-10-9" (10), "tag-11-0" … "tag-11-10" (11)' in text
    assert "pair: 1" not in text


def test_long_rows_are_told_by_the_first_and_the_last() -> None:
    rows = [{"name": f"n{i}", "text": "word " * 90 + str(i)} for i in range(20)]
    assert 'rows: "n0" … "n19" (20)' in summary(json.dumps(rows))
    assert "first … last" not in summary(json.dumps(users(90)))


def test_arrays_outside_of_rows_are_told_by_their_ends() -> None:
    value = {"a": {"b": {"c": [f"x{i}" for i in range(40)]}}, "d": "word " * 400}
    assert 'a.b.c: "x0" … "x39" (40)' in summary(json.dumps(value))


def test_dictionaries_are_told_from_records() -> None:
    files = {f"src/module_{i}.py": {"lines": i, "covered": i % 2 == 0} for i in range(60)}
    text = summary(json.dumps({"version": 1, "files": files}))
    assert "fields: version, files{60 keys} each {lines, covered}" in text
    assert "keys: src/module_0.py, src/module_1.py," in text
    assert "all 60 rows: lines: 0 to 59; covered: true x30, false x30" in text


def test_trees_are_told_once() -> None:
    tree: dict[str, Any] = {"name": "leaf", "children": []}
    for i in range(20):
        tree = {"name": f"n{i}", "size": i, "children": [tree, {"name": "x", "children": []}]}
    text = summary(json.dumps([tree] * 3))
    assert "children: at every depth" in text
    assert text.count("size") < 5


def test_errors_are_told_wherever_they_nest() -> None:
    logs = [[{"log": f"step {i} {j}", "code": 0} for j in range(4)] for i in range(30)]
    logs[17][2]["log"] = "fatal: disk /dev/sda1 failed"
    text = json.dumps({"runs": [{"id": i, "steps": steps} for i, steps in enumerate(logs)]})
    rendering = render(document_of(text), text, TOKENIZER, max_tokens=TOKENIZER.count(text) // 5)
    assert "fatal: disk /dev/sda1 failed" in rendering.text


def test_numbers_that_are_none_are_kept() -> None:
    rows = '[{"x":NaN,"y":"NaN"},{"x":-Infinity,"y":"b"},{"x":1.5,"y":"c"},{"x":2,"y":"d"}]'
    rows = rows.replace("d", "d" * 900)
    assert "\nNaN,NaN\n-Infinity,b\n" in whole(rows)
    assert whole(rows.replace('"b"', "null")).count("NaN") == 3
    assert "x: 1.5 to 2, NaN x1, -Infinity x1" in summary(rows)


def test_short_rows_that_are_left_out_have_a_summary() -> None:
    text = json.dumps([{"id": n, "state": "ok", "ms": n % 7} for n in range(500)])
    shown = render(document_of(text), text, TOKENIZER, max_tokens=TOKENIZER.count(text) // 5).text
    assert "rows elided" in shown
    assert "# all 500 rows: id: 0 to 499; state: all ok; ms: 0 to 6\n" in shown


def test_texts_do_not_depend_on_the_tokenizer() -> None:
    class Letters:
        name = "letters"

        def count(self, text: str) -> int:
            return len(text)

    text = json.dumps({"rows": users(300), "n": 1})
    document = JSON.document(text, Letters())
    assert document is not None
    assert [s.text for s in document.segments] == [s.text for s in document_of(text).segments]


def test_values_that_begin_alike_are_counted_apart() -> None:
    value = [{"k": "x" * 200 + "ab"[i % 3 > 0], "n": None if i == 4 else "s"} for i in range(12)]
    text = summary(json.dumps(value))
    assert f"k: {'x' * 72}…(201 chars) x8, {'x' * 72}…(201 chars) x4" in text
    assert "n: s x11, null x1" in text


def test_times_are_ordered_within_one_zone_only() -> None:
    hours = [f"2026-03-01T{hour:02d}:00:00" for hour in range(24)]
    told = summary(json.dumps([{"at": f"{hour}Z", "pad": hour[-8:] * 5} for hour in hours]))
    assert "at: 2026-03-01T00:00:00Z to 2026-03-01T23:00:00Z" in told
    mixed = [{"at": f"{hour}{'Z' if i % 2 else ''}", "p": "p" * 40} for i, hour in enumerate(hours)]
    assert "at: 24 different" in summary(json.dumps(mixed))


def test_huge_numbers_are_ranked() -> None:
    rows = [{"n": n, "s": "x"} for n in (1e308, -1e308, 1e154, 1, 2, 3, 4, 5, 6, 7, 8)]
    assert "1e+308" in whole(rows)
