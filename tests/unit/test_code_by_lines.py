"""Code in languages without a grammar here: outlined by what its lines hold."""

from __future__ import annotations

import pytest

from sharedctx.render import render
from sharedctx.segments import Guarantee
from sharedctx_workers.compressors.code import CodeCompressor
from sharedctx_workers.compressors.code_detect import detect
from sharedctx_workers.gate import Evidence, find_fault
from tests.unit.test_code_compressor import TOKENIZER, outline_of, view_of, work

GENERIC = {
    "kotlin": (
        (
            "package a.b\n\nimport c.D\n\n/** Does\n * it. */\nclass A(val x: Int) {\n"
            "    override fun run(\n        a: Int,\n    ): Int {\n{work}    }\n}\n"
        ),
        [
            "import c.D",
            "class A(val x: Int) {",
            "override fun run(",
            "        a: Int,",
            "] */\n    }\n",
        ],
    ),
    "lua": (
        (
            "local m = require('m')\n\n-- Says so.\nlocal function run(a, b)\n{work}end\n\n"
            "M.go = function(x)\n{work}end\n"
        ),
        ["local m = require('m')", "local function run(a, b)", "M.go = function(x)", "-- [… L"],
    ),
    "erlang": (
        (
            "-module(a).\n-export([run/1]).\n\n%% Says so.\nrun(A) ->\n{work}    ok.\n\n"
            "stop(B) when B > 1 ->\n{work}    ok.\n"
        ),
        ["-export([run/1]).", "run(A) ->", "stop(B) when B > 1 ->", "% [… L"],
    ),
    "sql": (
        (
            "CREATE TABLE a (\n    b int NOT NULL,\n    c text\n);\n\n"
            "CREATE FUNCTION run(a int)\nRETURNS int AS $$\n{work}$$;\n"
        ),
        ["CREATE TABLE a (", "CREATE FUNCTION run(a int)"],
    ),
    "objective-c": (
        (
            '#import "A.h"\n\n@implementation A\n\n- (void)run:(int)count\n{\n{work}}\n\n'
            "+ (instancetype)shared\n{\n{work}}\n\n@end\n"
        ),
        ['#import "A.h"', "@implementation A", "- (void)run:(int)count", "+ (instancetype)shared"],
    ),
    "lisp": (
        (
            "(require 'cl-lib)\n\n(defun run (a b)\n{work}        (other a))\n\n"
            "(my-define-thing walk\n    (c d)\n{work}        (other c))\n"
        ),
        ["(require 'cl-lib)", "(defun run (a b)", "(my-define-thing walk\n    (c d)"],
    ),
    "perl": (
        (
            "package A;\nuse strict;\n\nsub run {\n    sub inner { 1 }\n{work}}\n\n"
            "=head2 walk\n\nWalks on.\n\n  use A qw(walk);\n\n=cut\n\nsub walk {\n{work}}\n"
        ),
        ["use strict;", "sub run {", "sub inner", "=head2 walk", "  use A qw(walk);", "sub walk {"],
    ),
    "make": (
        "include common.mk\n\nall: build\n{tabs}\ninstall:\n{tabs}\n%.o: %.c\n{tabs}",
        ["include common.mk", "all: build", "install:", "%.o: %.c"],
    ),
    "cmake": (
        (
            "cmake_minimum_required(VERSION 3.5)\nfind_package(A)\nadd_library(b STATIC b.c)\n"
            "if(WIN32)\n{work}endif()\nfunction(run a)\n{work}endfunction()\n"
        ),
        ["find_package(A)", "add_library(b STATIC b.c)", "function(run a)"],
    ),
    "svelte": (
        (
            "<script>\n  import A from 'a';\n  export let size = 1;\n  function run(a) {\n{work}"
            "  }\n</script>\n\n<style>\n  .b {\n{work}  }\n</style>\n"
        ),
        ["<script>", "import A from 'a';", "export let size", "function run(a) {", "</script>"],
    ),
    "r": (
        (
            "library(a)\nrun <- function(b,\n                c = 1) {\n{work}}\n\n"
            'test_that("it runs", {\n  walk <- function(d) {\n{work}  }\n})\n'
        ),
        ["library(a)", "run <- function(b,", "c = 1) {", "walk <- function(d) {"],
    ),
    "ada": (
        (
            "with Ada.Text_IO;\n\npackage body A is\n\n   procedure Run\n     (B : Integer)\n"
            "   is\n   begin\n{work}   end Run;\n\n   procedure Walk is\n   begin\n{work}"
            "   end Walk;\n\nend A;\n"
        ),
        [
            "with Ada.Text_IO;",
            "package body A is",
            "procedure Run\n     (B : Integer)",
            "procedure Walk",
        ],
    ),
    "fortran": (
        (
            "module runs\n  use iso_fortran_env\n  implicit none\ncontains\n\n"
            "  subroutine run(a, b)\n    integer, intent(in) :: a\n{work}  end subroutine run\n\n"
            "  ! Says so, stop!\n  function walk(c) result(d)\n{work}  end function walk\n\n"
            "end module runs\n"
        ),
        [
            "module runs",
            "use iso_fortran_env",
            "subroutine run(a, b)",
            "function walk(c)",
            "! [… L",
        ],
    ),
    "protobuf": (
        (
            'syntax = "proto3";\n\nimport "a.proto";\n\nservice Runs {\n'
            "  rpc Run(Request) returns (Reply) {\n{work}  }\n}\n\n"
            "message Request {\n  oneof kind {\n    int32 a = 1;\n    string b = 2;\n  }\n}\n"
        ),
        [
            'import "a.proto";',
            "service Runs {",
            "rpc Run(Request)",
            "message Request {",
            "oneof kind",
        ],
    ),
}


