from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sharedctx.embedded import Stack
from tests.cli.harness import Cli


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(workers=1, data_dir=tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def cli(stack: Stack, namespace: str) -> Cli:
    return Cli(stack.url, namespace)


@pytest.fixture
def nowhere() -> Cli:
    """The command without a server."""
    return Cli("nats://127.0.0.1:9", "default")


@pytest.fixture
def listing_file(tmp_path: Path) -> Path:
    """A tool result, as JSON."""
    rows = [{"path": f"src/module_{n}.py", "size": 100 * n, "mode": "-rw"} for n in range(200)]
    path = tmp_path / "listing.json"
    path.write_text(json.dumps(rows))
    return path
