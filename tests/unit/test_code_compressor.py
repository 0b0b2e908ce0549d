from __future__ import annotations

import pytest

from sharedctx import tokens
from sharedctx.ranking import rank_for_query
from sharedctx.render import Rendering, render
from sharedctx.segments import Document, Guarantee
from sharedctx_workers.compressors.code import CodeCompressor
from sharedctx_workers.compressors.code_detect import detect
from sharedctx_workers.gate import Evidence, find_fault

TOKENIZER = tokens.load()
CODE = CodeCompressor(by_lines=True)

WORK = {
    "python": "    total = count(total) + other(total) * 3 - value_{i}\n",
    "c": "    total = count(total) + other(total) * 3 - value_{i};\n",
}


def work(style: str = "c", lines: int = 30) -> str:
    return "".join(WORK[style].format(i=i) for i in range(lines))


PYTHON = f'''"""What this module is for."""

# a note about nothing
import os
from typing import Any

LIMIT = 30


@decorate("x")
class Thing(Base):
    """A thing that works.

    It has a long story that hardly anybody needs.
    """

    size: int = 3

    async def run(self, value: int, *, name: str = "n") -> dict[str, Any]:
        """Run the thing."""
        total = value
{work("python").replace("    total", "        total")}
        raise ValueError(total)


def short(a):
    return a + 1


def outer(total):
{work("python")}
    def inner(x):
        return x

    return inner
'''

SOURCES = {
    "python": (PYTHON, ["import os", "LIMIT = 30", '@decorate("x")', "class Thing(Base):"]),
    "javascript": (
        (
            f"import a from 'a';\nexport class Box {{\n  open(x) {{\n{work()}  }}\n}}\n"
            f"const go = async (y) => {{\n{work().replace('total =', 'let t =')}}};\n"
        ),
        ["import a from 'a';", "export class Box {", "open(x) {", "const go = async (y) => {"],
    ),
    "typescript": (
        (
            f"import a from 'a';\ninterface P {{ x: number }}\n"
            f"export function f(p: P): string {{\n{work()}}}\n"
        ),
        ["interface P { x: number }", "export function f(p: P): string {"],
    ),
    "tsx": (
        (
            "import a from 'a';\nexport const B = (p: {x: number}) => {\n"
            f"{work()}  return <div>it is {{p.x}}</div>;\n}};\n"
        ),
        ["export const B = (p: {x: number}) => {"],
    ),
    "go": (
        (
            f'package main\n\nimport "os"\n\ntype T struct {{\n\tA int\n}}\n\n'
            f"// Run runs.\nfunc (t *T) Run(a int) "
            f"(int, error) {{\n{work().replace(';', '')}}}\n"
        ),
        ['import "os"', "type T struct {", "// Run runs.", "func (t *T) Run(a int) (int, error) {"],
    ),
    "rust": (
        (
            f"use std::io;\n\n#[derive(Debug)]\npub struct P {{\n    x: i32,\n}}\n\nimpl P {{\n"
            f"    pub fn run(&self, a: i32) -> i32 {{\n{work()}    a\n    }}\n}}\n"
        ),
        ["use std::io;", "#[derive(Debug)]", "impl P {", "pub fn run(&self, a: i32) -> i32 {"],
    ),
    "java": (
        (
            "package p;\n\nimport java.util.List;\n\npublic class A {\n  private int x;\n\n"
            f"  public List<A> run(int a) throws E {{\n{work()}  throw new E(a);\n  }}\n}}\n"
        ),
        ["package p;", "public class A {", "public List<A> run(int a) throws E {"],
    ),
    "c": (
        (
            f"#include <stdio.h>\n\n#ifdef X\nint f(void);\n#endif\n\n"
            f"static int run(int a, char *b) {{\n{work()}}}\n"
        ),
        ["#include <stdio.h>", "#ifdef X", "static int run(int a, char *b) {"],
    ),
    "cpp": (
        (
            "#include <map>\nnamespace n {\ntemplate <class T> class A : public B {\n public:\n"
            f"  int run(T a) const {{\n{work()}  }}\n}};\n}}\n"
        ),
        ["namespace n {", "template <class T> class A : public B {", "int run(T a) const {"],
    ),
    "csharp": (
        (
            "using System;\n\nnamespace N\n{\n    public class A\n    {\n"
            "        public int Run(int a)\n"
            f"        {{\n{work()}        }}\n    }}\n}}\n"
        ),
        ["using System;", "public class A", "public int Run(int a)"],
    ),
    "ruby": (
        (
            f"require 'json'\n\nmodule M\n  class A < B\n    def run(a, b: 1)\n"
            f"{work('python')}    end\n  end\nend\n"
        ),
        ["require 'json'", "class A < B", "def run(a, b: 1)"],
    ),
    "php": (
        (
            "<?php\nnamespace N;\n\nuse A\\B;\n\nclass C extends B\n{\n"
            "    public function run(int $a): int\n"
            f"    {{\n{work().replace('total', '$t')}    }}\n}}\n"
        ),
        ["<?php", "use A\\B;", "class C extends B", "public function run(int $a): int"],
    ),
    "bash": (
        "#!/bin/bash\nset -e\n\nrun() {\n"
        + "    echo one two three four five six\n" * 40
        + "}\n\nrun x\n",
        ["#!/bin/bash", "run() {"],
    ),
}


