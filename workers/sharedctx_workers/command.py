"""The command line of a worker: ``sharedctx worker``, and ``python -m sharedctx_workers``."""

from __future__ import annotations

import os
from typing import Annotated

import anyio
import typer

from sharedctx.encryption import Encryption
from sharedctx.errors import InvalidNamespace, SharedContextError
from sharedctx.keys import validate_namespace
from sharedctx.login_options import with_credentials
from sharedctx.store.credentials import Credentials
from sharedctx_workers import app, logs
from sharedctx_workers.prose.hub import HUB_MODEL
from sharedctx_workers.prose.loading import Device, TextBackend, TextSettings
from sharedctx_workers.settings import LogFormat, LogLevel, WorkerSettings

__all__ = ("main", "memory_limit_of", "worker")

_MEMORY_LIMIT = 2048
_CONNECTION = "Connection"
_LIMITS = "Limits"
_TEXT = "Text"
_OPERATION = "Operation"

_Servers = Annotated[
    str,
    typer.Option(
        envvar=["SHAREDCTX_SERVERS", "NATS_URL"],
        help="URLs of the NATS servers, separated by commas; user and password may be in them.",
        rich_help_panel=_CONNECTION,
        show_envvar=True,
    ),
]
_Domain = Annotated[
    str | None,
    typer.Option(
        envvar=["SHAREDCTX_DOMAIN", "NATS_DOMAIN"],
        help="JetStream domain of the namespaces, such as that of the hub of a leaf node.",
        rich_help_panel=_CONNECTION,
        show_envvar=True,
    ),
]
_Namespaces = Annotated[
    list[str] | None,
    typer.Option(
        "--namespace",
        "-n",
        envvar="SHAREDCTX_NAMESPACES",
        help="Serve only this namespace; may be given several times (in the variable: separated by "
        "spaces). Without it: every namespace, also those created later.",
        rich_help_panel=_CONNECTION,
    ),
]
_KeyFile = Annotated[
    str | None,
    typer.Option(
        envvar="SHAREDCTX_KEY_FILE",
        help="File with the keys of encrypted namespaces; without its key a content is left as it "
        "is.",
        rich_help_panel=_CONNECTION,
    ),
]
_Slots = Annotated[
    int,
    typer.Option(
        envvar="SHAREDCTX_SLOTS",
        min=0,
        help="Jobs compressed at the same time, each in its own process; 0 for one per CPU.",
        rich_help_panel=_LIMITS,
    ),
]
_TimeLimit = Annotated[
    float,
    typer.Option(
        envvar="SHAREDCTX_TIME_LIMIT",
        min=0.1,
        help="Seconds that one job may take.",
        rich_help_panel=_LIMITS,
    ),
]
_MemoryLimit = Annotated[
    int | None,
    typer.Option(
        envvar="SHAREDCTX_MEMORY_LIMIT",
        min=0,
        help="MiB of address space that one job may use; 0 for no limit. Default: 2048; "
        "with --text-backend torch, which reserves much more than it uses: 0.",
        rich_help_panel=_LIMITS,
    ),
]
_TextBackendOption = Annotated[
    TextBackend,
    typer.Option(
        envvar="SHAREDCTX_TEXT_BACKEND",
        help="What says which words of prose may go: student, the model that comes with this "
        "package; lexical, a table of common words; torch, the model named by --text-model; none, "
        "to drop no words. Workers of one fleet should use the same.",
        rich_help_panel=_TEXT,
    ),
]
_TextModel = Annotated[
    str,
    typer.Option(
        envvar="SHAREDCTX_TEXT_MODEL",
        help="For torch: a folder, or a repository in the local cache of the Hugging Face hub.",
        rich_help_panel=_TEXT,
    ),
]
_TextDownload = Annotated[
    bool,
    typer.Option(
        "--text-download",
        envvar="SHAREDCTX_TEXT_DOWNLOAD",
        help="For torch: download the model when it is not in the local cache, up to 600 MB.",
        rich_help_panel=_TEXT,
    ),
]
_DeviceOption = Annotated[
    Device,
    typer.Option(
        envvar="SHAREDCTX_DEVICE",
        help="For torch: where to compute; auto for a GPU if there is one.",
        rich_help_panel=_TEXT,
    ),
]
_Grace = Annotated[
    float,
    typer.Option(
        envvar="SHAREDCTX_GRACE",
        min=0.0,
        help="Seconds after SIGTERM or SIGINT to finish the jobs in hand before giving them back.",
        rich_help_panel=_LIMITS,
    ),
]
_HealthHost = Annotated[
    str,
    typer.Option(
        envvar="SHAREDCTX_HEALTH_HOST",
        help="Address for the health endpoints; 0.0.0.0 for probes from other hosts.",
        rich_help_panel=_OPERATION,
    ),
]
_HealthPort = Annotated[
    int,
    typer.Option(
        envvar="SHAREDCTX_HEALTH_PORT",
        min=0,
        max=65_535,
        help="Port for /livez, /readyz and /metrics; 0 for none.",
        rich_help_panel=_OPERATION,
    ),
]
_Level = Annotated[
    LogLevel,
    typer.Option(
        envvar="SHAREDCTX_LOG_LEVEL", help="Least level to log.", rich_help_panel=_OPERATION
    ),
]
_Format = Annotated[
    LogFormat,
    typer.Option(
        envvar="SHAREDCTX_LOG_FORMAT",
        help="auto: console on a terminal, otherwise JSON lines. Logs go to stderr.",
        rich_help_panel=_OPERATION,
    ),
]


