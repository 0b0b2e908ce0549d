"""Every seed, and every input that once found a fault, keeps the promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import CORPUS, TARGETS, seeds

SEEDS = [(name, seed) for name in TARGETS for seed in seeds(name)]


def test_every_target_has_seeds_and_every_folder_a_target() -> None:
    assert {folder.name for folder in CORPUS.iterdir()} == set(TARGETS)
    assert all(seeds(name) for name in TARGETS)
    assert sum(seed.stat().st_size for _, seed in SEEDS) < 200_000


@pytest.mark.parametrize(("target", "seed"), SEEDS, ids=lambda value: getattr(value, "name", value))
def test_seed(target: str, seed: Path) -> None:
    TARGETS[target](seed.read_bytes())
