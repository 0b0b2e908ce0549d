from __future__ import annotations

import pytest

from sharedctx import tokens
from sharedctx.render import render
from sharedctx.segments import REQUIRED, Document
from sharedctx_workers.compressors.table import TableCompressor
from sharedctx_workers.compressors.table_cells import is_typed, number_of
from sharedctx_workers.compressors.table_parse import Table, find_table
from sharedctx_workers.compressors.table_ranks import rank_rows
from tests.properties.covering import check_cover

TOKENIZER = tokens.load()
TABLE = TableCompressor()

PS = "USER       PID %CPU STAT COMMAND\n" + "".join(
    f"root     {pid:5} {cpu} {state:4} job --n {pid}\n"
    for pid in range(2, 60)
    for cpu, state in [("99.9" if pid == 44 else " 0.1", "Z" if pid == 31 else "S")]
)
CSV = "id,name,state,size\n" + "".join(
    f"{i},file {i},{'lost' if i == 57 else 'ok'},{-5 if i == 70 else i * 7 % 97}\n"
    for i in range(1, 101)
)


def found(text: str) -> Table:
    table = find_table(text)
    assert table is not None
    return table


def document_of(text: str) -> Document:
    document = TABLE.document(text, TOKENIZER)
    assert document is not None
    check_cover(document, text)
    return document


def rows(line: str, count: int = 20) -> str:
    return "".join(line.format(i=i, n=i % 3) for i in range(count))


@pytest.mark.parametrize(
    ("text", "names", "size"),
    [
        ("a,b,c\n" + rows("{i},x{n},{i}.5\n"), ["a", "b", "c"], 20),
        ("a\tb\n" + rows("{i}\tx y z\n"), ["a", "b"], 20),
        ("id;v;w\n" + rows("{i};{n};x\n"), ["id", "v", "w"], 20),
        ('a,b,c\n1,"x, y\nz",2\n' + rows('{i},"q ""x"", {n}",7\n'), ["a", "b", "c"], 21),
        ("| a | b |\n|---|--:|\n" + rows("| {i} | x |\n"), ["a", "b"], 20),
        (
            "| a | b | c | d |\n|---|---|---|---|\n| 7 | 8 | 9 | 10 |\n"
            + rows("| {i} | x |   |   |\n"),
            ["a", "b", "c", "d"],
            21,
        ),
        (" id | name\n----+------\n" + rows("  {i} | n{n}\n") + "(20 rows)\n", ["id", "name"], 21),
        (
            "+---+---+\n| a | b |\n+---+---+\n" + rows("| {n} | y |\n") + "+---+---+\n",
            ["a", "b"],
            20,
        ),
        ("# made by a tool\n# twice\na\tb\tc\n" + rows("{i}\t{n}\tx\n"), ["a", "b", "c"], 20),
        (
            "version,name,eol,more\n" + rows("{i}.0,Bo,201{n}\n"),
            ["version", "name", "eol", "more"],
            20,
        ),
        (
            "Package    Version\n---------- -------\n" + rows("p{i:<9} 1.{n}\n"),
            ["Package", "Version"],
            20,
        ),
        (PS, ["USER", "PID", "%CPU", "STAT", "COMMAND"], 58),
        (rows("{i},2,{n},3\n"), [], 20),
        (rows("u{i}:x:{i}:{n}:/home:/bin/sh\n"), [], 20),
        (rows("{i}.5e+00 -{n}.250000 3.0\n"), [], 20),
        ("target\n" + rows("{i}.5\n"), ["target"], 20),
        (rows("00000000004{i:03}a0 T name_{i}{n}\n", 19) + " " * 17 + "U other\n", [], 20),
        (
            "\n\nSymbols of a.out:\n  Num: Value  Size Name\n"
            + rows(" {i:4}: 0000{n}  {i:4} f{n}\n"),
            ["Num:", "Value", "Size", "Name"],
            20,
        ),
        (
            "model,score,weights\n" + rows('"arima, order {i}, {n}",1.{i},"1.6,{n},.5"\n'),
            ["model", "score", "weights"],
            20,
        ),
    ],
)
def test_tables_are_found(text: str, names: list[str], size: int) -> None:
    table = found(text)
    assert list(table.names) == names
    assert len(table.rows) == size
    assert TABLE.same_data(text, "".join(s.text for s in document_of(text).segments))


