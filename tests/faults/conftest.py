"""Contexts and workers, as the tests of clients and of workers use them."""

from __future__ import annotations

from tests.client.conftest import open_context
from tests.worker.conftest import start_worker

__all__ = ("open_context", "start_worker")
