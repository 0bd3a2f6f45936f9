"""`python -m tests.proxy SOCKET`: a wire to a unix socket that can hang or be cut, in a process of its own.

Says its port on standard output and reads on standard input what to be:

* open: it forwards;
* hanging: it takes bytes and connections and forwards none, so that whoever waits sees a host that has died;
* cut: it breaks the connections there are and takes no others, as a server that was stopped.

It repeats what it has become.
"""

from __future__ import annotations

import asyncio
import sys


class Wire:
    def __init__(self, socket: str) -> None:
        self._socket = socket
        self._cut = False
        self._open = asyncio.Event()
        self._open.set()
        self._writers: set[asyncio.StreamWriter] = set()

    def become(self, mode: str) -> None:
        self._cut = mode == "cut"
        if mode == "hanging":
            self._open.clear()
            return
        self._open.set()
        for writer in self._writers if self._cut else ():
            writer.transport.abort()

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._open.wait()
        if self._cut:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(self._socket)
        except OSError:  # the server is not there
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        pumps = self._pump(reader, far_writer), self._pump(far_reader, writer)
        await asyncio.gather(*pumps, return_exceptions=True)
        self._writers -= both
        for each in both:
            each.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._open.wait()
            writer.write(data)
            await writer.drain()
        writer.close()


async def main(socket: str) -> None:
    wire = Wire(socket)
    server = await asyncio.start_server(wire.forward, "127.0.0.1", 0)
    say(str(server.sockets[0].getsockname()[1]))
    while mode := (await asyncio.to_thread(sys.stdin.readline)).strip():
        wire.become(mode)
        say(mode)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
