"""A TCP proxy on this machine that stands for a network: slow, cut, silent or half closed."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Self

__all__ = ("Proxy",)

_CHUNK = 64 * 1024


class Proxy:
    """Hands connections at `url` on to a server, as well or badly as it is told to.

    ::

        async with Proxy(server_port) as network:
            network.delay = 0.1

    Attributes:
        delay: Seconds that every byte is under way, in each direction.
        rate: Bytes per second of each connection and direction; None does not limit.
    """

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self.delay = 0.0
        self.rate: float | None = None
        self._target = target_host, target_port
        self._port = 0
        self._server: asyncio.Server | None = None
        self._passing = asyncio.Event()
        self._passing.set()
        self._refusing = False
        self._links: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._port

    @property
    def url(self) -> str:
        """Where clients of NATS connect."""
        return f"nats://127.0.0.1:{self._port}"

    @property
    def connections(self) -> int:
        """How many connections go through it."""
        return len(self._links)

    async def start(self) -> Self:
        """Listen; on the same port as before when it was closed."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port or None)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def aclose(self) -> None:
        """Cut everything and stop listening."""
        if self._server is not None:
            self._server.close()
        self.reset()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    # Faults

    def black_hole(self) -> None:
        """Let nothing through any more, and say nothing: as when packets are dropped."""
        self._passing.clear()

    def refuse(self) -> None:
        """Reset all connections, and every new one."""
        self._refusing = True
        self.reset()

    def heal(self) -> None:
        """End `black_hole` and `refuse`. What was held back arrives, as TCP would send it again."""
        self._refusing = False
        self._passing.set()

    def reset(self) -> None:
        """Reset all connections of this moment, at both ends."""
        for ends in list(self._links):
            for writer in ends:
                _reset(writer)

    def half_close(self) -> None:
        """End the stream towards the clients of all connections; the other direction stays."""
        for client, _ in list(self._links):
            with suppress(OSError, RuntimeError):
                client.write_eof()

    # Forwarding

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            _reset(writer)
            return
        link = (writer, far_writer)
        self._links.add(link)
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer)),
            asyncio.create_task(self._pump(far_reader, writer)),
        ]
        self._tasks.update(pumps)
        try:
            await asyncio.wait(pumps)
        finally:
            self._tasks.difference_update(pumps)
            self._links.discard(link)
            for end in link:
                end.close()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Carry bytes until the source ends; what is under way does not delay what follows it."""
        clock = asyncio.get_running_loop().time
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(1024)

        async def deliver() -> None:
            while True:
                due, data = await under_way.get()
                await asyncio.sleep(due - clock())
                await self._passing.wait()
                if not data:
                    sink.write_eof()
                    return
                sink.write(data)
                await sink.drain()

        delivering = asyncio.create_task(deliver())
        try:
            with suppress(OSError, RuntimeError):
                data = b"?"
                while data and not delivering.done():
                    data = await source.read(_CHUNK)
                    if self.rate is not None:
                        await asyncio.sleep(len(data) / self.rate)
                    await under_way.put((clock() + self.delay, data))
            await asyncio.gather(delivering, return_exceptions=True)
        finally:
            delivering.cancel()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset instead of an end of stream."""
    endpoint: socket.socket | None = writer.get_extra_info("socket")
    if endpoint is not None:
        with suppress(OSError):
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
