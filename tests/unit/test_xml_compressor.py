from __future__ import annotations

import pytest

from sharedctx import tokens
from sharedctx.notes import escape_notes
from sharedctx.render import render, render_default
from sharedctx.segments import Document, Guarantee
from sharedctx_workers.compressors.xml import XmlCompressor
from sharedctx_workers.compressors.xml_json import outline_xml
from sharedctx_workers.compressors.xml_tree import parse_xml
from sharedctx_workers.router import route
from tests.properties.covering import check_cover

TOKENIZER = tokens.load()
XML = XmlCompressor()

TRACE = """def test_seven():
&gt;   connect("10.0.4.17", 5432)
E   ConnectionError: connection to "10.0.4.17:5432" refused

tests/test_jobs.py:88: ConnectionError"""
CASES = "".join(
    f'  <testcase classname="tests.jobs" name="test_{i}" time="{i / 1000:.3f}" />\n'
    for i in range(1, 200)
)
REPORT = f"""<?xml version="1.0" encoding="utf-8"?>
<!-- written by a run of tests -->
<testsuite name="jobs" tests="201" failures="1" skipped="1">
{CASES}  <testcase classname="tests.jobs" name="test_seven" time="41.500">
    <failure message="ConnectionError: refused">{TRACE}</failure>
  </testcase>
  <testcase classname="tests.jobs" name="test_eight"><skipped message="later"/></testcase>
</testsuite>
"""
POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <artifactId>app</artifactId><version>1.20</version>
  <dependencies>
    <dependency><groupId>org.a</groupId><artifactId>a</artifactId><version>007</version></dependency>
    <!-- pinned -->
    <dependency><groupId>org.b</groupId><artifactId>b</artifactId><version>2.0</version></dependency>
    <dependency><groupId>org.c</groupId><artifactId>c &amp; d</artifactId></dependency>
  </dependencies>
  <description>
    first line
      second line
  </description>
  <note>We met <b id="x">him</b> there.</note>
