"""A tiny twin of the hub model, made with torch: its architecture, random weights."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModel, ModernBertConfig

from sharedctx_workers.prose.hub import MERGED

__all__ = ("expected_scores", "export_onnx", "write_merged")

_CONFIG = ModernBertConfig(
    vocab_size=256,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=2,
    pad_token_id=0,
    cls_token_id=2,
    sep_token_id=3,
    bos_token_id=2,
    eos_token_id=3,
    attn_implementation="eager",
    reference_compile=False,
)


class _Twin(torch.nn.Module):
    """Written after the description of the model, not after the code that is tested."""

    def __init__(self) -> None:
        super().__init__()
        size = _CONFIG.hidden_size
        self.encoder = AutoModel.from_config(_CONFIG)
        self.token_head = torch.nn.Linear(size, 2)
        self.span_conv = torch.nn.Sequential(
            torch.nn.Conv1d(size, 256, 5, padding=2),
            torch.nn.GELU(),
            torch.nn.Conv1d(256, 1, 3, padding=1),
            torch.nn.Sigmoid(),
        )

    def forward(self, input_ids: Any, attention_mask: Any) -> Any:
        hidden = self.encoder(input_ids, attention_mask).last_hidden_state
        spans = self.span_conv(hidden.transpose(1, 2))[:, 0]
        return self.token_head(hidden).softmax(-1)[..., 1] * (0.5 + 0.5 * spans)


_PARTS = ("encoder", "token_head", "span_conv")


def write_merged(folder: Path) -> None:
    """Write ``merged.pt`` and the configuration of its encoder."""
    torch.manual_seed(0)
    twin = _Twin()
    with torch.no_grad():
        for weights in twin.parameters():
            weights.mul_(4)  # so that scores differ
    saved = {f"{part}_state_dict": getattr(twin, part).state_dict() for part in _PARTS}
    torch.save({**saved, "config": {}, "checkpoint_kind": "merged"}, folder / MERGED)
    _CONFIG.save_pretrained(folder)


def _read(folder: Path) -> _Twin:
    twin = _Twin()
    twin.eval()
    saved = torch.load(folder / MERGED, weights_only=True)
    for part in _PARTS:
        getattr(twin, part).load_state_dict(saved[f"{part}_state_dict"])
    return twin


def expected_scores(folder: Path, ids: list[int]) -> np.ndarray[Any, Any]:
    """Return the scores that the twin in `folder` gives tokens."""
    inputs = torch.tensor([ids])
    with torch.inference_mode():
        scores: np.ndarray[Any, Any] = _read(folder)(inputs, torch.ones_like(inputs))[0].numpy()
    return scores


def export_onnx(folder: Path, path: Path) -> None:
    """Write the twin in `folder` as ONNX."""
    path.parent.mkdir(exist_ok=True)
    inputs = torch.ones(1, 77, dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs nothing more is the older one
        torch.onnx.export(
            _read(folder),
            (inputs, inputs),
            path,
            input_names=["input_ids", "attention_mask"],
            output_names=["final_scores"],
            dynamic_axes={
                name: {0: "batch", 1: "seq"}
                for name in ("input_ids", "attention_mask", "final_scores")
            },
            opset_version=17,
            dynamo=False,
        )
