"""The hub model on tiny twins of its architecture, written in the layout of the hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sharedctx_workers.prose import hub_model, student
from sharedctx_workers.prose.errors import AdapterOnly, DamagedModel, ModelNotFound
from sharedctx_workers.prose.hub import ENCODER, HUB_MODEL, MERGED, ONNX, hub_files
from sharedctx_workers.prose.hub_model import load_hub_model
from sharedctx_workers.prose.loading import TextSettings, load_backend
from tests.text_models import hub_snapshot, write_onnx, write_student, write_tokenizer

SENTENCES = [
    "The server restarts after every deploy, and no timeout is set.".split(),  # noqa: SIM905
    ["and", "it", "is", "a", "server"] * 200,
]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the hub, and no network to fill it from."""
    folder = tmp_path / "hub"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(folder))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return folder


def write_hub_onnx(folder: Path, name: str = ONNX[0]) -> None:
    write_onnx(folder / name, ("final_scores",))


@pytest.mark.parametrize("name", ONNX)
def test_onnx_variants_are_read_from_a_folder(tmp_path: Path, name: str) -> None:
    write_hub_onnx(tmp_path, name)
    write_tokenizer(tmp_path / "tokenizer.json")
    backend = load_hub_model(str(tmp_path), "cpu")
    variant = name.removesuffix(".onnx").partition("-")[2]
    assert backend.name == f"{tmp_path.name}-{variant}"
    first, second = backend.score(SENTENCES)
    assert [len(first.keep), len(second.keep)] == [len(words) for words in SENTENCES]
    assert len(set(first.keep)) > 3


def test_the_cache_is_read_with_the_tokenizer_of_the_encoder(cache: Path) -> None:
    write_hub_onnx(hub_snapshot(cache, HUB_MODEL))
    with pytest.raises(ModelNotFound, match=ENCODER):
        load_hub_model(HUB_MODEL, "cpu")
    write_tokenizer(hub_snapshot(cache, ENCODER) / "tokenizer.json")
    assert load_hub_model(HUB_MODEL, "cpu").name == "kompress-v2-base-int8-wo"


def test_what_is_not_cached_is_not_downloaded() -> None:
    with pytest.raises(ModelNotFound, match="--text-download"):
        hub_files(HUB_MODEL, ONNX)


def test_a_download_that_is_allowed_and_fails_says_so() -> None:
    with pytest.raises(ModelNotFound, match="could not be downloaded"):
        hub_files(HUB_MODEL, ONNX, allow_download=True)


@pytest.mark.parametrize("model", ["./nowhere", "/no/where", "name", "a/b/c"])
def test_what_is_no_repository_is_not_asked_for(model: str) -> None:
    with pytest.raises(ModelNotFound, match="no folder"):
        hub_files(model, ONNX)


def _tensors(path: Path, *names: str) -> None:
    header = json.dumps({name: {"dtype": "F32", "shape": [0]} for name in names}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)


def test_adapters_are_refused(tmp_path: Path) -> None:
    _tensors(tmp_path / "model.safetensors", "encoder.base_model.model.layers.0.lora_A.weight")
    with pytest.raises(AdapterOnly, match=MERGED):
        load_hub_model(str(tmp_path), "cpu")


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=ONNX[0]):
        load_hub_model(str(tmp_path), "cpu")
    _tensors(tmp_path / "model.safetensors", "encoder.layers.0.weight")
    with pytest.raises(ModelNotFound, match=ONNX[0]):
        load_hub_model(str(tmp_path), "cpu")


def test_a_corrupt_file_gives_way_to_the_next_variant(tmp_path: Path) -> None:
    write_tokenizer(tmp_path / "tokenizer.json")
    (tmp_path / "onnx").mkdir()
    (tmp_path / ONNX[0]).write_bytes(b"corrupt")
    with pytest.raises(DamagedModel, match="does not load"):
        load_hub_model(str(tmp_path), "cpu")
    write_hub_onnx(tmp_path, ONNX[1])
    assert load_hub_model(str(tmp_path), "cpu").name.endswith("fp32")


def _ready(path: Path) -> None:
    write_hub_onnx(path)
    write_tokenizer(path / "tokenizer.json")


