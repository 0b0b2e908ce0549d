"""What the logs look like."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from sharedctx_workers import logs


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("sharedctx").setLevel(logging.NOTSET)
    structlog.reset_defaults()


def test_json_lines_with_an_action(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "auto")
    log = structlog.get_logger("sharedctx.worker")
    log.debug("job.extended")
    log.info("job.done", key="k", attempt=1)
    (line,) = capsys.readouterr().err.splitlines()
    event = json.loads(line)
    assert event["action"] == "job.done"
    assert event["level"] == "info"
    assert event["key"] == "k"
    assert event["timestamp"].endswith("Z")


def test_console_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "console")
    structlog.get_logger("sharedctx.worker").warning("job.failed", key="k")
    text = capsys.readouterr().err
    assert "job.failed" in text
    assert "{" not in text


def test_exceptions_of_libraries_lose_their_text(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info", "json")
    try:
        raise ValueError("canary content")
    except ValueError:
        logging.getLogger("library").exception("it broke")
    captured = capsys.readouterr().err
    assert json.loads(captured)["error"] == "ValueError"
    assert "canary" not in captured
