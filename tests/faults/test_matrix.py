from __future__ import annotations

from tests.faults.matrix import MATRIX, missing


def test_every_test_of_the_matrix_exists() -> None:
    assert missing() == []


def test_every_row_is_tested() -> None:
    assert all(row.tests for row in MATRIX.values())
