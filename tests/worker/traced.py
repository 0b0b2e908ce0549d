"""A worker or a client of an application that traces: its spans go to a file, as JSON lines.

``traced.py FILE worker ARGUMENTS`` or ``traced.py FILE client URL NAMESPACE``.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from sharedctx import SharedContext
from sharedctx_workers.command import main as work
from tests.worker.harness import text_of


async def _hand_over(url: str, namespace: str) -> None:
    tracer = trace.get_tracer("agents")
    async with SharedContext(url, namespace=namespace, agent="researcher") as context:
        with tracer.start_as_current_span("research"):
            await context.put("secret-key", text_of("canary-7f3a9b"))
        with tracer.start_as_current_span("write report"):
            assert await context.get("secret-key", timeout=40)


def main() -> None:
    dump, role, *arguments = sys.argv[1:]
    with Path(dump).open("a") as out:
        exporter = ConsoleSpanExporter(
            service_name=role, out=out, formatter=lambda span: span.to_json(indent=None) + "\n"
        )
        provider = TracerProvider(resource=Resource({"service.name": role}))
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        trace.set_tracer_provider(provider)
        if role == "worker":
            sys.argv[1:] = arguments
            work()
        else:
            asyncio.run(_hand_over(*arguments))


main()