def test_what_precedes_the_header_stays() -> None:
    text = "Desired=Unknown/Install\n| Status=Not/Inst\n||/ Name   Version   Arch\n"
    text += "+++-======-=========-=====\n" + rows("ii  pkg{i:<4} 1.{n}-{n}     amd64\n")
    table = found(text)
    assert list(table.names) == ["||/", "Name", "Version", "Arch"]
    assert document_of(text).segments[1].text.endswith("=====\n")


def test_words_are_cells_where_they_tell_more_columns() -> None:
    text = "cache - version: 2\n# name <all> <used> : tunables <limit> <share>\n" + rows(
        "cache-{i}      {i}      {n} : tunables    {i}    0\n"
    )
    table = found(text)
    assert list(table.names) == ["name", "<all>", "<used>", ":", "tunables", "<limit>", "<share>"]
    summary = document_of(text).segments[0].text
    assert summary == "[20 rows; <all>: 0 to 19; <limit>: 0 to 19; <share>: all 0]\n"


def test_a_pipe_after_a_backslash_is_a_character_of_a_cell() -> None:
    text = "| name | value |\n| --- | --- |\n" + rows("| n{i} | a \\| b |\n")
    assert [len(row.cells) for row in found(text).rows] == [2] * 20


def test_graphs_of_commits_are_lists_and_their_lines_are_not_odd() -> None:
    text = "".join(
        f"* {i:07x} Do{' it' * (i % 5)}\n|\\  \n" if i % 4 == 0 else f"| * {i:07x} Mend {i}\n"
        for i in range(90)
    )
    table = found(text)
    assert table.rows[0].cells == ["0000000", "Do"]
    ranks = rank_rows(text, table)
    assert all(
        rank >= 0.4
        for rank, row in zip(ranks[3:-1], table.rows[3:-1], strict=True)
        if not row.cells
    )


def test_rows_need_neither_the_summary_nor_all_of_a_long_header() -> None:
    names = ",".join(f"name_of_column_{i}" for i in range(400))
    text = f"{names}\n" + "".join(f"row {n},{n}{',' * 398}\n" for n in range(40))
    shown = render(document_of(text), text, TOKENIZER, max_tokens=500).text
    assert "row 0" in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a,b\n1,2\n",
        "We met, and talked.\nIt was late, but nice.\nShe left, he stayed.\nAll well, then.\n" * 3,
        "int a = 1;\nint b = 2;\nint c = 3;\nint d = 4;\nint e = 5;\nint f = 6;\n",
        "RED = (\n" + rows("    ({i}, {n}, 3),\n") + ")\n",
        rows("2024-01-02 10:00:{i:02},123 INFO [worker] handled request {n} in 5 ms\n"),
        "def f(a, b):\n    return a, b\n\n" * 10,
        rows("[{i}, {n}, 3],\n"),
        rows('{{"a": {i}, "b": 2, "c": 3}}\n'),
        rows("name         : aes{i}\nmodule       : kernel\n"),
        "alpha\nbeta\ngamma delta epsilon zeta\n" + rows("word{i}\n"),
    ],
)
def test_other_texts_are_no_tables(text: str) -> None:
    assert TABLE.document(text, TOKENIZER) is None


SERVICES = (
    "# Services\n\n"
    + "".join(f"name{i}\t\t{i * 7}/tcp{'   alias' if i % 3 else ''}\n" for i in range(30))
    + "#\n# Local ones\n#\nlast\t\t9999/udp\t# of this host\n"
)


@pytest.mark.parametrize(
    ("text", "width", "size"),
    [
        (SERVICES, 3, 32),
        (rows("/dev/sd{n} /mnt/{i} ext4 ro 0 {n}\n") + "# a shelf\n", 6, 21),
        ("".join(f"{i:08x} Say {'why ' * (i % 4)}it is {i}\n" for i in range(20)), 2, 20),
        ("".join(f"{i % 3:7} {'a' * (i % 4)}b {'x ' * (i % 5)}\n" for i in range(20)), 2, 20),
        (rows("name-{i}\n", 120), 1, 120),
        ("word\n" + rows("{n}    {n}   {n}\n"), 3, 21),
    ],
)
def test_lists_need_not_be_aligned(text: str, width: int, size: int) -> None:
    table = found(text)
    assert not table.names
    assert max(len(row.cells) for row in table.rows) == width
    assert len(table.rows) == size


