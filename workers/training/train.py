"""``python -m training.train``: fine-tune the model on the labels.

Writes a checkpoint every fifty steps and goes on from it when it is started again, so that an
interruption costs little. A run with the same labels, seed and library versions gives the same
weights on the same number of threads.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from training.model import CHUNK_TOKENS, Student, load_tokenizer
from training.words import split_words

__all__ = ("main",)

_SEED: Final = 20261125
_SAVE_EVERY: Final = 50
_HEAD_WEIGHTS: Final = (1.0, 0.4, 0.4)


@dataclass(frozen=True, slots=True)
class Example:
    """A passage as the model sees it.

    Attributes:
        ids: Token ids.
        targets: Per token its three targets; negative ones are not known.
        weights: Per token what it counts: all tokens of a word count as one.
    """

    ids: list[int]
    targets: list[tuple[float, float, float]]
    weights: list[float]


def read_labels(labels: Path) -> list[dict[str, Any]]:
    """Return the passages with their labels; those of surprisal lie in a file beside."""
    records: list[dict[str, Any]] = [
        json.loads(line) for line in labels.read_text("utf-8").splitlines()
    ]
    beside = labels.with_name("surprisal.jsonl")
    if beside.exists():
        lines = map(json.loads, beside.read_text("utf-8").splitlines())
        known = {each["text"]: each["surprisal"] for each in lines}
        for record in records:
            if record["text"] in known:
                record["surprisal"] = known[record["text"]]
    return records


def example(record: dict[str, Any], tokenizer: Any) -> Example:
    """Bring the scores of words and sentences to tokens."""
    encoded = tokenizer.encode(record["text"])
    starts: dict[int, int] = {}
    for at, word in enumerate(split_words(record["text"])):
        starts.update(dict.fromkeys(range(word.start, word.end), at))
    surprisal = record.get("surprisal")
    owners = [
        starts.get(start) if end > start else None for start, end in encoded.offsets[:CHUNK_TOKENS]
    ]
    targets = []
    for owner, (start, _) in zip(owners, encoded.offsets, strict=False):
        if owner is None:
            targets.append((-1.0, -1.0, -1.0))
            continue
        sentence = next(
            (
                score
                for (first, last), score in zip(
                    record["sentences"], record["sentence"], strict=True
                )
                if first <= start < last
            ),
            -1.0,
        )
        targets.append((record["rule"][owner], surprisal[owner] if surprisal else -1.0, sentence))
    counts = [0.0 if owner is None else 1 / owners.count(owner) for owner in owners]
    return Example(encoded.ids[:CHUNK_TOKENS], targets, counts)


def _batches(examples: Sequence[Example], size: int, seed: int) -> Iterator[list[Example]]:
    """Yield batches of examples of like length, in an order that `seed` decides."""
    choice = random.Random(seed)
    order = sorted(examples, key=lambda each: len(each.ids) + choice.random() * 20)
    groups = [order[at : at + size] for at in range(0, len(order), size)]
    choice.shuffle(groups)
    yield from groups


def _tensors(batch: Sequence[Example]) -> tuple[Any, Any, Any, Any]:
    longest = max(len(each.ids) for each in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    mask = torch.zeros(len(batch), longest, dtype=torch.long)
    targets = torch.full((len(batch), longest, 3), -1.0)
    weights = torch.zeros(len(batch), longest)
    for row, each in enumerate(batch):
        ids[row, : len(each.ids)] = torch.tensor(each.ids)
        mask[row, : len(each.ids)] = 1
        targets[row, : len(each.ids)] = torch.tensor(each.targets)
        weights[row, : len(each.ids)] = torch.tensor(each.weights)
    return ids, mask, targets, weights


def _loss(student: Student, batch: Sequence[Example]) -> Any:
    """Return the cross-entropy with soft targets, the mean over words of the known heads."""
    ids, mask, targets, weights = _tensors(batch)
    logits = student.logits(ids, mask)
    total = torch.zeros(())
    for head, importance in enumerate(_HEAD_WEIGHTS):
        known = weights * (targets[..., head] >= 0)
        each = torch.nn.functional.binary_cross_entropy_with_logits(
            logits[..., head], targets[..., head].clamp(min=0), reduction="none"
        )
        total = total + importance * (each * known).sum() / known.sum().clamp(min=1)
    return total


def _train(student: Student, examples: Sequence[Example], options: argparse.Namespace) -> None:
    batches = [
        batch
        for epoch in range(options.epochs)
        for batch in _batches(examples, options.batch, _SEED + epoch)
    ]
    optimizer = torch.optim.AdamW(student.parameters(), lr=options.rate, weight_decay=0.01)
    warm = max(1, len(batches) // 20)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(
            (step + 1) / warm, max(0.02, (len(batches) - step) / (len(batches) - warm))
        ),
    )
    place = options.out / "checkpoint.pt"
    first = 0
    if place.exists():
        state = torch.load(place, weights_only=True)
        student.load_state_dict(state["student"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
        print(f"going on from step {first}", flush=True)
    student.train()
    started, running, tokens = time.monotonic(), 0.0, 0
    for step, batch in enumerate(batches[first:], first + 1):
        torch.manual_seed(_SEED + step)
        optimizer.zero_grad()
        loss = _loss(student, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(student.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        running += float(loss.detach())
        tokens += sum(len(each.ids) for each in batch)
        if step % 20 == 0:
            speed = tokens / (time.monotonic() - started)
            left = (len(batches) - step) * (time.monotonic() - started) / (step - first) / 60
            print(
                f"step {step}/{len(batches)} loss {running / 20:.4f} "
                f"{speed:.0f} tokens/s, {left:.0f} minutes left",
                flush=True,
            )
            running = 0.0
        if step % _SAVE_EVERY == 0 or step == len(batches):
            state = {
                "student": student.state_dict(),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "step": step,
            }
            torch.save(state, place.with_suffix(".new"))
            place.with_suffix(".new").replace(place)


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument("--labels", type=Path, default=Path("build/training/labels.jsonl"))
    parser.add_argument("--out", type=Path, default=Path("build/training/run"))
    parser.add_argument("--start", type=Path, help="weights to go on from, instead of MiniLM's")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-4, help="learning rate")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(_SEED)
    torch.set_num_threads(options.threads)
    tokenizer = load_tokenizer()
    records = read_labels(options.labels)
    examples = [example(each, tokenizer) for each in records if not each["dev"]]
    total = sum(len(each.ids) for each in examples)
    print(f"{len(examples)} passages, {total} tokens, {options.epochs} epochs", flush=True)
    student = Student.from_base()
    if options.start:
        student.load_state_dict(torch.load(options.start, weights_only=True), strict=True)
    _train(student, examples, options)
    torch.save(student.state_dict(), options.out / "student.pt")


if __name__ == "__main__":
    main()
