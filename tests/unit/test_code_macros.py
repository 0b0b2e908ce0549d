"""What grammars do not know of their languages: it must not hide what they do know."""

from __future__ import annotations

import pytest

from sharedctx_workers.compressors.code_detect import Code, detect
from sharedctx_workers.compressors.code_folds import definitions
from tests.unit.test_code_compressor import CODE, view_of, work

STRANGE = {
    "macros that are lines": (
        "class Thing : public Base\n{\n    Q_OBJECT\n    Q_PROPERTY(int a READ a NOTIFY changed)\n"
        "    Q_PROPERTY(int b READ b NOTIFY changed)\n\npublic:\n    int a() const;\n\nQ_SIGNALS:\n"
        "    void changed(int a);\n};\n\nQ_DECLARE_SHARED(Thing)\nQT_END_NAMESPACE\n"
    ),
    "words before a type": (
        "static void NORETURN PRINTF_STYLE(1,2)\ndie(const char *format, ...)\n{\n  exit(1);\n}\n"
        "COLD void first(__unused struct mode *mode, __unused size_t *tag)\n{\n  run(mode);\n}\n"
    ),
    "words after parameters and enumerators": (
        "extern int find (const char *name) __THROW __nonnull ((1));\n"
        "enum mode {\n    FIRST SWIFT_NAME(first) = 0,\n    SECOND SWIFT_NAME(second) = 1,\n};\n"
    ),
    "questions about files": (
        "#if __has_include(<a/b.hpp>)\n#include <a/b.hpp>\n#else\n#error No b at all\n#endif\n"
    ),
}
TYPES = {
    "types of modules": "    m?: import('../..').Style<import('../..').Spacing>;\n",
    "variance": "    other: Other<string>;\n}\nexport interface Event<out Tag, in out Value> {\n",
}


def code_of(text: str) -> Code:
    code = detect(text)
    assert code is not None
    assert not code.parsed.errors
    return code


@pytest.mark.parametrize("name", STRANGE)
def test_macros_of_c_hide_nothing(name: str) -> None:
    text = f"#include <a.h>\n#include <b.h>\n\n{STRANGE[name]}\nint last(int a)\n{{\n{work()}}}\n"
    assert "last" in definitions(code_of(text).root)
    view = view_of(text)
    assert CODE.outline_fault(text, view) is None
    for line in STRANGE[name].split("\n"):
        if "(" in line and line[0].isalpha():
            assert line in view


@pytest.mark.parametrize("name", TYPES)
def test_types_that_the_grammar_does_not_know_hide_nothing(name: str) -> None:
    docs = "    /**\n     * Does what it says, and nothing else.\n     */\n"
    members = "".join(f"{docs}    member{i}(value: string): void;\n" for i in range(30))
    text = f"export interface Props {{\n{TYPES[name]}{members}}}\nexport type A = string;\n"
    assert code_of(text).language.name == "typescript"
    view = view_of(text)
    assert all(f"member{i}(value: string): void;" in view for i in range(30))


def test_defaults_of_parameters_of_types_do_not_hide_signatures() -> None:
    docs = "  /**\n   * Does what it says, and nothing else.\n   */\n"
    members = "".join(
        f"{docs}  query{i}<Result, Raw = unknown>(\n    made: Made<Result, Raw>,\n  ): A;\n"
        for i in range(20)
    )
    view = view_of(f"import x from 'x'\nexport type Builder<A> = {{\n{members}}}\n")
    assert all(f"query{i}<Result, Raw = unknown>(" in view for i in range(20))


def test_a_body_of_a_member_stays_one_where_a_semicolon_follows() -> None:
    text = "#include <a>\n#include <b>\nclass Thing\n{\npublic:\n"
    text += f"    bool begin(Device *device) {{\n{work()}    }};\n    bool end();\n}};\n"
    assert CODE.outline_fault(text, view_of(text)) is None


def test_minified_programs_are_code() -> None:
    body = "var t=count(e)+other(e)*3;if(t>e.limit){t=other(t)}"
    functions = "".join(f"function f{i}(e,n){{{body * 3}return t}}" for i in range(30))
    text = f"/*! Thing 1 */\n!function(e){{{functions}}}(this);\n"
    assert code_of(text).language.name == "javascript"
    view = view_of(text)
    assert all(f"function f{i}(e,n){{" in view for i in range(30))
    assert len(view) < len(text) / 2


def test_a_script_with_a_flaw_is_read_as_who_runs_it_reads_it() -> None:
    commands = "".join(f'make part{i} --with "$A" --to "$B" || exit 1\n' for i in range(60))
    text = f"#!/bin/sh\nA=1\nfor opt do\n  B=$opt\ndone\n{commands}"
    code = detect(text)
    assert code is not None
    assert code.language.name == "bash"


def test_fields_of_records_are_kept_with_and_without_a_value() -> None:
    fields = "".join(f"    field_{i}: dict[str, int]\n" for i in range(9))
    text = f"import a\n\n\n@dataclass\nclass Thing:\n{fields}    last: str = field(init=False)\n"
    text += f"\n    def run(self) -> None:\n{work('python', 60).replace('    ', '        ')}"
    view = view_of(text)
    assert all(f"    field_{i}: dict[str, int]" in view for i in range(9))


def test_a_file_of_data_that_imports_is_code() -> None:
    rows = "".join(f"\t{{&GUID_Key,0x{i:x},BUTTON|INSTANCE(0x{i:x}),0x0}},\n" for i in range(90))
    text = f'#include "private.h"\n\nstatic FORMAT SECTION_TEXT c_keys[] =\n{{\n{rows}}};\n'
    assert code_of(text).language.name == "c"
    assert "c_keys[]" in view_of(text)
