from __future__ import annotations

import re

import pytest

from sharedctx import tokens
from sharedctx.records import Profile
from sharedctx.render import render
from sharedctx.segments import Document
from sharedctx_workers.compressors.log_compressor import LogCompressor
from sharedctx_workers.compressors.log_grammar import LineKind, form_of
from sharedctx_workers.compressors.log_repeats import clock_of, how_often, values_of
from sharedctx_workers.compressors.log_templates import Templates
from sharedctx_workers.pipeline import compress

TOKENIZER = tokens.load()
LOG = LogCompressor()

TRACE = """2026-03-01 10:03:20,001 ERROR    [http] request 77 failed
Traceback (most recent call last):
  File "/srv/app/views.py", line 41, in order
    return lookup(request.id)
  File "/srv/app/store.py", line 12, in lookup
    return rows[key]
KeyError: 'id'
"""


def service_log() -> str:
    lines = []
    for i in range(400):
        stamp = f"2026-03-01 10:{i // 60:02d}:{i % 60:02d},{i:03d}"
        lines.append(f"{stamp} INFO     [http] GET /orders/{i * 7} 200 {i % 90}ms\n")
        lines.append(f"{stamp} DEBUG    [cache] hit key=order:{i * 7}\n")
        if i in (200, 300):
            lines.append(TRACE)
        if i == 250:
            lines.append(f"{stamp} INFO     [config] reloaded: checkout_v2=on\n")
    lines.append("2026-03-01 10:06:40,000 INFO     [main] stopped, exit code 3\n")
    return "".join(lines)


def document_of(text: str) -> Document:
    document = LOG.document(text, TOKENIZER)
    assert document is not None
    whole = "".join(segment.text for segment in document.segments)
    assert whole == re.sub(r"\x1b\[\d+m", "", text)
    return document


def shown(text: str, budget: int) -> str:
    return render(document_of(text), text, TOKENIZER, max_tokens=budget).text


def test_errors_rare_lines_and_ends_survive_a_small_budget() -> None:
    text = service_log()
    view = shown(text, 600)
    first, _, rest = TRACE.partition("\n")
    assert f"{first} [… 1 more at L611]\n{rest}" in view
    assert "checkout_v2=on" in view
    assert view.startswith("2026-03-01 10:00:00,000 INFO     [http] GET /orders/0 200 0ms [… ")
    assert view.endswith("stopped, exit code 3\n")
    assert "[cache] hit" in view
    assert re.search(
        r"GET /orders/0 200 0ms \[… 399 more to L\d+ 10:06:39; /orders/0…2793; 0…89ms\]", view
    )
    assert re.search(r"\n\[… L\d+-\d+\]\n", view)


def test_a_repeated_trace_comes_later_than_the_first() -> None:
    text = service_log()
    ranks = [s.rank for s in document_of(text).segments if "KeyError" in s.text]
    assert ranks[0] < 2 < ranks[1]


def templates_of(*lines: str) -> list[int]:
    templates = Templates()
    forms = [templates.add(1, line) for line in lines]
    numbers = templates.numbers()
    return [numbers[form] for form in forms]


def test_templates_join_lines_with_other_values() -> None:
    found = templates_of(
        "connection from 10.0.0.1 port 80 accepted",
        "connection from 10.9.0.1 port 8080 accepted",
        "connection from [fe80::1] port 8080 accepted",
        "started worker alpha",
        "Unpacking libfoo (1.2) ...",
        *(f"Unpacking {'bcdefghij'[i] * 4} (5.{i}) ..." for i in range(9)),
        "level=info msg=started",
        "level=info caller=main",
    )
    assert found == [0, 0, 0, 1, *[2] * 10, 3, 4]


def test_few_words_part_a_template() -> None:
    states = ["installed", "unpacked", "half-configured"]
    lines = [f"status {states[i % 3]} package-{i}:all {i}.0" for i in range(60)]
    assert templates_of(*lines) == [i % 3 for i in range(60)]
    names = [f"unpacking {'abcdefghij'[i % 10] * (i + 1)} now, really now" for i in range(60)]
    assert len(set(templates_of(*names))) == 1


