"""A wire between the service and its database that can hang, break or be cut, at will."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Mode = Literal["open", "hanging", "cut"]


class Proxy:
    """Forwards connections to a unix socket while it is open.

    Hanging, it takes bytes and connections and forwards none: to whoever waits it looks like a host that has died. Cut,
    it breaks the connections there are and takes no others: like a server that was stopped.
    """

    def __init__(self, socket: str) -> None:
        self.port = 0
        self._socket = socket
        self._mode: Mode = "open"
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def set(self, mode: Mode) -> None:
        """Become open, hanging or cut."""
        self._loop.call_soon_threadsafe(self._set, mode)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._ended.wait()
        server.close()
        self._set("cut")
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _set(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "hanging":
            self._open.clear()
            return
        self._open.set()
        if mode == "cut":
            for writer in self._writers:
                writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._open.wait()
            if self._mode == "cut":
                return
            far_reader, far_writer = await asyncio.open_unix_connection(self._socket)
            self._writers.add(far_writer)
            try:
                await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
            finally:
                self._writers.discard(far_writer)
                far_writer.transport.abort()
        except OSError:
            pass  # one of the ends has gone
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._open.wait()
            writer.write(data)
            await writer.drain()
        with suppress(OSError):
            writer.write_eof()


@contextmanager
def proxied(socket: str) -> Iterator[Proxy]:
    """A proxy to a unix socket."""
    proxy = Proxy(socket)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
