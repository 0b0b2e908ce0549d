"""Which backend a worker uses, and what it uses instead where that cannot be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

from sharedctx_workers.prose.backend import Backend
from sharedctx_workers.prose.errors import TextModelError
from sharedctx_workers.prose.hub import HUB_MODEL, hub_files
from sharedctx_workers.prose.lexical import LexicalBackend

__all__ = ("Device", "Loaded", "TextBackend", "TextSettings", "fetch_hub_model", "load_backend")

TextBackend = Literal["none", "lexical", "student", "torch"]
Device = Literal["auto", "cpu", "cuda", "mps"]


@dataclass(frozen=True, slots=True)
class TextSettings:
    """How a worker abridges prose.

    Attributes:
        backend: ``none`` drops no words, ``lexical`` goes by a table of words, ``student`` by the
            model that comes with this package, ``torch`` by one in the layout of the hub.
        model: Folder or repository of the model, for ``torch``.
        device: Where torch computes; ``auto`` for a GPU if there is one.
    """

    backend: TextBackend = "student"
    model: str = HUB_MODEL
    device: Device = "auto"


class Loaded(NamedTuple):
    """A backend that works.

    Attributes:
        backend: The backend; None to drop no words.
        skipped: Why those that should have been used could not be, in words.
    """

    backend: Backend | None
    skipped: tuple[str, ...] = ()


def load_backend(settings: TextSettings) -> Loaded:
    """Load the backend that `settings` name, or else the next best one there is.

    After ``torch`` with the model that is named come the default model of the hub, ``student``, and
    at last ``lexical``, which cannot fail. Nothing is downloaded.
    """
    if settings.backend == "none":
        return Loaded(None)
    skipped: list[str] = []
    for load in _candidates(settings):
        try:
            return Loaded(load(), tuple(skipped))
        except TextModelError as error:
            skipped.append(str(error))
    raise AssertionError("the lexical backend needs nothing")


def fetch_hub_model(model: str, device: Device) -> None:
    """Download what `load_backend` needs of a model of the hub, unless it is there.

    Raises:
        TextModelError: that is not possible.
    """
    from sharedctx_workers.prose.hub_model import wanted_weights  # noqa: PLC0415

    hub_files(model, wanted_weights(device), allow_download=True)


def _candidates(settings: TextSettings) -> Iterator[Callable[[], Backend]]:
    if settings.backend == "torch":
        for model in dict.fromkeys((settings.model, HUB_MODEL)):
            yield partial(_hub_model, model, settings.device)
    if settings.backend in ("torch", "student"):
        yield _student
    yield LexicalBackend


# Models are imported where they are used: the libraries take long to import and can be missing.


def _student() -> Backend:
    from sharedctx_workers.prose.student import load_student  # noqa: PLC0415

    return load_student()


def _hub_model(model: str, device: Device) -> Backend:
    from sharedctx_workers.prose.hub_model import load_hub_model  # noqa: PLC0415

    return load_hub_model(model, device)