def document_of(text: str) -> Document:
    document = CODE.document(text, TOKENIZER)
    assert document is not None
    assert "".join(segment.text for segment in document.segments) == text
    return document


def outline_of(text: str, percent: int = 25) -> tuple[Document, Rendering]:
    document = document_of(text)
    budget = TOKENIZER.count(text) * percent // 100
    return document, render(document, text, TOKENIZER, max_tokens=budget, keep_required=True)


def view_of(text: str) -> str:
    return outline_of(text)[1].text


@pytest.mark.parametrize("name", SOURCES)
def test_the_outline_of_every_language_is_whole_and_passes_the_gate(name: str) -> None:
    text, expected = SOURCES[name]
    code = detect(text)
    assert code is not None
    assert code.language.name == name
    document, shown = outline_of(text)
    for line in expected:
        assert line in shown.text
    assert shown.guarantee is Guarantee.OUTLINED
    total = TOKENIZER.count(text)
    assert shown.tokens < total / 2
    assert find_fault(Evidence(CODE, document, shown, text, total)) is None


def test_bodies_say_what_they_do_and_docs_stay() -> None:
    _, shown = outline_of(PYTHON)
    assert 'async def run(self, value: int, *, name: str = "n") -> dict[str, Any]:' in shown.text
    assert "raises ValueError; calls count, other]" in shown.text
    assert "return a + 1" in shown.text
    assert "inner" in shown.text
    compile(shown.text, "outline", "exec")


def test_the_note_of_a_body_tells_of_the_comment_before_it() -> None:
    comment = "/**\n" + " * It runs and runs and says so at length.\n" * 6 + " */\n"
    text = f"#include <a.h>\n\n{comment}int run(int a) {{\n{work()}}}\n{comment}int walk(int b);\n"
    shown = outline_of(text, 5)[1]
    assert "\n\nint run(int a) {/* [… L3-41; calls count, other] */}\n" in shown.text
    assert "/* [… L43-50] */\nint walk(int b);" in shown.text
    assert find_fault(Evidence(CODE, document_of(text), shown, text, 10**6)) is None


NEVER_LOST = {
    "prototypes": ("#include <a.h>\nint run(int a,\n        char *b);\n", "int run(int a,"),
    "constants": ("import os\n__all__ = ['f']\nlimit = 3\n", "limit = 3"),
    "enumerators": ("enum E {\n  FIRST, SECOND;\n\n  int f() { return 1; }\n}\n", "FIRST, SECOND;"),
    "re-exports": ("import a from 'a';\nexport { b } from './b';\n", "export { b } from './b';"),
    "guarded imports": ("import a\ntry:\n    import b\nexcept E:\n    b = None\n", "import b"),
    "parameters with types of their own": (
        "import a from 'a';\nexport function f({ x }: { x: number; "
        + "y: string; " * 20
        + "}) {}\n",
        "y: string; }) {}",
    ),
}


@pytest.mark.parametrize("name", NEVER_LOST)
def test_what_an_outline_is_made_of_is_never_lost(name: str) -> None:
    text, expected = NEVER_LOST[name]
    style = "python" if text.startswith("import os") or "try:" in text else "c"
    head = "def run(a):\n" if style == "python" else "int run(int a) {\n"
    if "import a from" in text:
        head = "function run(a) {\n"
    if "enum" in text:
        text = f"package p;\nimport b.C;\n{text}"
        head = "class A {\n  int run(int a) {\n"
    closing = {"class": "  }\n}\n", "def r": ""}.get(head[:5], "}\n")
    text += f"{head}{work(style)}{closing}"
    assert expected in outline_of(text, 20)[1].text