def test_words_that_come_again_part_a_template() -> None:
    steps = ["bail", "cast", "dock", "furl", "hoist", "moor", "reef", "row", "sail", "tack"]
    lines = [f"job {steps[i % 10]} boat-{i}:x took {i} ms" for i in range(60)]
    assert templates_of(*lines) == [i % 10 for i in range(60)]


def test_numbers_that_begin_a_line_hide_no_other_beginning() -> None:
    assert templates_of("9809 getuid() = 0", "9809 getgid() = 0", "9810 getuid() = 0") == [0, 1, 0]


def test_codes_of_findings_part_templates_and_first_words_that_are_ever_new_do_not() -> None:
    assert templates_of("E501 Line too long", "E402 Line too long") == [0, 1]
    tests = [f"test{chr(97 + i)}Sum (test.cart.Cart) ... ok" for i in range(26)]
    assert set(templates_of(*tests)) == {0}
    assert len(set(templates_of(*tests[:20]))) == 20


def test_a_level_is_part_of_a_template() -> None:
    templates = Templates()
    assert templates.add(1, "x 1") != templates.add(3, "x 2")


@pytest.mark.parametrize(
    ("times", "size", "again", "clocks", "said"),
    [
        (1, 1, (9, 9), ("", ""), "1 more at L9"),
        (194, 1, (3, 412), ("10:00:05", "10:07:03"), "194 more to L412 10:07:03"),
        (2, 1, (3, 4), ("10:00:05", "10:00:05"), "2 more to L4"),
        (1, 36, (43, 80), ("", ""), "36 lines from here: 1 more at L43-80"),
        (16, 5, (9, 214), ("", ""), "5 lines from here: 16 more to L214"),
    ],
)
def test_repeats_say_how_many_and_how_far(
    times: int, size: int, again: tuple[int, int], clocks: tuple[str, str], said: str
) -> None:
    assert how_often(times, size, again, clocks) == said


def test_clocks_are_found_in_times() -> None:
    assert clock_of("2026-03-01 10:07:03,100 INFO") == "10:07:03"
    assert clock_of("[   12.345678] ") == ""


def test_values_are_ranges_of_numbers_and_a_few_words() -> None:
    names = ["ann", "bob", "cy"] * 65
    bodies = [f"GET /orders/{i} in {i % 50}ms for {name}" for i, name in enumerate(names)]
    left_out = [False] + [True] * 194
    assert values_of(bodies, left_out, is_error=False) == ["/orders/0…194", "0…49ms", "bob, cy"]
    assert values_of(bodies, [False] * 195, is_error=False) == []


def test_of_names_what_differs_is_told() -> None:
    paths = [f"ran /srv/app/tests/test_{name}.py::test_sum" for name in ("a", "b", "c", "d")]
    assert values_of(paths, [True] * 4, is_error=False) == ["test_b.py, test_c.py +1"]


def test_lists_of_names_are_told_as_far_as_there_is_room() -> None:
    names = ["lex.c", "parse.c", "emit.c", "link.c", "main.c"]
    left_out = [False] + [True] * 4
    assert values_of(names, left_out, is_error=False) == ["parse.c, emit.c +2"]
    assert values_of(names, left_out, is_error=False, room=25) == ["parse.c, emit.c, link.c +1"]


def test_addresses_tell_nothing_and_few_errors_are_all_told() -> None:
    assert values_of(["free 0x7fd5c0", "free 0x7fd5c1"], [True] * 2, is_error=False) == []
    rows = [f"row {n} is bad" for n in (3, 11, 19, 27)]
    assert values_of(rows, [False] + [True] * 3, is_error=True) == ["11, 19, 27"]


@pytest.mark.parametrize("values", [["a"], ["a", "a"], ["-- |", "== |"], ["x", ""], ["1", "1 2"]])
def test_lines_that_hardly_differ_have_no_values(values: list[str]) -> None:
    assert not any("|" in said for said in values_of(values, [True] * len(values), is_error=False))


