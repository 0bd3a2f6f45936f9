"""The service as a process that can be killed, and callers who go on asking while that happens."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PREDICT = "/v1/predictions"
EVENTS = [
    {"kind": kind, "occurred_at": f"2026-0{month}-11T09:00:00Z", "amount": 100.0 * month}
    for month in range(1, 6)
    for kind in ("purchase", "refund")
]


class Launcher:
    """Starts services; see tests/launcher.py."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.launcher"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, **command: object) -> int:
        """Have something done, and return the number that it answers with."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=20)


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """What starts services, ready once for all tests of this process."""
    launcher = Launcher()
    yield launcher
    launcher.close()


class Process:
    """One service, started, killed and started again on the same port."""

    def __init__(self, launcher: Launcher, folder: Path, database: str, **settings: object) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        given = {"port": self.port, "database": database, "spool": folder / "spool", "store": folder / "store"}
        given |= {"log_level": "warning", "auth": False} | settings
        self.pid = 0
        self._launcher = launcher
        self._spools = folder / "spool"
        self._environment = {f"RAPPORT_{name.upper()}": str(value) for name, value in given.items()}
        self._log = folder / "service.log"

    @property
    def log(self) -> str:
        """All that the service said so far."""
        return self._log.read_text(encoding="utf-8")

    def spools(self) -> list[Path]:
        """The spools in which something waits."""
        return [path for path in self._spools.glob("*.spool") if path.stat().st_size]

    def spooled(self) -> int:
        """How many bytes wait in spools."""
        return sum(path.stat().st_size for path in self.spools())

    def wait_for_spools(self, n: int) -> None:
        """Wait until so many processes have a spool of their own, and thus answer."""
        for _ in range(1200):
            if len(list(self._spools.glob("*.spool"))) >= n:
                return
            time.sleep(0.05)
        pytest.fail(f"There are no {n} processes: {self.log}")

    def workers(self) -> list[int]:
        """The processes that answer, where there are several."""
        below = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="utf-8").split()
        return [int(pid) for pid in below if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.pid = self._launcher.ask(log=str(self._log), environment=self._environment)
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=30):
                    return
            except OSError:
                time.sleep(0.05)
        pytest.fail(f"The service does not start: {self.log}")

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        assert self.end(signal.SIGKILL) == -signal.SIGKILL

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Have it end, and return its exit code."""
        os.kill(self.pid, how)
        pid, self.pid = self.pid, 0
        return self._launcher.ask(wait=pid)