def test_comments_in_a_list_are_kept_without_their_frame() -> None:
    document = document_of(SERVICES)
    view = render(document, SERVICES, TOKENIZER, max_tokens=200).text
    assert view.startswith("[32 rows; 1 of another shape; $3:")
    assert "# Services" in view
    assert "# Local ones" in view
    assert "last\t\t9999/udp\t# of this host" in view


@pytest.mark.parametrize(
    "line",
    [
        "key_{i} = value {n}\n",
        "name{i}:   value {n}\n",
        "2026-11-{i:02} 10:00:00 started {n}\n",
        "call(a, {i});\n",
        "<a href={i}> <b> {n}>\n",
        "name-{i}\n",
    ],
)
def test_settings_logs_code_and_short_lists_of_names_are_no_lists_of_fields(line: str) -> None:
    assert find_table(rows(line)) is None


PROCESSES = "".join(
    f"{pid:5d} root  {'rt' if pid == 7 else pid % 20:>4} {pid % 3:4d} {100 * pid:7d} "
    f"{'S' if pid % 9 else 'R'} 0:{pid:02d}.00 kworker/{pid}:0-ev\n"
    for pid in range(1, 41)
)
HEADER = "  PID USER    PR   NI    VIRT S    TIME COMMAND\n"


def test_a_header_below_a_blank_line_counts_more_than_numbers_above_it() -> None:
    above = (
        "top - 03:32:22 up  2:30,  0 user,  load average: 0.03, 0.73, 1.41\n"
        "Tasks:  62 total,   1 running,  61 sleeping,   0 stopped,   0 zombie\n"
        "%Cpu(s):  0.0 us,100.0 sy,  0.0 ni,  0.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st \n"
        "MiB Mem :  24105.6 total,  23148.3 free,    419.4 used,    819.6 buff/cache     \n"
        "MiB Swap:      0.0 total,      0.0 free,      0.0 used.  23686.2 avail Mem \n"
    )
    header = "  PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n"
    line = "{:5d} root       0 -20       0      0      0 I   0.0   0.0   0:00.{:02d} kworker/R+\n"
    table = found(f"{above}\n{header}{''.join(line.format(i, i) for i in range(1, 62))}")
    assert list(table.names) == header.split()
    assert table.top == len(above) + 1


def test_words_in_a_column_of_numbers_are_told() -> None:
    summary = document_of(HEADER + PROCESSES).segments[0].text
    assert "; PR: 0 to 19, rt x1; " in summary


def test_a_footer_does_not_hide_the_columns() -> None:
    listing = "UNIT      STATE   TEXT\n" + "".join(
        f"unit-{i:<4} {'failed ' if i == 9 else 'running'} Unit number {i}\n" for i in range(60)
    )
    table = found(f"{listing}\nSTATE = what the unit does now\n60 units listed.\n")
    assert list(table.names) == ["UNIT", "STATE", "TEXT"]
    assert [len(row.cells) for row in table.rows[-3:]] == [3, 0, 0]


def test_the_last_row_that_has_the_columns_is_kept_like_the_first() -> None:
    document = document_of(PS + "total of what was listed above, in words\n")
    row = next(s for s in document.segments if s.text.startswith("root        59"))
    assert row.rank < 0.2


def test_the_header_and_its_summary_come_first() -> None:
    summary, first, *others = document_of(CSV).segments
    assert first.rank < summary.rank == REQUIRED
    assert summary.text == (
        "[100 rows; id: 1 to 100; name: 100 different; state: ok x99, lost x1; size: -5 to 96]\n"
    )
    assert first.text == "id,name,state,size\n"
    assert [row.first for row in others] == list(range(1, 101))
    assert all(row.unit == "row" and row.needs == row.first for row in others)


