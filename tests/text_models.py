"""Text models that are written when a test runs: of the right form, tiny, and without a mind."""

from __future__ import annotations

import hashlib
import json
import string
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from sharedctx_workers.prose.hub import REVISIONS

__all__ = ("WORDS", "hub_snapshot", "write_onnx", "write_student", "write_tokenizer")

WORDS = tuple("the a of and is it server restarts after every deploy no timeout".split())  # noqa: SIM905
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_WIDTH = 8


def _vocabulary() -> dict[str, int]:
    pieces = (*_SPECIAL, *WORDS, *string.printable, *(f"##{c}" for c in string.printable))
    return {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}


def write_tokenizer(path: Path) -> None:
    """Write a tokenizer of a few words and all ASCII characters that cuts texts."""
    vocabulary = _vocabulary()
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # no password
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(length=128)
    tokenizer.save(str(path))


def write_onnx(path: Path, outputs: tuple[str, ...], *, seed: int = 0) -> None:
    """Write a model that gives every token a score that depends on the others, too."""
    source = np.random.default_rng(seed)
    size = (len(_vocabulary()), _WIDTH)
    weights: dict[str, np.ndarray[Any, Any]] = {
        "table": source.normal(size=size).astype(np.float32),
        **{f"{name}_head": source.normal(size=(_WIDTH, 1)).astype(np.float32) for name in outputs},
        "last": np.array([-1], dtype=np.int64),
        "mean": np.array([1], dtype=np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["own"]),
        helper.make_node("ReduceMean", ["own", "mean"], ["around"], keepdims=1),
        helper.make_node("Sub", ["own", "around"], ["hidden"]),
    ]
    for name in outputs:
        nodes += [
            helper.make_node("MatMul", ["hidden", f"{name}_head"], [f"{name}_wide"]),
            helper.make_node("Squeeze", [f"{name}_wide", "last"], [f"{name}_logits"]),
            helper.make_node("Sigmoid", [f"{name}_logits"], [name]),
        ]
    shape = ["batch", "seq"]
    graph = helper.make_graph(
        nodes,
        "twin",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, shape)
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def hub_snapshot(cache: Path, repository: str) -> Path:
    """Make the folder of a repository in a cache of the hub, as a download makes it."""
    folder = cache / f"models--{repository.replace('/', '--')}"
    (folder / "refs").mkdir(parents=True)
    (folder / "refs/main").write_text(REVISIONS[repository])
    made = folder / "snapshots" / REVISIONS[repository]
    made.mkdir(parents=True)
    return made


def write_student(folder: Path, *, seed: int = 0) -> None:
    """Write a model in the layout of the one that comes with the package."""
    folder.mkdir(parents=True, exist_ok=True)
    write_onnx(folder / "model.onnx", ("keep", "sentence"), seed=seed)
    write_tokenizer(folder / "tokenizer.json")
    settings = {
        "name": "student-0",
        "chunk_tokens": 64,
        "outputs": ["keep", "sentence"],
        "pooling": "max",
        "keep_threshold": 0.7,
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in ("model.onnx", "tokenizer.json")
        },
    }
    (folder / "config.json").write_text(json.dumps(settings))