def test_what_a_body_imports_is_in_its_note() -> None:
    text = f"import os\nimport re\n\n\ndef run(total):\n    import json\n{work('python')}"
    assert "[… L6-36; import json; calls count, other]" in outline_of(text)[1].text


def test_long_bodies_are_parts_that_rank_on_their_own() -> None:
    body = "".join(f"    total_{i} = count(total) + needle_{i}\n" for i in range(400))
    text = f"import os\n\n\ndef run(total):\n    if total:\n{body.replace('    t', '        t')}"
    ranked = rank_for_query(document_of(text), "needle_211")
    assert "needle_211" in render(ranked, text, TOKENIZER, max_tokens=500).text


def test_a_question_brings_the_body() -> None:
    document = rank_for_query(document_of(PYTHON), "raise ValueError total")
    shown = render(document, PYTHON, TOKENIZER, max_tokens=700).text
    assert "raise ValueError(total)" in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n" * 5000,
        "Call `def f(x): return x` to import it.\nThe class A: it is empty.\n" * 30,
        "2024-01-01 12:00:01 INFO import of class Foo: done\n" * 100,
        '{"import": "x", "def": [1, 2, 3]}\n' * 50,
        "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n import os\n-def f(): pass\n+def g(): pass\n",
        "name: x\nimport: y\nitems:\n  - a\n  - b\n" * 30,
        "x.py:1:import os\nx.py:2:import sys\nx.py:3:def f(a):\n" * 20,
        ">>> import os\n>>> def f(x):\n...   return 1\n>>> f(1)\n1\n" * 20,
        "<?xml version='1.0'?>\n<a>\n" + "  <function name='b'>\n    <c/>\n  </function>\n" * 30,
        "/bin/a:\n\tlibb.so.1 => /lib/libb.so.1 (0x00007ffc)\n\tlibc.so.6 => /lib/c (0x00007ffd)\n"
        * 30,
        "## [1.2.3](https://x.example/a) (2020-01-02)\n\n* **b:** fix c ([d](https://x.example/d))\n"
        * 30,
        "  *a_b(c)* takes words and tells what became of them, see |d|.\n\n    let x = a_b(c)\n"
        * 30,
        "The class of 1990 (function and type): let it be.\nSub rosa, as they say.\n" * 40,
        "- class A: it works\n- function b(c): it does not\n- val x = 3 {see below}\n" * 30,
        "error: fun f(a) failed {code=1};\nerror: class B failed {code=2};\n" * 30,
    ],
)
def test_other_content_is_not_code(text: str) -> None:
    assert CODE.document(text, TOKENIZER) is None


def test_code_full_of_log_calls_is_code() -> None:
    text = "import logging\n\n\ndef f():\n" + '    logging.error("ERROR 12:00:01 failed")\n' * 60
    assert document_of(text).kind == "code"


@pytest.mark.parametrize(
    "text",
    [
        "import a\nimport b\n" + "[" * 20_000,
        "import a\nimport b\nx = " + "(" * 30_000 + ")" * 30_000,
        "function f(a)\n  local x = 1\nend\n" + "--[[ x {}\n" * 10_000,
        "".join(" " * i + f"class A{i} {{\n" for i in range(800)),
        "class A {}\n" * 5 + "public static final " * 5_000,
        "fun f(a: Int,\n" * 5_000,
        "#include <a>\nnamespace x {\ntemplate<class T> " + "A<" * 5_000,
        "".join(f"function f{i}() {{\n" for i in range(1500)) + "}\n" * 1500,
        "import a\nimport b\n" + "# hello there\n" * 5_000,
        "\ufeffimport a\nimport b\n" + 'def é():\n    """Größe […"""\n    s = "\U0001f600"\n' * 50,
        "import os\r\nimport sys\r\n" + "def f(x):\r\n    a = b(x)\r\n    return a\r\n\r\n" * 50,
        "import os\nimport sys\nx = '\ud800\x00'\n" + "def f(x):\n    return x\n" * 50,
        '"use strict";\n' + "function f(a){return a+1};var x=function(b){return b*2};" * 200,
        "import os\nimport sys\nx = [\n" + "    1,\n" * 5_000 + "]\n",
        "fun main() {\n    work(x)\n}\n" * 20 + f"PLAY [all] {'*' * 68}\n",
    ],
)
def test_hostile_text_is_covered(text: str) -> None:
    document = CODE.document(text, TOKENIZER)
    if document is not None:
        assert "".join(segment.text for segment in document.segments) == text
        assert CODE.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
        assert render(document, text, TOKENIZER, max_tokens=60).tokens <= 60