def _cpus() -> int:
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _validated(namespaces: list[str]) -> frozenset[str]:
    try:
        return frozenset(validate_namespace(namespace) for namespace in namespaces)
    except InvalidNamespace as error:
        raise typer.BadParameter(str(error), param_hint="--namespace") from error


def _keys(path: str | None) -> Encryption | None:
    try:
        return None if path is None else Encryption.from_file(path)
    except SharedContextError as error:
        raise typer.BadParameter(str(error), param_hint="--key-file") from error


def _split(servers: str) -> tuple[str, ...]:
    urls = tuple(url.strip() for url in servers.split(",") if url.strip())
    if not urls:
        raise typer.BadParameter("Give at least one URL.", param_hint="--servers")
    return urls


def memory_limit_of(given: int | None, text_backend: TextBackend) -> int:
    """Return the MiB of address space of a child; 0 for no limit."""
    if given is not None:
        return given
    return 0 if text_backend == "torch" else _MEMORY_LIMIT


def worker(
    *,
    servers: _Servers = "nats://127.0.0.1:4222",
    domain: _Domain = None,
    namespace: _Namespaces = None,
    key_file: _KeyFile = None,
    slots: _Slots = 0,
    time_limit: _TimeLimit = 30.0,
    memory_limit: _MemoryLimit = None,
    grace: _Grace = 25.0,
    text_backend: _TextBackendOption = "student",
    text_model: _TextModel = HUB_MODEL,
    text_download: _TextDownload = False,
    device: _DeviceOption = "auto",
    health_host: _HealthHost = "127.0.0.1",
    health_port: _HealthPort = 0,
    log_level: _Level = "info",
    log_format: _Format = "auto",
    credentials: Credentials,
) -> None:
    """Compress what agents put. Start as many workers as you like, on as many hosts.

    A worker takes originals from NATS, compresses each in a child process with a time and a memory
    limit, and writes the rendition back. It waits for a server that is away and may be killed at
    any moment: another worker takes over its jobs.

    Exit codes: 0 stopped by SIGTERM or SIGINT, nothing lost; 1 its child processes do not start, or
    the port of its health endpoints is taken; 2 wrong arguments; 3 the server refused the
    credentials, or is not to be trusted. A second signal ends the grace time.
    """
    settings = WorkerSettings(
        servers=_split(servers),
        credentials=credentials,
        domain=domain,
        encryption=_keys(key_file),
        namespaces=_validated(namespace or []),
        slots=slots or _cpus(),
        time_limit=time_limit,
        memory_limit=memory_limit_of(memory_limit, text_backend),
        text=TextSettings(text_backend, text_model, device),
        text_download=text_download,
        grace=grace,
        health_host=health_host,
        health_port=health_port,
    )
    logs.configure(log_level, log_format)
    raise typer.Exit(anyio.run(app.run, settings))


def main() -> None:
    """Run the command with the arguments of this process."""
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(with_credentials(worker))
    command()
