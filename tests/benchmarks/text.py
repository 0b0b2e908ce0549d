"""``python -m tests.benchmarks.text``: how fast prose is abridged, and how large the model is.

Two processes with one session on one thread each abridge documents of Python's manual: tokens of
the model per second from the words of a document to its shorter sentences, beside what the bare
session takes for the same chunks; the two take turns. Seconds are of CPU time. Then how long the
model takes to load in a new process, and the memory of that process.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np

from sharedctx import tokens
from sharedctx.render import render_default
from sharedctx_workers.compressors import TextCompressor
from sharedctx_workers.prose import abridge
from sharedctx_workers.prose.model_backend import Chunk, ModelBackend, TokenScores
from sharedctx_workers.prose.student import SHIPPED, load_student

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
_LEAST_CHARS = 6_000
_LOAD = """
import json, sys, time
from pathlib import Path
before = time.perf_counter()
from sharedctx_workers.prose.student import load_student
imported = time.perf_counter()
backend = load_student(Path(sys.argv[1]))
loaded = time.perf_counter()
backend.score([["word"] * 2_000])
status = Path("/proc/self/status").read_text().split("\\n")
memory = {line.split(":")[0]: int(line.split()[1]) // 1024 for line in status if line[:2] == "Vm"}
print(json.dumps([imported - before, loaded - imported, memory["VmHWM"], memory["VmSize"]]))
"""


@dataclass(frozen=True, slots=True)
class _Round:
    """What one process did in one round: tokens, and seconds with everything and bare."""

    tokens: int
    whole: float
    bare: float


class _Recording:
    """A scorer that remembers what it was asked."""

    def __init__(self, backend: ModelBackend) -> None:
        self._scorer = backend.scorer
        self.chunks: list[Chunk] = []

    def score(self, chunks: Sequence[Chunk]) -> list[TokenScores]:
        self.chunks += chunks
        return self._scorer.score(chunks)


def _documents() -> list[str]:
    return [text for _, text in sorted(topics.items()) if len(text) >= _LEAST_CHARS]


def _work(core: int, folder: Path, rounds: int) -> list[_Round]:
    """Abridge all documents again and again on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    backend = load_student(folder)
    tokenizer = tokens.load()
    documents = [(text, TextCompressor().document(text, tokenizer)) for text in _documents()]
    done = []
    for number in range(rounds + 1):
        size, whole, bare = 0, 0.0, 0.0
        for text, document in documents:
            recording = _Recording(backend)
            watched = replace(backend, scorer=recording)
            started = time.process_time()
            shorter = abridge(document, len(text), 0.0, tokenizer, watched)
            if shorter is not None:
                render_default(shorter.document, text, tokenizer, len(text))
            whole += time.process_time() - started
            session = backend.scorer._session  # type: ignore[attr-defined]
            inputs = [chunk[np.newaxis] for chunk in recording.chunks]
            started = time.process_time()
            for ids in inputs:
                session.run(None, {"input_ids": ids, "attention_mask": np.ones_like(ids)})
            bare += time.process_time() - started
            size += sum(map(len, recording.chunks))
        if number:  # the first one warms up
            done.append(_Round(size, whole, bare))
    return done


def _loading(folder: Path, times: int) -> Iterator[str]:
    """Yield how long a new process takes for the model, and how large it is."""
    path = os.pathsep.join(filter(None, sys.path))
    found = []
    for _ in range(times):
        done = subprocess.run(
            [sys.executable, "-c", _LOAD, str(folder)],
            env=os.environ | dict.fromkeys(_ONE_THREAD, "1") | {"PYTHONPATH": path},
            capture_output=True,
            check=True,
        )
        found.append(json.loads(done.stdout))
    imports, loads, memory, address_space = (
        statistics.median(values) for values in zip(*found, strict=True)
    )
    yield f"libraries imported in {imports:.2f} s, model loaded and tried in {loads:.2f} s"
    yield f"memory {memory:.0f} MiB, address space {address_space:.0f} MiB"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.text",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, default=SHIPPED, help="folder of the model")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processes", type=int, default=2, help="each on a CPU of its own")
    arguments = parser.parse_args()
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"), TOKENIZERS_PARALLELISM="false")
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    count = arguments.processes
    with ProcessPoolExecutor(count) as pool:
        results = list(
            pool.map(
                _work,
                [cores[i % len(cores)] for i in range(count)],
                [arguments.model] * count,
                [arguments.rounds] * count,
            )
        )
    whole = [sum(r.tokens / r.whole for r in rounds) for rounds in zip(*results, strict=True)]
    bare = [sum(r.tokens / r.bare for r in rounds) for rounds in zip(*results, strict=True)]
    shares = [one / other for one, other in zip(whole, bare, strict=True)]
    print(f"{count} processes, tokens of the model per CPU second, medians of the rounds:")
    print(f"end to end   {statistics.median(whole):8.0f}")
    print(f"bare session {statistics.median(bare):8.0f}")
    print(f"share        {statistics.median(shares):8.2f} ({min(shares):.2f} to {max(shares):.2f})")
    print(*_loading(arguments.model, arguments.rounds), sep="\n")


if __name__ == "__main__":
    main()