</project>
"""


def document_of(text: str) -> Document:
    document = XML.document(text, TOKENIZER)
    assert document is not None
    check_cover(document, text)
    assert XML.same_data(text, escape_notes("".join(s.text for s in document.segments)))
    return document


def rendition(text: str) -> str:
    document = document_of(text)
    return render_default(document, text, TOKENIZER, TOKENIZER.count(text) // 5).text


def json_of(text: str) -> str:
    tree = parse_xml(text)
    assert tree is not None
    return outline_xml(tree).json


def test_elements_are_members_and_those_that_repeat_are_arrays() -> None:
    assert json_of('<a id="1"><b>x</b><b>y</b><c/></a>') == (
        '{"a":{"@id":1,"b":["x","y"],"c":null}}'
    )


def test_an_element_that_repeats_anywhere_is_an_array_everywhere() -> None:
    assert json_of("<a><b><c>1</c><c>2</c></b><b><c>3</c></b></a>") == (
        '{"a":{"b":[{"c":[1,2]},{"c":[3]}]}}'
    )


def test_values_are_numbers_only_as_json_writes_them() -> None:
    assert json_of("<a><b>1.20</b><c>007</c><d>true</d><e>null</e></a>") == (
        '{"a":{"b":1.20,"c":"007","d":true,"e":"null"}}'
    )


def test_texts_of_several_lines_are_lines_and_sentences_keep_their_tags() -> None:
    shown = json_of(POM)
    assert '"description":{"#text":["first line","      second line"]}' in shown
    assert '"note":{"#text":"We met <b id=\\"x\\">him</b> there."}' in shown


def test_order_stays_where_names_alternate() -> None:
    assert json_of("<a><k>1</k><v>x</v><k>2</k><v>y</v></a>") == (
        '{"a":{"k":1,"v":"x","k":2,"v":"y"}}'
    )


def test_rows_are_a_table_with_a_summary() -> None:
    view = rendition(REPORT)
    assert '"testcase":[201 rows: @classname=tests.jobs,@name,@time' in view
    assert "@time: 200 different" in view or "@time in 200: 0.001 to 41.500" in view
    assert "\ntest_1,0.001\n" in view
    assert '"@failures":1' in view
    assert "without 1 comment" in view
    assert TOKENIZER.count(view) < TOKENIZER.count(REPORT) // 4


def test_failures_stand_as_they_are_written_under_their_row() -> None:
    view = rendition(REPORT)
    row = '{"@classname":"tests.jobs","@name":"test_seven","@time":41.500,"failure":true}'
    first, *rest = TRACE.split("\n")
    assert f'{row}\n<failure message="ConnectionError: refused">{first}\n' in view
    assert '\nE   ConnectionError: connection to "10.0.4.17:5432" refused\n' in view
    assert f"{rest[-1]}</failure>\n" in view
    assert "failure in 1: true" in view


def test_many_failures_are_told_by_their_rows() -> None:
    text = "<suite>" + f'<case name="n"><failure>{TRACE}</failure></case>\n' * 60 + "</suite>"
    view = rendition(text)
    assert view.count("refused\n") == 20
    assert "60 rows" in view or "60 items" in view


def test_names_like_failures_are_settings_unless_they_tell_something() -> None:
    text = "<a>" + "<b><failOnError>true</failOnError><x>1</x></b>" * 9 + "</a>"
    assert '"failOnError":true' in json_of(text)
    assert "as they stand" not in rendition(text)


def test_places_are_those_of_the_xml() -> None:
    document = document_of(POM)
    line = next(s for s in document.segments if '"org.b"' in s.text)
    source = POM[line.span.start : line.span.end]
    assert source.startswith("    <dependency><groupId>org.a")
    assert "<groupId>org.b</groupId>" in source


def test_comments_in_a_text_do_not_move_its_lines() -> None:
    text = "<a><!-- one\n two -->\nfirst\n<!--\n-->second\nthird\n</a>"
    tree = parse_xml(text)
    assert tree is not None
    outline = outline_xml(tree)
    places = [outline.source_of(outline.json.index(line)) for line in ("first", "second", "third")]
    sources = [text[i:j] for i, j in zip(places, [*places[1:], None], strict=True)]
    assert sources == ["first\n", "<!--\n-->second\n", "third\n</a>"]


@pytest.mark.parametrize("old", ["41.500", "refused", "test_100", "later", "tests.jobs"])
def test_a_lost_value_is_noticed(old: str) -> None:
    whole = "".join(segment.text for segment in document_of(REPORT).segments)
    assert not XML.same_data(REPORT, escape_notes(whole.replace(old, "", 1)))


def test_look_alikes_of_notes_are_data() -> None:
    document_of("<a>" + "<b>[… 4 rows elided: #1-4]</b><c>[\\… </c>" * 9 + "</a>")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<a>",
        "<a><b></a></b>" * 9,
        "<html><body>" + "<p>A paragraph.</p>" * 9 + "</body></html>",
        "<div>" + "<p>A <b>part</b> of a page</p>" * 9 + "</div>",
        "<doc>" + "<para>We <i>met</i> him there, and it was late.</para>" * 9 + "</doc>",
        "<answer><text>" + "We met him there, and it was late. " * 40 + "</text></answer>",
        "<x:a>" + "<x:b>1</x:b>" * 9 + "</x:a>",
        f"{'<a>' * 500}{'</a>' * 500}",
        "<a>" + "<b>\ud800</b>" * 9 + "</a>",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>' + "<d>&b;</d>" * 9 + "</a>",
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><a>' + "<d>&b;</d>" * 9 + "</a>",
        '<!DOCTYPE a [<!ATTLIST d e CDATA "f">]><a>' + "<d/>" * 9 + "</a>",
        f'<a xmlns="{"n" * 1000}">' + "<b>1</b>" * 9 + "</a>",
    ],
)
def test_other_texts_are_no_xml_to_be_read(text: str) -> None:
    assert XML.document(text, TOKENIZER) is None


def test_a_document_type_without_entities_is_no_hindrance() -> None:
    text = '<!DOCTYPE a SYSTEM "a.dtd">\n<list>' + '<word c="é">ü</word>\n' * 40 + "</list>"
    assert route(text, TOKENIZER).compressor.kind == "xml"
    assert document_of(text).whole is Guarantee.EXTRACTIVE


def test_what_few_tags_say_in_attributes_is_data() -> None:
    points = " ".join(f"{i}.5,{i * 7 % 90}" for i in range(300))
    text = f'<svg width="9" role="img"><title>Map</title><path d="M{points}"/></svg>'
    shown = render(document_of(text), text, TOKENIZER, max_tokens=250).text
    assert '"title":"Map"' in shown
    assert "chars elided" in shown
