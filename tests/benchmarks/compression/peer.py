"""The peer: headroom-ai's SharedContext, offline, in a virtual environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from sharedctx import tokens
from tests.benchmarks.compression.documents import CorpusDocument
from tests.benchmarks.compression.systems import PEER, PROFILE, Rendition

__all__ = ("Peer", "running_peer")

_REQUIREMENT: Final = "headroom-ai[code]==0.42.0"
_CHILD: Final = Path(__file__).with_name("peer_child.py")
_OFFLINE: Final = {
    "HEADROOM_OFFLINE": "1",
    "HEADROOM_BEACON": "off",
    "HF_HUB_OFFLINE": "1",
    "HEADROOM_UPDATE_CHECK": "off",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """A process of the peer, which takes one text after the other."""

    requests: IO[str]
    answers: IO[str]

    def put(self, text: str) -> Rendition:
        """Return what its ``get`` serves after ``put``; the tokens are counted by us, exactly."""
        self.requests.write(json.dumps(text) + "\n")
        self.requests.flush()
        line = self.answers.readline()
        if not line:
            raise RuntimeError("The peer's process died; its errors are above.")
        answer = json.loads(line)
        served = answer["text"]
        count = tokens.load(PROFILE.encoding).count(served)
        return Rendition(PEER, served, count, answer["seconds"], answer["label"])

    def renditions(self, documents: Sequence[CorpusDocument]) -> dict[str, Rendition]:
        """Return what it makes of each document, by name."""
        return {each.name: self.put(each.text) for each in documents}


@contextmanager
def running_peer(folder: Path) -> Iterator[Peer]:
    """Start the peer; its environment is made in `folder` the first time."""
    python = _environment(folder / "peer")
    with tempfile.TemporaryDirectory() as workspace:
        process = subprocess.Popen(
            (python, _CHILD),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_OFFLINE, "HEADROOM_WORKSPACE_DIR": workspace},
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if not process.stdout.readline():
                raise RuntimeError("The peer did not start; its errors are above.")
            yield Peer(process.stdin, process.stdout)
        finally:
            process.terminate()
            process.wait()


def _environment(place: Path) -> Path:
    if not (place / "complete").exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run((sys.executable, "-m", "venv", place), check=True)
        subprocess.run((place / "bin" / "pip", "install", "-q", _REQUIREMENT), check=True)
        (place / "complete").touch()
    return place / "bin" / "python"
