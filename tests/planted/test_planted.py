"""The quick ones of the planted bugs; ``python -m tests.planted`` plants all of them."""

from __future__ import annotations

import pytest

from tests.planted.bugs import BUGS
from tests.planted.trial import Trial

_ALL = [
    pytest.param(name, marks=[] if bug.quick else pytest.mark.long) for name, bug in BUGS.items()
]


@pytest.mark.parametrize("name", _ALL)
def test_a_planted_bug_is_noticed(name: str) -> None:
    trial = Trial.of(name)
    assert trial.noticed, trial.evidence
