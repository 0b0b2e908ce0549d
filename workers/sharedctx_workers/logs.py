"""Structured logs on stderr: JSON lines for machines, aligned text for a terminal.

Every event names its key, namespace, revision and attempt where it has them, never the content.
"""

from __future__ import annotations

import logging
import sys

import structlog

from sharedctx_workers.settings import LogFormat, LogLevel

__all__ = ("configure",)


def _renderer(log_format: LogFormat) -> structlog.typing.Processor:
    console = sys.stderr.isatty() if log_format == "auto" else log_format == "console"
    if console:
        return structlog.dev.ConsoleRenderer(event_key="action")
    return structlog.processors.JSONRenderer()


def _without_trace(
    _logger: structlog.typing.WrappedLogger, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Keep the type of an exception that a library logs: its text may quote what it choked on."""
    trace = event.pop("exc_info", None)
    if isinstance(trace, tuple) and trace[0] is not None:
        event["error"] = trace[0].__name__
    return event


def configure(level: LogLevel, log_format: LogFormat) -> None:
    """Send our events, and warnings of the libraries beneath, to stderr in one format.

    Args:
        level: The least level of our own events.
        log_format: ``json``, ``console``, or ``auto`` for console on a terminal and else JSON.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_trace,
        structlog.processors.EventRenamer("action"),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(log_format),
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("sharedctx").setLevel(level.upper())
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
