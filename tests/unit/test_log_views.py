"""What a reader of a log is shown by default: nothing twice, and times only where they change."""

from __future__ import annotations

import re

import pytest

from sharedctx.ranking import rank_for_query
from sharedctx.records import Profile, State
from sharedctx.render import render
from sharedctx.segments import Guarantee
from sharedctx_workers.compressors.log_events import events_of
from sharedctx_workers.compressors.log_lines import log_lines
from sharedctx_workers.pipeline import compress
from tests.unit.test_log_compressor import LOG, TOKENIZER, document_of, shown


def default_view(text: str) -> str:
    document = document_of(text)
    assert LOG.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
    return render(
        document, text, TOKENIZER, max_tokens=16, keep_required=True, up_to=document.enough
    ).text


PARTS = (
    *("acpi", "bus", "cpu", "disk", "efi", "fan", "gpu", "hub"),
    *("irq", "jack", "kbd", "lcd", "mem", "nic", "oom", "pci"),
)


def boot_log() -> str:
    said = [f"{word}: ready in mode {word}-{word}" for word in PARTS]
    said += [f"leaving {word}" for word in PARTS]
    said[8] = "ERROR irq: no handler"
    said[24] = "finished in 2 ms, 24 tests passed"
    return "".join(f"[{i // 10:5d}.{i:06d}] {line}\n" for i, line in enumerate(said))


def test_times_that_hardly_change_are_left_out() -> None:
    view = default_view(boot_log())
    first, _, rest = view.partition("\n")
    assert first.endswith("lines without a time: between the times above and below]")
    assert rest.startswith("bus: ready in mode bus-bus\n")
    assert "\n[    1.000010] kbd: ready" in view
    assert "\nlcd: ready" in view
    assert "\n[    2.000024] finished in 2 ms" in view


def test_a_view_that_lacks_nothing_but_times_is_published_as_extractive() -> None:
    said = [
        "scheduler started",
        "one queue for all jobs",
        "password is set",
        "middlewares: cookies, retry",
        "no pipelines enabled",
        "listening on the console port",
        "spider opened",
        "crawled the first page",
        "redirecting to a folder",
        "dumped the stats",
        "reactor stopped by a signal",
        "bye",
    ]
    log = "".join(
        f"2026-12-01 02:11:50 [{part}.core] INFO: {line}\n"
        for part, line in zip(PARTS, said, strict=False)
    )
    record, body = compress(log, Profile("o200k_base", 20))
    assert all(line in body.text for line in said)
    assert "elided" not in body.text
    assert record.state is State.READY
    assert record.guarantee is Guarantee.EXTRACTIVE


def test_errors_and_what_is_around_them_keep_their_times() -> None:
    view = default_view(boot_log())
    for second, name in ((0, "gpu"), (0, "hub"), (0, "ERROR irq"), (0, "jack")):
        assert re.search(rf"^\[    {second}\.0000\d\d\] {name}: ", view, re.MULTILINE)


@pytest.mark.parametrize(
    "stamp",
    [
        "Nov 22 10:00:{:02d} host app[1]:",  # a probe for "host" would not find it
        "2026-03-01 10:00:{:02d} UTC",
        "web-{}  | 2026-03-01 10:00:00",
    ],
)
def test_times_with_words_stay(stamp: str) -> None:
    text = "".join(f"{stamp.format(i)} {w}: {w} ready\n" for i, w in enumerate(PARTS))
    assert "without a time" not in default_view(text)


def test_times_in_disorder_stay() -> None:
    text = "".join(f"[ {7 * i % 16}.000000] {w}: {w} ready\n" for i, w in enumerate(PARTS))
    assert "without a time" not in default_view(text)


def test_times_that_change_from_their_first_digit_stay() -> None:
    text = "".join(
        f"[{min(i, 9)}.{max(0, i - 9):06d}] {w}: {w} ready\n" for i, w in enumerate(PARTS)
    )
    assert "without a time" not in default_view(text)


