"""The quick ones of the planted bugs; ``python -m tests.planted`` plants all of them."""

from __future__ import annotations

import pytest

from tests.planted.bugs import BUGS
from tests.planted.trial import Trial

# The tests that these run pass without the bug in this very run of the suite.
_QUICK = [name for name, bug in BUGS.items() if bug.quick]


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=() if n in _QUICK[-2:] else pytest.mark.long) for n in BUGS]
)
def test_it_is_noticed(name: str) -> None:
    trial = Trial.of(name)
    assert trial.noticed, trial.evidence
