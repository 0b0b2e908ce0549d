"""The hub model on torch: a ModernBERT encoder with a head for tokens and one for spans."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sharedctx_workers.prose.errors import AdapterOnly, BackendNotInstalled, DamagedModel
from sharedctx_workers.prose.model_backend import Chunk, TokenScores

try:
    import torch
    from torch import nn
    from transformers import AutoModel, ModernBertConfig
except ImportError as error:
    raise BackendNotInstalled(
        "The torch backend needs torch and transformers. Install them with: "
        "pip install 'sharedctx[kompress]'"
    ) from error

__all__ = ("TorchScorer",)

_BATCH = 32  # on a GPU; on a CPU one at a time is as fast
_SPAN_CHANNELS = 256
_LEAST_SPAN = 0.5
_PARTS = ("encoder", "token_head", "span_conv")


class _Kompress(nn.Module):
    def __init__(self, config: ModernBertConfig) -> None:
        super().__init__()
        self.encoder = AutoModel.from_config(config)
        self.token_head = nn.Linear(config.hidden_size, 2)
        self.span_conv = nn.Sequential(
            nn.Conv1d(config.hidden_size, _SPAN_CHANNELS, kernel_size=5, padding=2),
            nn.GELU(),
            nn.Conv1d(_SPAN_CHANNELS, 1, kernel_size=3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return from 0 to 1 how much each token is needed, less where its span is not."""
        encoded = self.encoder(input_ids=input_ids, attention_mask=attention_mask)
        hidden = encoded.last_hidden_state
        tokens = torch.softmax(self.token_head(hidden), dim=-1)[:, :, 1]
        spans = self.span_conv(hidden.transpose(1, 2)).squeeze(1)
        return tokens * (_LEAST_SPAN + (1 - _LEAST_SPAN) * spans)


class TorchScorer:
    """The model of a ``merged.pt`` on a device.

    Args:
        path: The weights; a ``config.json`` beside them describes the encoder if it is not base.
        device: ``cpu``, ``cuda`` or ``mps``.

    Raises:
        DamagedModel: the file cannot be read, or its weights are not those of this model.
        AdapterOnly: the weights are those of an adapter.
    """

    def __init__(self, path: Path, device: str) -> None:
        model = _Kompress(_config(path.parent))
        _load(model, path)
        self._device = torch.device(device)
        # Half of the memory and twice the speed; a CPU computes it slower or not at all.
        self._dtype = torch.bfloat16 if device == "cuda" else torch.float32
        self._model = model.to(self._device, self._dtype).eval()
        self._batch = 1 if device == "cpu" else _BATCH

    @torch.inference_mode()
    def score(self, chunks: Sequence[Chunk]) -> list[TokenScores]:
        """Return the scores of each chunk, those of its special tokens included."""
        found: list[TokenScores] = []
        for start in range(0, len(chunks), self._batch):
            found += self._scored(chunks[start : start + self._batch])
        return found

    def _scored(self, chunks: Sequence[Chunk]) -> list[TokenScores]:
        ids = torch.zeros(len(chunks), max(map(len, chunks)), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, chunk in enumerate(chunks):
            ids[row, : len(chunk)] = torch.from_numpy(chunk)
            mask[row, : len(chunk)] = 1
        scores = self._model(ids.to(self._device), mask.to(self._device)).float().cpu().numpy()
        return [
            TokenScores(row[: len(chunk)], np.ones(len(chunk), np.float32))
            for row, chunk in zip(scores, chunks, strict=True)
        ]


def _config(folder: Path) -> ModernBertConfig:
    """Return the configuration of the encoder: the base model's, unless a file says otherwise."""
    path = folder / "config.json"
    fields: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    is_own = fields.get("model_type") == "modernbert"
    return ModernBertConfig.from_dict(fields if is_own else {})


def _load(model: _Kompress, path: Path) -> None:
    """Load all weights, and nothing but them: one that is missing would be random."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        parts = {name: saved[f"{name}_state_dict"] for name in _PARTS}
    except Exception as error:  # whatever torch and its unpickler raise for what is no such file
        raise DamagedModel(f"{path} is damaged or incomplete. Get the model again.") from error
    if any("lora_" in key or key.startswith("base_model.") for key in parts["encoder"]):
        raise AdapterOnly(f"{path} holds an adapter that was not merged into its model.")
    try:
        for name, weights in parts.items():
            getattr(model, name).load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise DamagedModel(f"The weights in {path} are not those of this model.") from error
