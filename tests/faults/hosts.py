"""Hosts on this machine that have networks of their own: namespaces of Linux, joined by a router.

What goes from one host to another goes through the router, so what the router drops is lost as it
is between real machines: nobody is told, and TCP sends it again, later and later. The network of
the machine itself is left as it is. The namespaces have no names: the kernel keeps each while a
process is in it or holds it open, so nothing is left behind, however this process ends.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

__all__ = ("Host", "Hosts", "can_shape", "open_hosts", "refusal")

_CLONE_NEWNET: Final = 0x40000000
_HERE: Final = "/proc/thread-self/ns/net"
_NETWORK: Final = "198.51.100"
"""Addresses for documentation (RFC 5737), so of no real network; two for each host."""
_LINK_SECONDS: Final = 10.0


class Namespace:
    """A network that has nothing but a loopback interface at first.

    Attributes:
        fd: Keeps it open.
    """

    def __init__(self) -> None:
        with _elsewhere("unshare"):
            self.fd = os.open(_HERE, os.O_RDONLY)
        self.run("ip", "link set lo up")

    @property
    def path(self) -> str:
        """Where other processes find it."""
        return f"/proc/{os.getpid()}/fd/{self.fd}"

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Let this thread be in it: sockets, processes and threads that it makes stay there."""
        with _elsewhere("setns", self.fd):
            yield

    def run(self, program: str, *lines: str) -> str:
        """Run commands of ``ip`` or ``tc`` in it, as one batch, and return what they print."""
        with self.entered():
            done = subprocess.run(
                [program, "-batch", "-"],
                input="\n".join(lines),
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            raise OSError(f"{program} {'; '.join(lines)}: {done.stderr.strip()}")
        return done.stdout

    def close(self) -> None:
        """Let go of it."""
        os.close(self.fd)


class Host(Namespace):
    """A namespace that reaches others through a router.

    Attributes:
        address: Its IPv4 address.
    """

    def __init__(self, router: Namespace, name: str, number: int) -> None:
        super().__init__()
        gateway = f"{_NETWORK}.{2 * number}"
        self.address = f"{_NETWORK}.{2 * number + 1}"
        router.run(
            "ip",
            f"link add to-{name} type veth peer name eth0 netns {self.path}",
            f"addr add {gateway}/31 dev to-{name}",
            f"link set to-{name} up",
        )
        self.run(
            "ip",
            f"addr add {self.address}/31 dev eth0",
            "link set eth0 up",
            f"route add default via {gateway}",
        )


class Hosts:
    """Hosts by name, and what the router between them does; made by `open_hosts`."""

    def __init__(self) -> None:
        self._router = Namespace()
        self._hosts: dict[str, Host] = {}
        self._dropped: set[tuple[str, str]] = set()
        self._shaped: set[str] = set()
        with self._router.entered():
            Path("/proc/sys/net/ipv4/ip_forward").write_text("1")

    def add(self, name: str) -> None:
        """Add a host that all others reach."""
        self._hosts[name] = Host(self._router, name, len(self._hosts))

    def __getitem__(self, name: str) -> Host:
        return self._hosts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._hosts)

    def await_links(self) -> None:
        """Wait until no link loses packets; the kernel may take a second to make one work."""
        until = time.monotonic() + _LINK_SECONDS
        for host in self._hosts.values():
            while "state UP" not in host.run("ip", "link show eth0"):
                if time.monotonic() > until:
                    raise OSError(f"the link to {host.address} does not come up")
                time.sleep(0.02)

    def drop(self, ways: Iterable[tuple[str, str]]) -> None:
        """Drop all packets that go these ways, from one host to another, and no others."""
        wanted = set(ways)
        changes = [("add", way) for way in wanted - self._dropped]
        changes += [("del", way) for way in self._dropped - wanted]
        rules = [
            f"rule {verb} from {self[one].address} to {self[other].address} blackhole"
            for verb, (one, other) in changes
        ]
        if rules:
            self._router.run("ip", *rules)
        self._dropped = wanted

    def silence(self, one: str, *others: str) -> None:
        """Drop everything between a host and others, by default all others, and nothing else."""
        far = [name for name in others or self if name != one]
        self.drop([(one, other) for other in far] + [(other, one) for other in far])

    def shape(self, name: str, qdisc: str) -> None:
        """Let what comes to a host, and what it sends, pass a queueing discipline of ``tc``."""
        self._router.run("tc", f"qdisc replace dev to-{name} root {qdisc}")
        self._shaped.add(name)
        self[name].run("tc", f"qdisc replace dev eth0 root {qdisc}")

    def heal(self) -> None:
        """Let everything through again."""
        self.drop(())
        while self._shaped:
            name = self._shaped.pop()
            self._router.run("tc", f"qdisc del dev to-{name} root")
            self[name].run("tc", "qdisc del dev eth0 root")

    def close(self) -> None:
        """Let go of all namespaces; each goes with the last process in it."""
        for namespace in [self._router, *self._hosts.values()]:
            namespace.close()


@contextmanager
def open_hosts(names: Sequence[str]) -> Iterator[Hosts]:
    """Make hosts of these names (of up to 12 letters) that reach each other.

    Raises:
        OSError: they cannot be made here; `refusal` tells that before.
    """
    hosts = Hosts()
    try:
        for name in names:
            hosts.add(name)
        hosts.await_links()
        yield hosts
    finally:
        hosts.close()


def refusal() -> str:
    """Return why hosts cannot be made here, or nothing when they can.

    They need Linux, the programs ``ip`` and ``tc``, and the capabilities of root.
    """
    if sys.platform != "linux":
        return "only Linux has network namespaces"
    if missing := [name for name in ("ip", "tc") if shutil.which(name) is None]:
        return f"there is no program `{missing[0]}` (iproute2)"
    try:
        with open_hosts(["one", "other"]) as hosts:
            hosts.silence("one", "other")
    except OSError as error:
        return str(error)
    return ""


def can_shape(qdisc: str) -> bool:
    """Return whether the kernel has a queueing discipline, such as ``netem delay 50ms``."""
    namespace = Namespace()
    try:
        with suppress(OSError):
            namespace.run("tc", f"qdisc add dev lo root {qdisc}")
            return True
        return False
    finally:
        namespace.close()


@contextmanager
def _elsewhere(function: str, *arguments: int) -> Iterator[None]:
    """Let this thread be in the network to which ``setns`` or ``unshare`` takes it."""
    here = os.open(_HERE, os.O_RDONLY)
    try:
        _call(function, *arguments, _CLONE_NEWNET)
        try:
            yield
        finally:
            _call("setns", here, _CLONE_NEWNET)
    finally:
        os.close(here)


def _call(function: str, *arguments: int) -> None:
    # Python has these functions of the C library only since 3.12.
    if ctypes.CDLL(None, use_errno=True)[function](*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")
