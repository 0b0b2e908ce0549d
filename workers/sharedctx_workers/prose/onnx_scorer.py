"""Scores of tokens by onnxruntime, on one thread: a worker has one process for each of its CPUs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from sharedctx_workers.prose.errors import DamagedModel
from sharedctx_workers.prose.model_backend import Chunk, TokenScores

__all__ = ("OnnxScorer", "session")

_ERRORS_ONLY = 3


def session(path: Path) -> ort.InferenceSession:
    """Return a session on one thread that computes the same on every host.

    CPUs without VNNI instructions add the products of signed bytes in 16 bits, where large sums are
    cut off: scores differ by up to .03. The slower precise kernels cost them a tenth of their
    speed; other CPUs are not concerned.

    Raises:
        Exception: onnxruntime does not load the file; it has no class of its own for that.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.add_session_config_entry("session.x64quantprecision", "1")
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class OnnxScorer:
    """A session on one thread. Chunks are computed one by one: larger batches are slower on CPUs.

    Args:
        path: The model: int64 `input_ids` and `attention_mask` to scores from 0 to 1.
        keep: Name of the output that says how much a token is needed.
        sentence: Name of the one that says how much its sentence is, if there is one.

    Raises:
        DamagedModel: `path` is not such a model.
    """

    def __init__(self, path: Path, keep: str, sentence: str | None = None) -> None:
        try:
            self._session = session(path)
        except Exception as error:
            raise DamagedModel(
                f"onnxruntime does not load {path.name}: the file is damaged or needs another "
                "version. Reinstall the model."
            ) from error
        self._outputs = [keep] + ([sentence] if sentence else [])
        missing = set(self._outputs) - {output.name for output in self._session.get_outputs()}
        if missing:
            raise DamagedModel(f"{path.name} has no output {min(missing)!r}.")

    def score(self, chunks: Sequence[Chunk]) -> list[TokenScores]:
        """Return the scores of each chunk, those of its special tokens included."""
        return [self._one(chunk) for chunk in chunks]

    def _one(self, chunk: Chunk) -> TokenScores:
        ids = chunk[np.newaxis]
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        keep, *sentence = self._session.run(self._outputs, inputs)
        return TokenScores(keep[0], sentence[0][0] if sentence else np.ones_like(keep[0]))
