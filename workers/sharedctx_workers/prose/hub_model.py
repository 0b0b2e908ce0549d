"""The hub model as a backend, on torch or on onnxruntime, whichever there is."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from sharedctx_workers.prose.backend import LEVELS
from sharedctx_workers.prose.errors import BackendNotInstalled, TextModelError
from sharedctx_workers.prose.hub import MERGED, ONNX, hub_files

try:
    from sharedctx_workers.prose.model_backend import ModelBackend, TokenScorer, load_tokenizer
    from sharedctx_workers.prose.onnx_scorer import OnnxScorer
except ImportError as error:
    raise BackendNotInstalled(
        "The hub model needs onnxruntime and tokenizers, or torch and transformers. Install them "
        "with: pip install 'sharedctx[kompress]'"
    ) from error

__all__ = ("load_hub_model", "wanted_weights")

_LEAST = LEVELS // 2  # it was trained to be above one half for the words to keep
_CHUNK_TOKENS = 512
_CAPACITY = {"cpu": 5_000, "cuda": 500_000, "mps": 50_000}  # words: about 10 s


def wanted_weights(device: str) -> tuple[str, ...]:
    """Return the weights to look for, the best for `device` and what is installed first."""
    if not all(map(importlib.util.find_spec, ("torch", "transformers"))):
        return ONNX
    return (*ONNX, MERGED) if device == "cpu" else (MERGED, *ONNX)


def load_hub_model(model: str, device: str = "auto") -> ModelBackend:
    """Load a model in the layout of the hub, from a folder or from the local cache.

    Args:
        model: A folder, or the name of a repository such as `HUB_MODEL`.
        device: ``cpu``, ``cuda``, ``mps``, or ``auto`` for a GPU if torch sees one.

    Raises:
        TextModelError: none of its weights can be used; says why the first ones cannot.
    """
    device = _best_device() if device == "auto" else device
    files = hub_files(model, wanted_weights(device))
    failures: list[TextModelError] = []
    for weights in files.weights:
        try:
            backend = _loaded(weights, files.tokenizer, Path(model).name, device)
            backend.check()
        except TextModelError as failure:
            failures.append(failure)
        else:
            return backend
    raise failures[0]


def _best_device() -> str:
    if MERGED not in wanted_weights("cuda"):
        return "cpu"
    import torch  # noqa: PLC0415  # takes seconds

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _loaded(weights: Path, tokenizer: Path, model: str, device: str) -> ModelBackend:
    scorer: TokenScorer
    if weights.name == MERGED:
        from sharedctx_workers.prose.modernbert import TorchScorer  # noqa: PLC0415  # takes seconds

        scorer, variant = TorchScorer(weights, device), device
    else:
        scorer, variant = OnnxScorer(weights, "final_scores"), weights.stem.partition("-")[2]
        device = "cpu"
    return ModelBackend(
        # Each variant computes scores of its own.
        name=f"{model}-{variant}",
        least=_LEAST,
        capacity=_CAPACITY[device],
        scorer=scorer,
        tokenizer=load_tokenizer(tokenizer),
        chunk_tokens=_CHUNK_TOKENS,
        pooling="max",
    )
