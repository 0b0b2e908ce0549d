"""Where the files of the hub model are: a folder that was named, the local cache, or the hub.

Nothing is downloaded unless that was allowed. The model is `chopratejas/kompress-v2-base` or what
has the same layout: ``merged.pt`` with weights for torch, ``onnx/kompress-*.onnx`` for onnxruntime,
and the tokenizer of the encoder that it was trained from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from sharedctx_workers.prose.errors import (
    AdapterOnly,
    BackendNotInstalled,
    DamagedModel,
    ModelNotFound,
)

__all__ = ("ENCODER", "HUB_MODEL", "MERGED", "ONNX", "REVISIONS", "HubFiles", "hub_files")

HUB_MODEL: Final = "chopratejas/kompress-v2-base"
MERGED: Final = "merged.pt"
ONNX: Final = ("onnx/kompress-int8-wo.onnx", "onnx/kompress-fp32.onnx")
ENCODER: Final = "answerdotai/ModernBERT-base"
REVISIONS: Final = {
    HUB_MODEL: "b1563631b35bfdcee37587ad530147497d820d4c",
    ENCODER: "8949b909ec900327062f0ebf497f51aef5e6f0c8",
}
_TOKENIZER: Final = "tokenizer.json"
_ADAPTER: Final = ("adapter_config.json", "adapter_model.safetensors")
_LONGEST_HEADER: Final = 64 << 20


class HubFiles(NamedTuple):
    """Files of one model.

    Attributes:
        folder: The folder of the model.
        weights: Its weights in the formats there are, what is wanted most first.
        tokenizer: The tokenizer.
    """

    folder: Path
    weights: tuple[Path, ...]
    tokenizer: Path


def hub_files(model: str, wanted: Sequence[str], *, allow_download: bool = False) -> HubFiles:
    """Return the files of a model.

    Args:
        model: A folder, or the name of a repository of the hub such as `HUB_MODEL`.
        wanted: Names of weights (`MERGED`, `ONNX`), what is wanted most first.
        allow_download: Whether what is not in the local cache may be downloaded: the first of
            `wanted`, up to 600 MB.

    Raises:
        ModelNotFound: it is nowhere, or has none of the weights that are wanted.
        AdapterOnly: its weights cannot be used by themselves.
        BackendNotInstalled: huggingface_hub is missing.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        if model.count("/") != 1 or model.startswith((".", "/", "~")):
            raise ModelNotFound(f"There is no folder {model}, and no repository has such a name.")
        patterns = (*wanted, _TOKENIZER, "config.json", *_ADAPTER)
        folder = _cached(model, patterns, wanted, allow_download=allow_download)
    weights = tuple(folder / name for name in wanted if (folder / name).is_file())
    if not weights:
        _refuse(folder, model, wanted)
    tokenizer = folder / _TOKENIZER
    if not tokenizer.is_file():
        tokenizer = (
            _cached(ENCODER, (_TOKENIZER,), (_TOKENIZER,), allow_download=allow_download)
            / _TOKENIZER
        )
    return HubFiles(folder, weights, tokenizer)


def _cached(
    repository: str, patterns: Sequence[str], wanted: Sequence[str], *, allow_download: bool
) -> Path:
    """Return the folder of a repository in the local cache; download the first of `wanted`."""
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415  # asks for settings
        from huggingface_hub.errors import LocalEntryNotFoundError  # noqa: PLC0415
    except ImportError as error:
        raise BackendNotInstalled(
            "Models of the hub need huggingface_hub. Install it with: "
            "pip install 'sharedctx[kompress]'"
        ) from error
    revision = REVISIONS.get(repository)
    try:
        folder = Path(
            snapshot_download(
                repository, revision=revision, allow_patterns=[*patterns], local_files_only=True
            )
        )
        if any((folder / name).is_file() for name in wanted) or not allow_download:
            return folder
    except LocalEntryNotFoundError as error:
        if not allow_download:
            raise ModelNotFound(
                f"The model {repository} is not in the local cache of the hub, and downloads are "
                "not allowed. Allow them with --text-download, or name a folder with --text-model."
            ) from error
    others = [pattern for pattern in patterns if pattern not in wanted]
    try:
        return Path(
            snapshot_download(repository, revision=revision, allow_patterns=[wanted[0], *others])
        )
    except Exception as error:  # its errors are of several libraries
        raise ModelNotFound(
            f"The model {repository} could not be downloaded: {type(error).__name__}."
        ) from error


def _refuse(folder: Path, model: str, wanted: Sequence[str]) -> None:
    """Raise what is wrong with a folder that has none of the weights that are wanted."""
    plain = folder / "model.safetensors"
    if any((folder / name).is_file() for name in _ADAPTER) or _is_adapter(plain):
        raise AdapterOnly(
            f"{model} has the weights of an adapter only, which compute nothing by themselves. "
            f"Use a repository with {MERGED} or {ONNX[0]}."
        )
    raise ModelNotFound(f"{model} has none of {', '.join(wanted)}.")


def _is_adapter(path: Path) -> bool:
    """Whether the tensors of a safetensors file are named as those of an adapter are."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            names: dict[str, Any] = json.loads(file.read(min(size, _LONGEST_HEADER)))
    except ValueError as error:
        raise DamagedModel(f"{path} is damaged. Get the model again.") from error
    return any("base_model.model" in name or "lora_" in name for name in names)