@pytest.mark.parametrize("name", GENERIC)
@pytest.mark.parametrize("hinted", [True, False])
def test_languages_without_a_grammar_are_outlined_by_their_lines(
    name: str,
    hinted: bool,  # noqa: FBT001
) -> None:
    pattern, expected = GENERIC[name]
    body = "".join(f"        total_{i} = count(total) + other(total) * 3\n" for i in range(30))
    text = pattern.replace("{work}", body) * (1 if hinted else 3)
    text = text.replace("{tabs}", "".join(f"\t$(CC) $(FLAGS) part{i}.c\n" for i in range(30)))
    compressor = CodeCompressor(name if hinted else "", by_lines=True)
    document = compressor.document(text, TOKENIZER)
    assert document is not None
    assert "".join(segment.text for segment in document.segments) == text
    budget = TOKENIZER.count(text) // 5
    shown = render(document, text, TOKENIZER, max_tokens=budget, keep_required=True)
    for line in expected:
        assert line in shown.text
    assert shown.guarantee is Guarantee.EXTRACTIVE
    total = TOKENIZER.count(text)
    assert shown.tokens < total / 2
    assert find_fault(Evidence(compressor, document, shown, text, total)) is None


@pytest.mark.parametrize("head", [".a > .b", "server", "@media (min-width: 9em)", "defaultConfig"])
def test_headings_of_groups_are_kept_as_far_as_there_is_room(head: str) -> None:
    rules = [
        f"{head} {{\n" + "".join(f"    value-{i}: {i}px {j};\n" for i in range(3)) + "}\n"
        for j in range(60)
    ]
    document, shown = outline_of("\n".join(rules))
    assert document.kind == "code"
    assert 0.1 < shown.tokens / TOKENIZER.count("\n".join(rules)) <= 0.25
    assert 5 < shown.text.count(f"{head} {{") < 60


def test_a_manual_in_code_does_not_hide_it() -> None:
    manual = "=head1 NAME\n\nA - is good for this and that, as far as anyone can tell\n\n" * 30
    document, shown = outline_of(f"{manual}=cut\n\npackage A;\nuse B;\nsub run {{\n{work()}}}\n")
    assert document.kind == "code"
    for line in ("=head1 NAME", "package A;", "use B;", "sub run {"):
        assert line in shown.text


@pytest.mark.parametrize(
    ("kin", "text"),
    [
        ("cpp", '#import "A.h"\n@interface A\n@property int b;\n- (void)run;\n+ (int)c;\n@end\n'),
        ("bash", "all: a b\n\techo $(A)\n\tif a; then b; fi\nclean:\n\trm -f $(A)\n\texit 0\n"),
        ("ruby", "class A\n  @b : Int32\n  def run(a : Int32) : Int32\n    a\n  end\nend\n"),
    ],
)
def test_a_related_grammar_does_not_take_what_it_cannot_read(kin: str, text: str) -> None:
    code = detect(text * 5)
    assert code is None or code.language.name != kin


