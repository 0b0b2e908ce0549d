"""``python -m training.export``: write the model folder that ships with the workers.

The weights become 8-bit integers per channel; how far that moves scores and choices is measured on
the held-back passages and written into config.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.shape_inference import quant_pre_process

from sharedctx_workers.prose.onnx_scorer import session
from training.model import CHUNK_TOKENS, Student, load_tokenizer
from training.questions import sentences
from training.scoring import GOLDEN_SCORES, MODELS, Scorer
from training.words import split_words

__all__ = ("main",)

_GOLDEN: Final = (
    (
        "The migration failed at 14:02 because the disk was full. It will not be repeated before "
        "Monday unless somebody frees 40 GB on db-3."
    ),
    (
        "We looked at three parsers and, to be honest, the differences are rather small; only the "
        "second one reports the line of an error."
    ),
    "- read config/limits.toml\n- never restart worker-2 while the import is running",
)


def _export(student: Student, place: Path) -> None:
    """Write the model in 32-bit floats."""
    student.eval()
    ids = torch.randint(1000, 20000, (1, 77))
    torch.onnx.export(
        student,
        (ids, torch.ones_like(ids)),
        place,
        input_names=["input_ids", "attention_mask"],
        output_names=["keep", "sentence"],
        dynamic_axes={
            name: {0: "batch", 1: "sequence"}
            for name in ("input_ids", "attention_mask", "keep", "sentence")
        },
        opset_version=17,
        dynamo=False,
    )


def _scores(running: Any, texts: Sequence[str], tokenizer: Any) -> list[Any]:
    found = []
    for text in texts:
        ids = np.array([tokenizer.encode(text).ids[:CHUNK_TOKENS]], dtype=np.int64)
        outputs = running.run(
            ["keep", "sentence"], {"input_ids": ids, "attention_mask": np.ones_like(ids)}
        )
        found.append(np.stack([each[0] for each in outputs]))
    return found


def agreement(exact: Sequence[Any], packed: Sequence[Any]) -> dict[str, float]:
    """Return how alike the scores of two models are, at keeping the better half of the tokens."""
    same, differences = [], []
    for one, two in zip(exact, packed, strict=True):
        differences.append(np.abs(one - two).mean())
        same.append(((one[0] > np.median(one[0])) == (two[0] > np.median(two[0]))).mean())
    return {
        "same_half": round(float(np.mean(same)), 4),
        "mean_difference": round(float(np.mean(differences)), 4),
    }


def main() -> None:
    """Export."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=__doc__)
    parser.add_argument("--weights", type=Path, default=Path("build/training/run/student.pt"))
    parser.add_argument("--labels", type=Path, default=Path("build/training/labels.jsonl"))
    parser.add_argument("--name", default="student-1")
    parser.add_argument("--surprisal-share", type=float, default=0.3)
    parser.add_argument("--pooling", choices=("max", "mean"), default="mean")
    parser.add_argument("--keep-threshold", type=float, default=0.5)
    options = parser.parse_args()
    folder = MODELS / options.name.replace("-", "_")
    folder.mkdir(parents=True, exist_ok=True)
    student = Student(options.surprisal_share)
    student.load_state_dict(torch.load(options.weights, weights_only=True), strict=True)
    exact = options.weights.with_name("model-fp32.onnx")
    _export(student, exact)
    prepared = exact.with_name("prepared.onnx")
    quant_pre_process(str(exact), str(prepared), skip_symbolic_shape=True)
    quantize_dynamic(
        prepared,
        folder / "model.onnx",
        weight_type=QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
    )
    tokenizer = load_tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    with options.labels.open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    texts = [each["text"] for each in records if each["dev"]][:200]
    alike = agreement(
        _scores(session(exact), texts, tokenizer),
        _scores(session(folder / "model.onnx"), texts, tokenizer),
    )
    _write_config(folder, options, alike)
    shutil.copyfile(Path(__file__).parents[2] / "LICENSE", folder / "LICENSE")
    _write_golden(folder)
    print(f"{folder}: {(folder / 'model.onnx').stat().st_size / 1e6:.1f} MB, {alike}")


def _write_config(folder: Path, options: argparse.Namespace, alike: dict[str, float]) -> None:
    config = {
        "name": options.name,
        "chunk_tokens": CHUNK_TOKENS,
        "outputs": ["keep", "sentence"],
        "pooling": options.pooling,
        "keep_threshold": options.keep_threshold,
        "agreement_with_fp32": alike,
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
            for name in ("model.onnx", "tokenizer.json")
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def _write_golden(folder: Path) -> None:
    """Write scores of a few texts, for the test that compares other machines with this one."""
    scorer = Scorer(folder)
    golden = []
    for text in _GOLDEN:
        keep, sentence = scorer.scores(split_words(text), sentences(text))
        golden.append(
            {
                "text": text,
                "keep": [round(score, 3) for score in keep],
                "sentence": [round(score, 3) for score in sentence],
            }
        )
    GOLDEN_SCORES.write_text(json.dumps(golden, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
