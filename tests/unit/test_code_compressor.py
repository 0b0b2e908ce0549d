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
CODE = CodeCompressor()

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
        "#include <a>\nnamespace x {\ntemplate<class T> " + "A<" * 5_000,
        "".join(f"function f{i}() {{\n" for i in range(1500)) + "}\n" * 1500,
        "import a\nimport b\n" + "# hello there\n" * 5_000,
        "\ufeffimport a\nimport b\n" + 'def é():\n    """Größe […"""\n    s = "\U0001f600"\n' * 50,
        "import os\r\nimport sys\r\n" + "def f(x):\r\n    a = b(x)\r\n    return a\r\n\r\n" * 50,
        "import os\nimport sys\nx = '\ud800\x00'\n" + "def f(x):\n    return x\n" * 50,
        '"use strict";\n' + "function f(a){return a+1};var x=function(b){return b*2};" * 200,
        "import os\nimport sys\nx = [\n" + "    1,\n" * 5_000 + "]\n",
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