@pytest.mark.parametrize(
    ("line", "kind", "level"),
    [
        ("2026-03-01T10:00:00.123Z WARN pool is empty", LineKind.EVENT, 2),
        ("Nov 20 10:00:00 host sshd[12]: session opened", LineKind.EVENT, -1),
        ('10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 503 12', LineKind.EVENT, 3),
        ("I1122 10:00:00.123456 12 main.go:7] listening", LineKind.EVENT, 1),
        ("[   12.345678] usb 1-1: new device", LineKind.EVENT, -1),
        ("web-1  | 2026-03-01 10:00:00 ERROR no route", LineKind.EVENT, 3),
        ("[2026-03-01 10:00:00,123: ERROR/Worker-1] Task raised", LineKind.EVENT, 3),
        ("[2026-03-01 10:00:00,123] vm/WARNING/app.main: Low on memory", LineKind.EVENT, 2),
        ("> GET /items?page=2 HTTP/1.1", LineKind.RUNNER, 1),
        ("< Content-Type: text/html", LineKind.RUNNER, 1),
        ("} [512 bytes data]", LineKind.RUNNER, 1),
        ("py311: 967 W no such interpreter [run.py:70]", LineKind.EVENT, 2),
        ("W/Zygote(  31): slow start", LineKind.EVENT, 2),
        ("03-17 16:13:38.811  1702  2395 E Window: gone", LineKind.EVENT, 3),
        ("16:13:38 I went home", LineKind.EVENT, -1),
        ('[pid  31] openat(3, "a", O_RDONLY) = -1 ENOENT (No such file)', LineKind.RUNNER, 1),
        ("futex(0x7ffd, FUTEX_WAIT, 2, NULL <unfinished ...>", LineKind.RUNNER, 1),
        ("import 'zlib' # <class 'BuiltinImporter'>", LineKind.RUNNER, 1),
        ("import zlib  # packs", LineKind.OTHER, -1),
        ("time=2026-03-01T10:00:00Z level=error msg=gone", LineKind.EVENT, 3),
        ("INFO:root:ready", LineKind.EVENT, 1),
        ("npm ERR! code ENOENT", LineKind.EVENT, 3),
        ("tests/test_a.py::test_b PASSED   [ 10%]", LineKind.RUNNER, 1),
        ("test_b (test_a.A.test_b) ... FAIL", LineKind.RUNNER, 3),
        ("--- FAIL: TestX (0.00s)", LineKind.RUNNER, 3),
        ("src/main.c:12:5: warning: unused variable", LineKind.RUNNER, 2),
        ("error[E0308]: mismatched types", LineKind.RUNNER, 3),
        ("src/app.ts(19,20): error TS2307: Cannot find module", LineKind.RUNNER, 3),
        ("src/app.ts:19:20 - error TS2307: Cannot find module", LineKind.RUNNER, 3),
        ("F401 [*] `os` imported but unused", LineKind.RUNNER, 2),
        ("2026-03-01T10:00:00Z a.py:470:63: F821 Undefined name", LineKind.EVENT, 2),
        ("a.py:470:63: F821 Undefined name", LineKind.RUNNER, 2),
        ("a.py:47:6: W0718: Too general exception", LineKind.RUNNER, 2),
        ("a.py:47:6:F16 = 3", LineKind.OTHER, -1),
        ("npm error code ENOENT", LineKind.RUNNER, 2),
        ("npm verbose cwd /srv/shop", LineKind.RUNNER, 1),
        ("    | ValueError: no such key", LineKind.RUNNER, 3),
        ("340:M 30 Nov 2026 19:22:38.960 * Ready", LineKind.EVENT, -1),
        ("thread 'main' (3573) panicked at src/main.rs:2:25:", LineKind.RUNNER, 3),
        ("  \u2715 adds 3 (1 ms)", LineKind.RUNNER, 3),
        ("web sshd[62312]: no more sessions", LineKind.EVENT, -1),
        ("[0.163s][info][gc] GC(3) Pause Young 7M->1M(16M) 6.087ms", LineKind.EVENT, 1),
        ("[13297:0x24af4490]       63 ms: Scavenge 3.8 -> 3.4 MB", LineKind.EVENT, -1),
        ("Nov 30, 2026 10:29:28 PM app.Main run", LineKind.EVENT, -1),
        ("==9291== Invalid read of size 1", LineKind.EVENT, -1),
        ("==9291==    at 0x48407B4: malloc (leak.c:5)", LineKind.CONTINUED, -1),
        ("==9291== ", LineKind.BLANK, -1),
        ("\u2502 Error: Missing name for resource", LineKind.EVENT, 3),
        ("[build] Error: no such target", LineKind.EVENT, 3),
        ("[x] pay the rent", LineKind.OTHER, -1),
        ("  1:15  error  Strings must use doublequote  quotes", LineKind.RUNNER, 3),
        ("15 examples, 6 failures", LineKind.SUMMARY, -1),
        ("\u2716 30 problems (24 errors, 6 warnings)", LineKind.SUMMARY, -1),
        ("Tests: 19, Assertions: 18, Errors: 1.", LineKind.SUMMARY, -1),
        ("    test_emitPrefix ...            [OK]", LineKind.RUNNER, 1),
        ("bundled 12 modules in 512 ms", LineKind.RUNNER, 1),
        ("#1  0x00005555 in main (argc=1) at leak.c:6", LineKind.RUNNER, 1),
        ("-" * 70, LineKind.RUNNER, 1),
        ("-" * 40, LineKind.OTHER, -1),
        ("   Compiling serde v1.0.1", LineKind.RUNNER, 1),
        ("make[1]: *** [Makefile:3: all] Error 2", LineKind.RUNNER, 3),
        ("##[group]Run tests", LineKind.BOUNDARY, -1),
        ("===== 3 failed, 9 passed in 1.2s =====", LineKind.SUMMARY, -1),
        ("2026-03-01 10:00:00,12,99,3", LineKind.OTHER, -1),
        ("The error was found in the first line.", LineKind.OTHER, -1),
        ('logger.error("could not open %s", path)', LineKind.OTHER, -1),
        ("    return 1", LineKind.CONTINUED, -1),
        ("", LineKind.BLANK, -1),
    ],
)
def test_lines_are_known_by_how_they_begin(line: str, kind: LineKind, level: int) -> None:
    form = form_of(line)
    assert (form.kind, form.level) == (kind, level)


