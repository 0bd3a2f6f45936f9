"""`python -m benchmarks.load PORT REQUESTS`: a load generator in a process of its own; prints what it measured as JSON.

It writes requests that are encoded already, keeps its connections, and reads of an answer no more than its head, so
that it is not what is measured: `benchmarks.serving` shows its own ceiling against a service that does nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import uvloop

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_HEAD = b"\r\n\r\n"


class Caller(asyncio.Protocol):
    """One connection: asks, waits for the answer, asks again, until it is time to stop."""

    def __init__(self, requests: Iterator[bytes], until: float, answers: list[tuple[float, float, bytes]]) -> None:
        self._requests = requests
        self._until = until
        self._answers = answers
        self._received = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._received = self._received + data if self._received else data
        head = self._received.find(_HEAD)
        if head < 0:
            return
        found = _LENGTH.search(self._received, 0, head)
        if found is None or len(self._received) < head + len(_HEAD) + int(found[1]):
            return
        now = time.perf_counter()
        self._answers.append((now, now - self._began, self._received[9:12]))
        self._received = b""
        if now < self._until:
            self._ask()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(exc)

    def _ask(self) -> None:
        self._began = time.perf_counter()
        self._transport.write(next(self._requests))


async def call(
    port: int, requests: Sequence[bytes], connections: int, seconds: float, warm_up: float
) -> dict[str, Any]:
    """Ask for so long; what was answered while the service warmed up does not count."""
    loop, answers = asyncio.get_running_loop(), []
    began = time.perf_counter()
    callers = []
    for i in range(connections):
        turn = itertools.cycle(requests[i % len(requests) :] + requests[: i % len(requests)])
        caller = Caller(turn, began + warm_up + seconds, answers)
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", port)
        callers.append(caller)
    await asyncio.gather(*(caller.done for caller in callers))
    return summary([each for each in answers if each[0] >= began + warm_up], began + warm_up)


def summary(answers: Sequence[tuple[float, float, bytes]], began: float) -> dict[str, Any]:
    """Boil answers down: how many a second, how long they took, and their statuses."""
    waits = np.array([wait for _, wait, _ in answers])
    return {
        "rate": len(answers) / (max(at for at, _, _ in answers) - began),
        "p50": float(np.quantile(waits, 0.5)),
        "p99": float(np.quantile(waits, 0.99)),
        "statuses": {status.decode(): count for status, count in Counter(each[2] for each in answers).items()},
    }


def main() -> None:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("requests", type=Path, help="a JSON list of whole HTTP requests, as Latin-1 texts")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--warm-up", type=float, default=0.5)
    given = parser.parse_args()
    requests = [text.encode("latin-1") for text in json.loads(given.requests.read_text(encoding="utf-8"))]
    measured = uvloop.run(call(given.port, requests, given.connections, given.seconds, given.warm_up))
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