def test_a_file_that_does_not_parse_is_outlined_by_its_lines() -> None:
    broken = 'extern "C" {\n#if 0\n}}}}((((\n#endif\n' * 3
    text = f"#include <a.h>\n{broken}int run(int a)\n{{\n{work()}}}\nint walk (int b);\n"
    document, shown = outline_of(text)
    assert document.partial is Guarantee.EXTRACTIVE
    for line in ("#include <a.h>", "int run(int a)", "int walk (int b);"):
        assert line in shown.text


def test_imports_in_functions_of_languages_without_a_grammar_are_told() -> None:
    body = "    my $x = $self->value(3) + other($total);\n" * 30
    text = f"package A::B;\nuse strict;\n\nsub run {{\n{body}    require A::Late;\n{body}}}\n" * 2
    view = view_of(text)
    assert "sub run {" in view
    assert "require A::Late;" in view


def test_labels_of_members_do_not_hide_them() -> None:
    methods = "".join(f"    function Method{i}(value: Integer): Integer;\n" for i in range(10))
    text = f"unit Things;\n\ntype\n  TThing = class(TBase)\n  private\n{methods}  public\n"
    text += f"{methods.replace('Method', 'Open')}  end;\n\nimplementation\n\n"
    text += f"function TThing.Open1(value: Integer): Integer;\nbegin\n{work()}end;\n"
    view = view_of(text)
    assert all(f"function {name}{i}(" in view for name in ("Method", "Open") for i in range(10))


def test_documentation_in_attributes_is_no_prose() -> None:
    doc = "    Returns what is there, as far as anyone can tell from what was said before.\n" * 9
    member = f'  @doc """\n{doc}  """\n  @callback find{{i}}(opts) :: boolean\n\n'
    members = "".join(member.replace("{i}", str(i)) for i in range(9))
    text = f"defmodule A.B do\n  @moduledoc ~S'''\n{doc}  '''\n\n{members}"
    text += f"  def run(a) do\n{work()}  end\nend\n"
    document, shown = outline_of(text)
    assert document.kind == "code"
    assert all(f"@callback find{i}(opts) :: boolean" in shown.text for i in range(9))
    assert "# [… L" in shown.text


def test_columns_of_a_table_are_shown_as_far_as_there_is_room() -> None:
    columns = "".join(f"  column_{i} varchar(128) NOT NULL default '',\n" for i in range(30))
    table = f"CREATE TABLE users_{{i}} (\n{columns}  PRIMARY KEY (column_1)\n);\n\n"
    text = "".join(table.replace("{i}", str(i)) for i in range(9))
    document, shown = outline_of(text)
    assert document.kind == "code"
    assert all(f"CREATE TABLE users_{i} (" in shown.text for i in range(9))
    assert len(shown.text) < len(text) / 2


def test_comments_at_the_margin_are_as_deep_as_what_follows_them() -> None:
    lines = "".join(f"*\n      A({i}) = B({i}) * COUNT( TOTAL, {i} )\n" for i in range(60))
    text = "*> Solves it.\n*\n      SUBROUTINE SOLVE( A, B, N,\n     $                  LDA )\n"
    text += f"*\n      INTEGER N, LDA\n{lines}      END\n"
    document, shown = outline_of(text)
    assert document.kind == "code"
    assert "      SUBROUTINE SOLVE( A, B, N," in shown.text
    assert "* [… " in shown.text


def test_conditions_of_a_preprocessor_stay_whole() -> None:
    broken = 'extern "C" {\n#if 0\n}}}}((((\n#endif\n' * 3
    note = "/* Says in many words what follows here,\n * and why it is there at all. */\n"
    text = f"#include <a.h>\n{broken}"
    for i in range(4):
        text += f"{note}#ifdef HAS_{i}\nint run{i}(int a)\n{{\n{work()}}}\n#endif /* {i} */\n"
    _, shown = outline_of(text)
    for i in range(4):
        assert f"#ifdef HAS_{i}\nint run{i}(int a)" in shown.text
        assert f"}}\n#endif /* {i} */\n" in shown.text