def test_progress_that_overwrote_itself_is_one_line() -> None:
    bar = "\r".join(f"Receiving objects: {i}% ({i}/100)" for i in range(1, 101))
    text = f"Cloning into 'x'...\nremote: Enumerating objects: 100, done.\n{bar}, done.\n"
    text += "Resolving deltas: 100% (3/3), done.\n"
    view = shown(text, 90)
    assert "Receiving objects: 100% (100/100), done.\n" in view
    assert "progress updates" in view


def test_colors_do_not_hide_errors() -> None:
    ok = "".join(f"2026-03-01T10:00:{i:02d}Z \x1b[32mok\x1b[0m step {i}\n" for i in range(60))
    text = f"{ok}2026-03-01T10:01:00Z \x1b[31mERROR\x1b[0m disk is full\n{ok}"
    view = shown(text, 200)
    assert "2026-03-01T10:01:00Z ERROR disk is full\n" in view
    assert "\x1b" not in view


def test_failure_sections_of_test_runs_are_kept_whole() -> None:
    passed = "".join(f"tests/test_a.py::test_{i} PASSED  [{i // 4:3d}%]\n" for i in range(400))
    failures = (
        "=================== FAILURES ===================\n"
        "________________ test_sum ________________\n\n"
        "    def test_sum():\n>       assert add(1, 2) == 4\nE       assert 3 == 4\n\n"
        "tests/test_sum.py:3: AssertionError\n"
    )
    end = "============ 1 failed, 400 passed in 2.31s ============\n"
    text = f"collected 401 items\n\n{passed}{failures}{end}"
    view = shown(text, 400)
    assert "assert add(1, 2) == 4" in view
    assert "E       assert 3 == 4\n" in view
    assert view.endswith(end)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import logging\n\n" + 'logging.error("failed")\n' * 50,
        "def f():\n    logging.info('x')\n\n" * 30,
        "The service failed at noon.\nNobody saw the error.\nIt was fixed later.\n" * 20,
        "time,level,value\n" + "2026-03-01 10:00:00,1,2\n" * 50,
        "2026-03-01 10:00:00\t1\t2\n" * 50,
        "name: web\nlevel: error\nports:\n  - 80\n" * 20,
        "# Notes\n\n- first\n- second\n\nWarning: read this.\n" * 20,
        "2026-03-01  Jane Doe  <jane@example.org>\n\n\t* main.c: Fix error handling.\n" * 20,
        "2026-03-01 10:00 Meeting\nWe spoke of it.\nAnn agreed.\nThen we left.\n" * 20,
    ],
)
def test_what_is_no_log_is_left_alone(text: str) -> None:
    assert LOG.document(text, TOKENIZER) is None