@pytest.fixture
def start_service(launcher: Launcher, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """`start_service(database, **settings)` is a running service with a champion, gone after the test."""
    (tmp_path / "store").mkdir()
    from tests.service import crown_model

    crown_model(tmp_path / "store")
    started: list[Process] = []

    def start(database: str, **settings: object) -> Process:
        started.append(Process(launcher, tmp_path, database, **settings))
        started[-1].start()
        return started[-1]

    yield start
    for process in started:
        if process.pid:
            process.end(signal.SIGKILL)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """`told(text)` says what a proof has found, in figures."""

    def tell(text: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{text}\n")

    return tell


@dataclass(frozen=True)
class Asked:
    """A request; each is about accounts that no other is about."""

    method: str
    path: str
    accounts: tuple[str, ...]
    body: bytes = b""
    key: str | None = None

    def head(self) -> bytes:
        key = f"idempotency-key: {self.key}\r\n" if self.key else ""
        kind = "content-type: application/json\r\n" if self.body else ""
        length = len(self.body)
        head = f"{self.method} {self.path} HTTP/1.1\r\nhost: localhost\r\n"
        return f"{head}{kind}{key}content-length: {length}\r\n\r\n".encode()


@dataclass(frozen=True)
class Answer:
    """What came of a request."""

    asked: Asked
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def predictions(self) -> list[dict[str, Any]]:
        """What was predicted and acknowledged."""
        if self.status != 200 or self.asked.method != "POST":
            return []
        content = self.content
        given = content.get("results", [content])
        return [each.get("prediction", each) for each in given if "error" not in each]


_numbers = count()


def predict(key: bool = False) -> Asked:
    """Ask for one prediction."""
    account = f"acme-{next(_numbers)}"
    body = json.dumps({"account": {"account_id": account}, "events": EVENTS}).encode()
    return Asked("POST", PREDICT, (account,), body, f"key-{account}" if key else None)


def predict_batch(n: int = 5) -> Asked:
    """Ask for many."""
    accounts = tuple(f"acme-{next(_numbers)}" for _ in range(n))
    body = json.dumps({"accounts": [{"account": {"account_id": each}, "events": EVENTS[:2]} for each in accounts]})
    return Asked("POST", f"{PREDICT}/batch", accounts, body.encode(), f"key-{accounts[0]}")


def erase(account: str) -> Asked:
    """Ask to forget an account."""
    return Asked("DELETE", f"/v1/accounts/{account}?reason=asked", (account,))


def every_kind() -> Iterator[Asked]:
    """Requests as a CRM sends them: most for one account, some with a key, a batch now and then, rarely an erasure."""
    while True:
        for _ in range(4):
            yield from (predict(), predict(key=True), predict(), predict_batch())
        gone = predict()
        yield from (gone, erase(gone.accounts[0]))


def singles() -> Iterator[Asked]:
    """Requests for one account each, without a key."""
    while True:
        yield predict()


class Connection:
    """One caller, who keeps the connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Ask, and wait for the whole answer.

        Raises
        ------
        OSError, EOFError
            There was no whole answer.
        """
        begun = time.perf_counter()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        try:
            writer.write(asked.head() + asked.body)
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        except BaseException:
            self.close()
            raise
        if headers.get("connection") == "close":
            self.close()
        return Answer(asked, int(first.split()[1]), headers, body, time.perf_counter() - begun)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


@dataclass
class Load:
    """What callers asked and were answered; `unanswered` are requests whose connection broke.

    Each caller pauses between an answer and the next request, so that on a machine with much else to do the database is
    not the slowest part of all.
    """

    pause: float = 0.0
    answers: list[Answer] = field(default_factory=list)
    unanswered: list[Asked] = field(default_factory=list)
    ended: bool = False

    async def call(self, port: int, traffic: Iterator[Asked]) -> None:
        """Ask until the load is ended, or the service is gone."""
        connection = Connection(port)
        while not self.ended:
            asked = next(traffic)
            try:
                self.answers.append(await connection.ask(asked))
                await asyncio.sleep(self.pause)
            except (OSError, EOFError):
                self.unanswered.append(asked)
                await asyncio.sleep(0.02)
        connection.close()

    async def more(self, n: int, seconds: float = 0.0) -> list[Answer]:
        """Wait for so long, and until so many more requests are answered, however slow the machine is; those."""
        before = len(self.answers)
        await asyncio.sleep(seconds)
        for _ in range(6000):
            if len(self.answers) >= before + n:
                return self.answers[before:]
            await asyncio.sleep(0.01)
        pytest.fail(f"The service answers no more: {self.statuses}")

    @property
    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    @property
    def predictions(self) -> list[dict[str, Any]]:
        return [prediction for answer in self.answers for prediction in answer.predictions]

    @property
    def recorded(self) -> Counter[bool]:
        """How many predictions were acknowledged as recorded, and as not recorded yet."""
        return Counter(answer["recorded"] for answer in self.predictions)

    @property
    def slowest(self) -> float:
        return max(answer.seconds for answer in self.answers)


@asynccontextmanager
async def loaded(
    port: int, traffic: Callable[[], Iterator[Asked]] = every_kind, callers: int = 8, pause: float = 0.0
) -> AsyncIterator[Load]:
    """A load on the service while the block runs; at its end every request has been answered or has failed."""
    load = Load(pause)
    calls = []
    for _ in range(callers):
        calls.append(asyncio.create_task(load.call(port, traffic())))
        # Of several processes one would take all connections that come at once.
        await asyncio.sleep(0.01)
    try:
        yield load
    finally:
        load.ended = True
        await asyncio.wait_for(asyncio.gather(*calls), 60)


async def fetch(port: int, path: str) -> Answer:
    """Ask for something."""
    connection = Connection(port)
    try:
        return await connection.ask(Asked("GET", path, ()))
    finally:
        connection.close()


async def recovered(process: Process, seconds: float = 60.0) -> None:
    """Wait until the service says that all is well, and nothing is left in a spool."""
    content: dict[str, Any] = {}
    for _ in range(int(seconds / 0.05)):
        content = (await fetch(process.port, "/readyz")).content
        if content["status"] == "ok" and not await asyncio.to_thread(process.spooled):
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"The service does not recover: {content}")