def test_the_gate_catches_outlines_that_are_not() -> None:
    assert "parse" in (
        CODE.outline_fault(PYTHON, PYTHON.replace("def short(a):", "def short(a")) or ""
    )
    lacking = CODE.outline_fault(PYTHON, PYTHON.replace("def short(a)", "def shorter(a)"))
    assert lacking == "it does not define 'short'"
    assert CODE.outline_fault("no code at all", "x = 1") == "it does not parse"


def test_a_table_of_constants_is_code() -> None:
    rows = "".join(f"    ('{chr(97 + i % 26)}', {i}),\n" for i in range(2000))
    text = f"// Made by a tool.\n\npub const LETTERS: &'static [(char, u32)] = &[\n{rows}];\n"
    code = detect(text)
    assert code is not None
    assert code.language.name == "rust"
    assert detect(rows) is None


@pytest.mark.parametrize("share", range(5, 60, 5))
def test_parts_of_a_body_come_with_what_closes_its_doc_string(share: int) -> None:
    doc = "".join(
        f"    It counts {i} things, and does what has to be done with them.\n" for i in range(40)
    )
    text = f'import os\nimport sys\n\n\ndef run(total):\n    r"""Run it.\n\n{doc}    """\n'
    text += work("python", 150)
    assert CODE.outline_fault(text, outline_of(text, share)[1].text) is None


def test_attributes_stay_with_what_they_are_for_across_comments() -> None:
    docs = "".join(f"    /// It is number {i} of all.\n" for i in range(20))
    variants = "".join(
        f'    #[cfg_attr(feature = "help", doc = "```")]\n{docs}    Variant{i},\n' for i in range(5)
    )
    text = f"use std::fmt;\n\npub enum Action {{\n{variants}}}\n"
    view = view_of(text)
    assert CODE.outline_fault(text, view) is None
    assert all(f"Variant{i}," in view for i in range(5))


def test_functions_in_short_functions_are_told() -> None:
    text = "import { memo } from 'x';\nexport const wrap = (of) => {\n"
    text += (
        f"  const Extended = (props) => {{\n{work(lines=12)}  }};\n  return memo(Extended);\n}};\n"
    )
    text += f"function last() {{\n  const fs = require('fs');\n{work()}}}\n"
    view = view_of(text)
    assert "const Extended = (props) => {" in view
    assert "; require('fs')" in view


def test_members_with_a_parameter_of_types_are_typescript() -> None:
    docs = "    /**\n     * Saves what is given, all of it.\n     */\n"
    members = "".join(
        f"{docs}    static save{i}<T extends Base>(this: {{\n        new (): T;\n"
        "    } & typeof Base, entity: T): T;\n"
        for i in range(40)
    )
    code = detect(f'import type {{ A }} from "./A";\nexport declare class Base {{\n{members}}}\n')
    assert code is not None
    assert code.language.name == "typescript"


def test_macros_of_cpp_do_not_hide_members() -> None:
    methods = "".join(
        f"    void method{i}(int value, const QString &name) const;\n" for i in range(30)
    )
    text = f"#include <a>\n#include <b>\nclass A_EXPORT Thing : public Base\n{{\npublic:\n{methods}"
    text += f"public A_SLOTS:\n{methods.replace('method', 'slot')}}};\n"
    code = detect(text)
    assert code is not None
    assert not code.parsed.errors
    view = view_of(text)
    assert "class A_EXPORT Thing" in view
    assert all(f"void {name}{i}(" in view for name in ("method", "slot") for i in range(30))


def test_the_first_line_says_which_language_a_script_is_in() -> None:
    quoted = (
        "test_expect 'it works' '\n\tauthor: one\n\tdate: two\n\tgit log >out &&\n\tgrep a out\n'\n"
    )
    text = f"#!/bin/sh\n\ntest_description='all of it'\n\n. ./lib.sh\n\n{quoted * 60}"
    code = detect(text)
    assert code is not None
    assert code.language.name == "bash"
    assert "test_description='all of it'" in view_of(text)
