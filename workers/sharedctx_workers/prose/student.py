"""The text model that comes with this package, run by onnxruntime."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any

from sharedctx_workers.prose.backend import leveled
from sharedctx_workers.prose.errors import BackendNotInstalled, DamagedModel, ModelNotFound

try:
    from sharedctx_workers.prose.model_backend import ModelBackend, load_tokenizer
    from sharedctx_workers.prose.onnx_scorer import OnnxScorer
except ImportError as error:
    raise BackendNotInstalled(
        "The text model needs onnxruntime and tokenizers. Install them with: "
        "pip install 'sharedctx[workers]'"
    ) from error

__all__ = ("SHIPPED", "load_student")

SHIPPED = Path(str(resources.files("sharedctx_workers"))) / "models" / "student_1"
"""The folder of the model that comes with this package."""
_CAPACITY = 100_000  # words: about 10 s on one core


def load_student(folder: Path = SHIPPED) -> ModelBackend:
    """Load the model in `folder`, after its files have been compared with their hashes.

    Raises:
        ModelNotFound: there is none.
        DamagedModel: a file is not what it was when the model was made, or does not compute.
    """
    try:
        settings: dict[str, Any] = json.loads((folder / "config.json").read_text("utf-8"))
        for name, digest in settings["sha256"].items():
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != digest:
                raise DamagedModel(f"{name} in {folder} is damaged. Reinstall sharedctx.")
        backend = ModelBackend(
            name=str(settings["name"]),
            least=leveled(settings["keep_threshold"]),
            capacity=_CAPACITY,
            scorer=OnnxScorer(folder / "model.onnx", *settings["outputs"]),
            tokenizer=load_tokenizer(folder / "tokenizer.json"),
            chunk_tokens=int(settings["chunk_tokens"]),
            pooling=settings["pooling"],
        )
    except FileNotFoundError as error:
        raise ModelNotFound(f"There is no text model in {folder}.") from error
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedModel(f"config.json in {folder} is damaged. Reinstall sharedctx.") from error
    backend.check()
    return backend
