"""What can be wrong with a text model; every message names the remedy."""

from __future__ import annotations

from sharedctx.errors import MissingExtra

__all__ = (
    "AdapterOnly",
    "BackendNotInstalled",
    "DamagedModel",
    "ModelNotFound",
    "TextModelError",
)


class TextModelError(Exception):
    """A text model cannot be used."""


class ModelNotFound(TextModelError):
    """There is no such model at that path, or in the local cache of the hub."""


class DamagedModel(TextModelError):
    """The files of the model are not what they should be, or do not compute."""


class AdapterOnly(TextModelError):
    """The weights are those of an adapter, without the model that it was trained on."""


class BackendNotInstalled(TextModelError, MissingExtra):
    """A library that the backend needs is not installed."""
