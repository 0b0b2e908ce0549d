"""Trials of a parser: what it cannot read is found out by a sample."""

from __future__ import annotations

import pytest

from sharedctx_workers.compressors.code_parse import fails_early, parse_code
from sharedctx_workers.compressors.languages import LANGUAGES

_TASK = """TASK [Install what service {0} needs] ******************
ok: [host-{0}] => (item={{'name': 'web', 'port': {0}}}) => {{"msg": "it's there"}}
"""
_METHOD = """    int method_{0}(const std::vector<int>& values) {{
        return values.empty() ? {0} : values.front();
    }}

"""


def test_a_sample_that_is_one_large_error_fails() -> None:
    report = "".join(_TASK.format(number) for number in range(500))
    assert fails_early(report, LANGUAGES["cpp"])


@pytest.mark.parametrize(
    "opening", ["class Large {\n public:\n", "namespace one {\nclass Large {\n"]
)
def test_a_sample_that_breaks_off_inside_a_class_does_not_fail(opening: str) -> None:
    body = "".join(_METHOD.format(number) for number in range(1_000))
    assert not fails_early(f"{opening}{body}}};\n", LANGUAGES["cpp"])


def test_what_is_not_strange_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing nothing over cannot mend a text that does not parse."""
    from sharedctx_workers.compressors import code_parse  # noqa: PLC0415

    trials = []
    parse = code_parse._parse

    def counted(*arguments: object, **options: object) -> object:
        trials.append(options)
        return parse(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(code_parse, "_parse", counted)
    parsed = parse_code("function f( { return 1 }\n" * 50, LANGUAGES["typescript"])
    assert parsed is not None
    assert parsed.errors
    assert len(trials) == 1
