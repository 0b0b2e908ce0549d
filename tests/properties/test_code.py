"""What must hold for every text that looks like source code, broken or not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sharedctx.render import render
from sharedctx_workers.compressors.code import CodeCompressor
from sharedctx_workers.compressors.code_detect import detect
from sharedctx_workers.gate import Evidence, find_fault
from tests.properties.covering import check_cover


class Thirds:
    """A tokenizer that is fast to build: three characters are a token."""

    name = "thirds"

    def count(self, text: str) -> int:
        return -(-len(text) // 3)


TOKENIZER = Thirds()
CODE = CodeCompressor(by_lines=True)
PYTHON = st.sampled_from(
    [
        "import os\n",
        "from a import (\n    b,\n)\n",
        "def f(a, b=1):\n    x = call(a)\n    return x + call(b) + something_else(a, b)\n",
        (
            'class A(B):\n    """Doc.\n\n    More of it.\n    """\n\n    x = 1\n    def g(self):\n'
            '        """Do g."""\n        raise KeyError(self.x)  # needed\n\n'
        ),
        "@x\nasync def h(): ...\n",
        "LIMITS = {\n" + "    'a': 1,\n" * 30 + "}\n",
        "if True:\n    import sys\nelse:\n    sys = None\n",
        "# a comment\n",
        "\n\n",
        "for i in range(3):\n    print(i)\n    print('[… 3 lines elided: L1-3]')\n",
    ]
)
BRACES = st.sampled_from(
    [
        "import a from 'a';\n",
        "function f(a, b) {\n  const x = call(a);\n  return x + call(b) + other(a, b);\n}\n",
        "class A extends B {\n  g() {\n    throw new Error(this.x); // needed\n  }\n}\n",
        "const h = async () => { return await some(1, 2, 3) + some(4, 5, 6); };\n",
        "/**\n * Doc.\n * More of it.\n */\nexport function k() { return 1; }\n",
        "// a comment\n",
        "\n\n",
    ]
)
NOISE = st.sampled_from(["(", "}", '"""', "  ", "\t", "é", "\ud800", "\r\n", "[… ", "*/", "def "])
SOURCES = st.lists(PYTHON, max_size=25).map("".join) | st.lists(BRACES, max_size=25).map("".join)
TEXTS = (
    SOURCES | st.lists(PYTHON | BRACES | NOISE, max_size=25).map("".join) | st.text(max_size=200)
)


@given(TEXTS, st.integers(16, 300))
@settings(deadline=None)
def test_any_text_is_covered_and_views_keep_their_budget(text: str, budget: int) -> None:
    document = CODE.document(text, TOKENIZER)
    if document is None:
        return
    check_cover(document, text)
    for segment in document.segments:
        assert segment.text == text[segment.span.start : segment.span.end]
    assert CODE.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
    assert render(document, text, TOKENIZER, max_tokens=budget).tokens <= budget
    detect.cache_clear()
    assert CODE.document(text, TOKENIZER) == document


@given(SOURCES)
@settings(deadline=None)
def test_outlines_of_good_code_parse(text: str) -> None:
    document = CODE.document(text, TOKENIZER)
    if document is None:
        return
    total = TOKENIZER.count(text)
    shown = render(document, text, TOKENIZER, max_tokens=max(16, total // 5), keep_required=True)
    fault = find_fault(Evidence(CODE, document, shown, text, total))
    assert fault is None or "no fewer" in fault or "nothing" in fault