def test_a_question_about_a_time_finds_its_line() -> None:
    text = boot_log()
    answer = render(
        rank_for_query(document_of(text), "lcd mode"), text, TOKENIZER, max_tokens=60
    ).text
    assert "[    1.000011] lcd: ready" in answer
    document = rank_for_query(document_of(text), "1.000011")
    assert "[    1.000011] lcd: ready" in render(document, text, TOKENIZER, max_tokens=60).text
    times = [segment for segment in document_of(text).segments if segment.is_lead]
    assert times
    for budget in range(16, 400, 16):
        view = render(document_of(text), text, TOKENIZER, max_tokens=budget).text
        assert not re.search(r"\] \[… L|^\[ +\d\.\d+\] *$", view, re.MULTILINE)


def test_what_the_summary_tells_of_failures_is_told_once() -> None:
    names = [f"tests/test_x.py::TestX::test_{name}" for name in "abcdefghij"]
    steps = "".join(f"{name} FAILED [{i:3d}%]\n" for i, name in enumerate(names))
    ends = "".join(f"FAILED {name} - KeyError: '{name[-1]}-key'\n" for name in names)
    header = "=== short test summary info ===\n"
    view = default_view(f"collected 10 items\n\n{steps}{header}{ends}= 10 failed in 0.1s =\n")
    assert view.count(" FAILED [") == 1
    assert ends in re.sub(r" \[… [^]]*\]", "", view)


def test_what_is_named_like_a_part_of_another_thing_is_not_told_by_it() -> None:
    errors = [f"a.rst:{i}: ERROR: Undefined: {name}\n" for i, name in enumerate(["x", "y-z", "y"])]
    view = default_view("[ 10%] reading\n" + "".join(errors) + "build finished\n")
    assert all(error[7:] in re.sub(r" \[… [^]]*\]", "", view) for error in errors)


def test_frames_of_an_earlier_trace_are_not_told_again() -> None:
    frames = "".join(f"\tat app.Step{name}.run(Step.java:{i})\n" for i, name in enumerate("ABCDE"))
    log = "2026-03-01 10:00:{:02d} ERROR {}\napp.{}: {}\n{}\tat app.Main{}.main(Main.java:9)\n"
    one = log.format(1, "load failed", "LoadError", "no file", frames, "One")
    two = log.format(2, "queue is gone", "QueueError", "closed", frames, "Two")
    view = default_view(f"INFO: start\n{one}INFO: again\n{two}INFO: end\n")
    assert one in view
    assert "app.QueueError: closed [… the next 5 as L4-8]\n" in view
    assert view.count("app.StepA.run") == 1
    assert "app.MainTwo.main" in view


def test_blocks_that_repeat_are_counted_as_blocks() -> None:
    block = "INFO: fetch sources\nINFO: unpack archive\nINFO: compile {}\nINFO: link program\n"
    text = "".join(f"{block.format(name)}INFO: {name} took long\n" for name in "abcdefghij")
    view = default_view(text)
    assert view.startswith("INFO: fetch sources [… 5 lines from here: 9 more to L50]\n")
    assert "INFO: compile a [… b, c +7]\n" in view
    assert "INFO: unpack archive\n" in view


def test_a_panic_has_its_message_and_backtrace() -> None:
    panic = (
        "thread 't::a' (3573) panicked at src/main.rs:2:25:\nno such row\nstack backtrace:\n"
        "   0: t::a\n             at ./src/main.rs:2:25\n"
    )
    runs = "".join(f"test t::n{i} ... ok\n" for i in range(300))
    view = shown(f"running 301 tests\n{runs}\n{panic}\ntest result: FAILED. 300 passed\n", 150)
    assert panic in view


def test_names_that_sound_like_errors_are_none() -> None:
    said = (
        "GET /http-errors 200",
        "read /var/log/error.log",
        "fetch es-errors 1.3.0",
        "order-failed",
    )
    events = events_of(list(log_lines("".join(f"2026-03-01 10:00:00 {line}\n" for line in said))))
    assert [event.level for event in events] == [-1, -1, -1, 2]