def test_all_values_of_a_column_are_told_where_there_is_room() -> None:
    states = [f"S{i}" for i in range(12)]
    text = "name,state,note\n" + "".join(
        f"n{i},{states[i % 10 if i < 99 else i % 12]},a note on the row with the number {i}\n"
        for i in range(120)
    )
    head = document_of(text).segments[0].text.partition("\n")[0]
    assert all(f"{state} x" in head for state in states)
    assert "others" not in head


def test_ranges_are_told_before_what_takes_more_room() -> None:
    names = "".join(f",number_{n}" for n in range(8))
    body = "".join(f"name {i}{''.join(f',{i * n + n}' for n in range(8))}\n" for i in range(60))
    summary = document_of(f"name{names}\n{body}").segments[0].text.partition("\n")[0]
    assert summary.endswith("number_6: 6 to 360; number_7: 7 to 420]")
    assert "name:" not in summary


def test_odd_rows_extremes_and_ends_are_kept() -> None:
    shown = render(document_of(CSV), CSV, TOKENIZER, max_tokens=260, keep_required=True).text
    for line in ("1,file 1,", "57,file 57,lost", "70,file 70,ok,-5", "100,file 100,"):
        assert f"\n{line}" in shown
    assert "rows elided: #" in shown
    shown = render(document_of(PS), PS, TOKENIZER, max_tokens=300, keep_required=True).text
    assert " 44 99.9" in shown
    assert " 31  0.1 Z" in shown


def test_a_wrong_summary_is_noticed() -> None:
    whole = "".join(segment.text for segment in document_of(CSV).segments)
    assert TABLE.same_data(CSV, whole)
    assert not TABLE.same_data(CSV, whole.replace("100 rows", "101 rows"))
    assert not TABLE.same_data(CSV, CSV)
    assert not TABLE.same_data("no table", "no table")


def test_rows_of_another_shape_are_counted_and_kept() -> None:
    text = CSV + "this is no row at all\n"
    assert "101 rows; 1 of another shape" in document_of(text).segments[0].text
    shown = render(document_of(text), text, TOKENIZER, max_tokens=200, keep_required=True).text
    assert "no row at all" in shown


def test_very_long_rows_are_cut() -> None:
    text = "id,body\n" + "".join(f"{i},{'word ' * 600}\n" for i in range(10))
    document = document_of(text)
    assert len(document.segments) > 30
    assert {segment.unit for segment in document.segments[1:]} == {"line", "row", "char"}


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12", 12),
        ("-1,024.5", -1024.5),
        ("12%", 12),
        ("4.0K", 4000),
        ("$3.50", 3.5),
        ("1e3", 1000),
        ("20ms", 0.02),
        ("3 MiB", 3e6),
        ("", None),
        ("1.2.3", None),
        ("x1", None),
        ("9" * 40, None),
        ("²", None),
        ("٣", 3),
    ],
)
def test_numbers_are_read_as_people_write_them(cell: str, number: float | None) -> None:
    found_number = number_of(cell)
    assert found_number == (pytest.approx(number) if number is not None else None)


def test_columns_have_types() -> None:
    assert is_typed(["1", "2", "-", "3"])
    assert is_typed(["2024-01-02", "2024-01-03"])
    assert is_typed(["ok", "ok", "ok", "bad"] * 3)
    assert not is_typed(["one", "two", "three", "four"])
    assert not is_typed(["", ""])


def test_numbers_of_any_size_are_ranked() -> None:
    text = "a,b\n" + "".join(f"{n},x\n" for n in ("1e308", "-1e308", "1e99", "9e99", "nan") * 9)
    assert len(document_of(text).segments) == 47


def test_what_is_said_below_a_table_does_not_hide_its_columns() -> None:
    units = [f"unit-{i:02}.service" for i in range(36)]
    rows = [f"{unit:<17} loaded {'failed' if unit[5] == '3' else 'active'}" for unit in units]
    footer = ["LOAD   = Whether its definition was read.", "ACTIVE = What it does.", "36 units."]
    text = "\n".join([f"{'UNIT':<17} LOAD   ACTIVE", *rows, "", *footer, ""])
    said = document_of(text).segments[0].text
    assert "LOAD: loaded x36" in said
    assert "ACTIVE: active x30, failed x6" in said