def test_long_logs_have_a_bounded_number_of_segments() -> None:
    text = "".join(f"INFO: tick {i % 7}\n" for i in range(150_000))
    document = document_of(text)
    assert len(document.segments) <= 120_000
    assert sum(segment.count for segment in document.segments) == 150_000


def test_long_lines_are_cut() -> None:
    text = "INFO: start\n" + "INFO: " + "payload " * 4000 + "\nINFO: end\n"
    view = shown(text, 300)
    assert "INFO: end\n" in view
    assert "chars elided" in view


def test_enough_is_one_line_of_every_kind() -> None:
    text = service_log()
    record, body = compress(text, Profile("o200k_base", 50))
    assert record.transforms[0] == "router:log:0.02"
    assert body.text.count("GET /orders") < 8
    assert body.text.count("KeyError") == 1


@pytest.mark.parametrize(
    "line",
    [
        "[1234] 2026/11/25 04:11:49.206617 [INF] Starting",
        "[main] [worker] 2026-11-25 04:11:49 starting",
        "<14>1 2026-11-25T04:11:49Z host app - - starting",
        "E, [2026-11-25T04:11:49.206617 #12] ERROR -- : bad",
        "INFO  2026-11-25 04:11:49,206 starting",
    ],
)
def test_what_stands_before_a_time_does_not_hide_it(line: str) -> None:
    assert form_of(line).kind is LineKind.EVENT


def test_output_of_no_known_form_is_a_log_when_it_repeats() -> None:
    calls = [f"{n} opens /lib/x{n}.so to read = {n % 9}\n" for n in range(200)]
    calls.insert(99, "12 exits with 3 = ?\n")
    text = "".join(calls)
    assert LOG.document(text, TOKENIZER) is None
    document = LogCompressor(of_any_form=True).document(text, TOKENIZER)
    assert document is not None
    view = render(document, text, TOKENIZER, max_tokens=200, up_to=document.enough).text
    assert "exits with 3" in view
    assert "199 more to L201" in view
    prose = "".join(f"{word} is a word that stands here\nand there too\n" for word in "abcdefgh")
    assert LogCompressor(of_any_form=True).document(prose, TOKENIZER) is None


def test_output_of_no_known_form_is_a_log_when_it_reports_and_is_no_prose() -> None:
    output = "".join(f"ship {name} to {name}.example\n" for name in ("north", "south", "east"))
    output += "Error: west is closed\n3 shipped, 1 failed\n"
    assert LOG.document(output, TOKENIZER) is None
    document = LogCompressor(of_any_form=True).document(output, TOKENIZER)
    assert document is not None
    assert "west is closed" in render(document, output, TOKENIZER, max_tokens=20).text
    prose = "We shipped to all of the towns that we\nknow of, and one of them was closed.\n"
    assert LogCompressor(of_any_form=True).document(prose + output, TOKENIZER) is None


def test_colors_cut_in_two_stay() -> None:
    text = "INFO: start\n" * 5 + "INFO: " + "\x1b[3" * 300 + "\n" + "INFO: \x1b[31mend\x1b[0m\n"
    document = LOG.document(text, TOKENIZER)
    assert document is not None
    assert LOG.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