@pytest.mark.parametrize("missing", range(4))
def test_each_backend_that_cannot_be_had_gives_way_to_the_next(
    missing: int, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(student.load_student, "__defaults__", (tmp_path / "student",))
    named = tmp_path / "named"
    named.mkdir()
    steps: list[Callable[[], object]] = [
        lambda: _ready(named),
        lambda: _ready(hub_snapshot(cache, HUB_MODEL)),
        lambda: write_student(tmp_path / "student"),
    ]
    for write in steps[missing:]:
        write()
    backend, skipped = load_backend(TextSettings("torch", str(named), "cpu"))
    assert backend is not None
    names = ("named-int8-wo", "kompress-v2-base-int8-wo", "student-0", "lexical-1")
    assert backend.name == names[missing]
    assert len(skipped) == missing


def test_without_a_network_nothing_hangs(tmp_path: Path) -> None:
    code = (
        "from sharedctx_workers.prose.loading import TextSettings, load_backend\n"
        "print(load_backend(TextSettings('torch', device='cpu')).backend.name)"
    )
    unreachable = {"HF_ENDPOINT": "http://192.0.2.1", "HF_HUB_CACHE": str(tmp_path / "none")}
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | unreachable | path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() in {"student-1", "lexical-1"}


# What follows computes with torch, which is not among the dependencies of the tests.


@pytest.fixture
def merged(tmp_path: Path) -> Path:
    pytest.importorskip("torch", reason="torch is not installed: merged.pt is NOT tested")
    pytest.importorskip("transformers", reason="transformers is missing: merged.pt is NOT tested")
    from tests.torch_models import write_merged  # noqa: PLC0415

    write_merged(tmp_path)
    write_tokenizer(tmp_path / "tokenizer.json")
    return tmp_path


def test_merged_weights_compute_what_they_were_saved_with(merged: Path) -> None:
    from tests.torch_models import expected_scores  # noqa: PLC0415

    backend = load_hub_model(str(merged), "cpu")
    assert backend.name == f"{merged.name}-cpu"
    ids = backend.tokenizer.encode(SENTENCES[0], is_pretokenized=True).ids
    import numpy as np  # noqa: PLC0415

    (scores,) = backend.scorer.score([np.array(ids, dtype=np.int64)])
    assert np.abs(scores.keep - expected_scores(merged, ids)).max() < 1e-5


def test_torch_and_onnx_score_alike(merged: Path) -> None:
    from tests.torch_models import export_onnx  # noqa: PLC0415

    by_torch = load_hub_model(str(merged), "cpu").score(SENTENCES)
    export_onnx(merged, merged / ONNX[1])
    backend = load_hub_model(str(merged), "cpu")
    assert backend.name == f"{merged.name}-fp32"
    by_onnx = backend.score(SENTENCES)
    for one, other in zip(by_torch, by_onnx, strict=True):
        assert all(abs(a - b) <= 1 for a, b in zip(one.keep, other.keep, strict=True))


@pytest.mark.parametrize("damage", ["truncated", "missing", "renamed", "adapter"])
def test_damaged_weights_are_refused(merged: Path, damage: str) -> None:
    import torch  # noqa: PLC0415

    path = merged / MERGED
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-4_000])
    else:
        saved = torch.load(path, weights_only=True)
        encoder = saved["encoder_state_dict"]
        name = next(iter(encoder))
        if damage == "missing":
            del encoder[name]
        elif damage == "renamed":
            saved["token_head"] = saved.pop("token_head_state_dict")
        else:
            encoder[f"base_model.model.{name}"] = encoder.pop(name)
        torch.save(saved, path)
    with pytest.raises(AdapterOnly if damage == "adapter" else DamagedModel):
        load_hub_model(str(merged), "cpu")


def test_batches_score_as_single_inputs(merged: Path) -> None:
    backend = load_hub_model(str(merged), "cpu")
    alone = backend.score(SENTENCES)
    object.__setattr__(backend.scorer, "_batch", 4)
    together = backend.score(SENTENCES)
    for one, other in zip(alone, together, strict=True):
        assert all(abs(a - b) <= 1 for a, b in zip(one.keep, other.keep, strict=True))


def test_a_gpu_is_used_where_there_is_one(merged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hub_model.wanted_weights("cuda")[0] == MERGED
    monkeypatch.setattr(hub_model, "_best_device", lambda: "cpu")
    assert load_hub_model(str(merged)).name.endswith("-cpu")
