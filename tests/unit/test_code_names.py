"""What has a name in source code is in its outline, whatever stands around it."""

from __future__ import annotations

import pytest

from sharedctx_workers.compressors.code import CodeCompressor
from sharedctx_workers.compressors.code_detect import detect
from tests.unit.test_code_compressor import TOKENIZER, outline_of, work

SHELL = "".join(f"    echo value_{i} | count total other > /dev/null\n" for i in range(30))
PHP = "".join(
    f"        $total = count($total) + other($total) * 3 - $value{i};\n" for i in range(30)
)
STRINGS = "".join(f'        "text number {i}",\n' for i in range(60))

KEPT = {
    "variables of scripts": (
        f"#!/bin/sh\nprefix=/usr\nreadonly VERSION=1\nrun() {{\n{SHELL}}}\n",
        ["prefix=/usr", "readonly VERSION=1"],
    ),
    "variables in blocks": (
        f"package a\n\nvar (\n\tok = newVar()\n\tno = f()\n)\n\nfunc run() {{\n{work()}}}\n",
        ["ok = newVar()", "no = f()"],
    ),
    "aliases of types": (
        f"""#include <a.h>
namespace n {{
template <typename T> struct S {{
  typedef typename T::Part Part;
}};
}}
int run(int a) {{
{work()}}}
""",
        ["typedef typename T::Part Part;"],
    ),
    "traits in use": (
        f"""<?php
class A extends B {{
    use Walks;
    function run($total) {{
{PHP}    }}
}}
""",
        ["use Walks;"],
    ),
    "members of types that a macro exports": (
        f"""#include <a.h>
class API Thing {{
 public:
  Thing();
  bool Run(const char* name) {{
{work()}  }}
  int Walk(int b) const {{
{work()}  }}
}};
""",
        ["class API Thing {", "bool Run(const char* name)", "int Walk(int b) const"],
    ),
    "imports beside a longer fallback": (
        f"""import os
try:
    import b
except ImportError as error:
    if error.name != 'b':
        raise
    b = None
def run(total):
{work("python")}""",
        ["    import b"],
    ),
    "values that long calls make": (
        f"""using A.B;
namespace D {{
internal class B
{{
    public static readonly C First = new C(
{STRINGS}        "end");
    private void Run()
    {{
{work()}    }}
}}
}}
""",
        ["public static readonly C First = new C("],
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_has_a_name_is_kept(name: str) -> None:
    text, expected = KEPT[name]
    shown = outline_of(text, 10)[1].text
    for line in expected:
        assert line in shown
    assert len(shown) < len(text) / 2


# In languages without a grammar.
INNER = {
    "vim": (
        """let s:a = 1
if !exists('*Run')
    " Says so.
    function Run(a)

{work}    endfunction
endif
""",
        "    function Run(a)",
    ),
    "cmake": (
        """function(go a)
{work}endfunction()
if(LONG_ENOUGH_TO_BE_A_BLOCK)
  set(SOME_OTHER_VARIABLE "of a certain length")
  include(Check)
endif()
""",
        "  include(Check)",
    ),
    "swift": (
        """class A: B {
#if os(iOS)
  func one(_ x: Int) {
{work}  }
#endif
  func two(_ x: Int) {
{work}  }
}
""",
        "  func two(_ x: Int) {",
    ),
}


@pytest.mark.parametrize("name", INNER)
def test_conditions_hide_nothing_that_has_a_name(name: str) -> None:
    pattern, expected = INNER[name]
    body = "".join(f"        total_{i} = count(total) + other(total) * 3\n" for i in range(30))
    text = pattern.replace("{work}", body)
    document = CodeCompressor(name, by_lines=True).document(text, TOKENIZER)
    assert document is not None
    shown = "".join(each.text for each in document.segments if each.rank <= 0)
    assert expected in shown
    assert "total_15" not in shown


def test_a_license_after_the_line_for_the_shell_goes() -> None:
    notice = "# Copyright 2001 A. Body. All rights reserved.\n" + "# No warranty at all.\n" * 9
    text = f"#!/bin/sh\n{notice}\nprefix=/usr\nrun() {{\n{SHELL}}}\n"
    shown = outline_of(text, 10)[1].text
    assert shown.startswith("#!/bin/sh\n# [… L2-11]\n\nprefix=/usr\n")


def test_a_module_of_data_is_code() -> None:
    rows = "".join(f"    0x{i * 977:08x},  # of a letter\n" for i in range(900))
    code = detect(f"# Made by a tool.\n__version__ = '1'\nletters = (\n{rows})\nothers = {{}}\n")
    assert code is not None
    assert code.language.name == "python"
    assert detect(f"[tool.letters]\nrows = [\n{rows}]\n") is None


@pytest.mark.parametrize(("opening", "closing"), [('__doc__ = """', '"""'), ("f('''", "''')")])
def test_texts_of_several_lines_do_not_tell_the_language(opening: str, closing: str) -> None:
    said = "".join(f"NAME_{i}=system {i}\nexport NAME_{i}\n" for i in range(60))
    text = f"import os\n{opening}{said}{closing}\ndef run(total):\n{work('python', 9)}"
    code = detect(text)
    assert code is not None
    assert code.language.name == "python"


def test_global_values_are_constants() -> None:
    table = 'PyMethodDef run_def[] = { {"run", run, METH_VARARGS, ""} };'
    text = f"#include <a.h>\n{table}\nint run(int total) {{\n{work()}}}\n" * 3
    assert table in outline_of(text)[1].text
