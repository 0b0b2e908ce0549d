"""A few seconds of the nemesis, so that it works when it is needed."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from tests.faults.hosts import refusal
from tests.nemesis.faults import FAULTS, kinds_for, plan
from tests.nemesis.report import Result, load_results, table
from tests.nemesis.run import Settings, run
from tests.nemesis.world import NetworkKind

_LINK_FAULTS = ("link-silent", "link-reset")


@pytest.mark.parametrize(
    ("config", "network", "seconds", "kinds"),
    [
        ("r1", "proxies", 5.0, ["server-kill", "worker-kill", "client-kill", *_LINK_FAULTS]),
        ("r1", "namespaces", 5.0, ["server-silent", "far-silent", "far-one-way", *_LINK_FAULTS]),
        pytest.param("r1", "proxies", 60.0, None, marks=pytest.mark.long),
        pytest.param("r3", "proxies", 60.0, None, marks=pytest.mark.long),
        pytest.param("r1", "namespaces", 60.0, None, marks=pytest.mark.long),
        pytest.param("r3", "namespaces", 60.0, None, marks=pytest.mark.long),
    ],
)
@pytest.mark.timeout(400)
def test_promises_are_kept(
    config: str,
    network: NetworkKind,
    seconds: float,
    kinds: list[str] | None,
    *,
    tmp_path: Path,
    blocking_guard: BlockBuster,
) -> None:
    if network == "namespaces" and (problem := refusal()):
        pytest.skip(f"NO NETWORK NAMESPACES, so no partitions by the kernel: {problem}")
    kinds = kinds or kinds_for(config, network)
    blocking_guard.deactivate()  # the harness starts and kills processes on its event loop
    settings = Settings(config, "test", 0, seconds, kinds, tmp_path / "run", network)
    verdict = asyncio.run(run(settings))
    assert verdict.violations == []
    assert verdict.outcomes["ok"] > 100
    (result,) = load_results(tmp_path)
    assert result.faults
    assert result.config == f"{config} on {network}"
    assert f"{verdict.operations:,}" in table(result)


def test_a_seed_draws_the_same_faults_again() -> None:
    def drawn(seed: str) -> list[tuple[str, float, float]]:
        faults = plan(seed, list(FAULTS), longest=3.0)
        return [(fault.kind, fault.pause, fault.hold) for fault in itertools.islice(faults, 40)]

    assert drawn("a") == drawn("a") != drawn("b")
    assert {kind for kind, _, _ in drawn("a")} == set(FAULTS)


def test_results_add_up_and_survive_being_stored(tmp_path: Path) -> None:
    result = Result("r1", ["1"], 9.0, silences={"server-kill": [1.0]}, lost=1)
    result.outcomes.update(ok=7, unknown=1)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for name in "ab":
        result.save(tmp_path / name / "result.json")
    (total,) = load_results(tmp_path)
    assert total.outcomes == {"ok": 14, "unknown": 2}
    assert total.silences == {"server-kill": [1.0, 1.0]}
    assert (total.lost, total.seconds, total.seeds) == (2, 18.0, ["1", "1"])