def test_failures_of_unittest_are_a_log() -> None:
    line, rule = "=" * 70, "-" * 70
    trace = 'Traceback (most recent call last):\n  File "test_cart.py", line {}, in test_{}\n'
    failures = "".join(
        f"{line}\nFAIL: test_{name} (test_cart.Cart.test_{name})\n{rule}\n{trace.format(i, name)}"
        f"    self.assertEqual(total({i}), {i})\nAssertionError: {i + 1} != {i}\n\n"
        for i, name in enumerate(PARTS, start=9)
    )
    text = f"FF.F\n{failures}{rule}\nRan 17 tests in 0.002s\n\nFAILED (failures=16)\n"
    record, body = compress(text, Profile("o200k_base", 20))
    assert record.transforms[0].startswith("router:log:")
    assert "AssertionError: 10 != 9 [" in body.text or "AssertionError: 10 != 9\n" in body.text
    for name in PARTS:
        assert f"FAIL: test_{name} (test_cart.Cart.test_{name})" in body.text
    assert body.text.endswith("Ran 17 tests in 0.002s\n\nFAILED (failures=16)\n")


STATS = """2026-03-01 10:00:09 [stats] INFO: Counts:
{'requests': 12,
 'answers': {'200': 11,
             '404': 1},
 'reason': 'finished'}
"""


def test_data_in_brackets_belongs_to_its_event() -> None:
    start = "".join(f"2026-03-01 10:00:0{i} [core] DEBUG: Step {i}\n" for i in range(8))
    text = start + STATS + start + STATS.replace("12", "15") + start
    view = default_view(text)
    assert STATS.partition("\n")[2] in view
    assert view.count("'reason'") == 1


def test_trouble_in_the_data_of_an_event_is_an_event() -> None:
    start = "".join(f"2026-03-01 10:00:0{i} [core] DEBUG: Step {i}\n" for i in range(8))
    other = STATS.replace("'finished'", "'connection refused'")
    assert "'connection refused'" in default_view(start + STATS + start + other + start)


def test_messages_of_many_lines_make_a_log() -> None:
    query = "SELECT id\nFROM orders\nWHERE id = {0}\nORDER BY id\n"
    event = "2026-03-01 10:00:{0:02d} DEBUG shop.db - " + query
    text = "".join(event.format(i % 60) for i in range(900))
    view = default_view(text)
    assert "FROM orders\n" in view
    assert TOKENIZER.count(view) * 4 < TOKENIZER.count(text)


def test_the_last_result_and_all_causes_are_kept() -> None:
    frames = "".join(f"\tat shop.Orders.step{i}(Orders.java:{i})\n" for i in range(30))
    trace = f'Exception in thread "main" java.lang.RuntimeException: stopped\n{frames}'
    trace += f"Caused by: shop.NoRoute: no way to the store\n{frames}"
    trace += f"Caused by: java.net.ConnectException: nobody listens\n{frames}"
    runs = "".join(f"Ran {n} tests in 0.5s\n\nOK\n" for n in (11, 12, 13))
    view = default_view(trace + runs + "INFO: done\n")
    assert "Caused by: shop.NoRoute: no way to the store\n" in view
    assert "Caused by: java.net.ConnectException: nobody listens\n" in view
    assert "Ran 13 tests in 0.5s\n" in view


def test_what_is_raised_in_a_group_is_kept() -> None:
    frames = "".join(f'    |   File "/srv/a.py", line {i}, in step\n' for i in range(60))
    text = (
        "INFO: start\n  + Exception Group Traceback (most recent call last):\n"
        f"  | ExceptionGroup: all failed (1 sub-exception)\n{frames}"
        "    | ValueError: no such key\n    +------------------------------------\n"
        + "INFO: going on\n"
        * 40
    )
    view = default_view(text)
    assert "  | ExceptionGroup: all failed (1 sub-exception)\n" in view
    assert "    | ValueError: no such key\n" in view


def test_findings_of_linters_are_a_log_with_one_line_of_each_code() -> None:
    lines = [f"shop/m{i}.py:{i}:80: E501 line too long (9{i % 10} > 79)\n" for i in range(80)]
    lines.insert(40, "shop/m40.py:3:1: E731 do not assign a lambda\n")
    text = "".join(lines)
    record, body = compress(text, Profile("o200k_base", 20))
    assert record.transforms[0].startswith("router:log:")
    assert body.text.startswith("shop/m0.py:0:80: E501 line too long (90 > 79) [… 79 more to L81")
    assert "shop/m40.py:3:1: E731 do not assign a lambda\n" in body.text
