"""The service as a process of its own, started as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

RAPPORT = str(Path(sys.executable).with_name("rapport"))


class Process:
    """A running service, and what it prints."""

    def __init__(self, home: Path, command: Sequence[str], port: int, variables: dict[str, str]) -> None:
        self.home = home
        self.port = port
        self.address = f"http://127.0.0.1:{port}"
        self.out, self.err = home / "out.txt", home / "err.txt"
        kept = {"RAPPORT_DATABASE": f"sqlite:///{home / 'rapport.db'}", "RAPPORT_SPOOL": str(home / "spool")}
        self.environment = os.environ | kept | variables
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.popen = subprocess.Popen(command, stdout=out, stderr=err, env=self.environment)

    def ask(self, path: str, body: object = None, key: str | None = None) -> tuple[int, Any]:
        """Status and content of an answer; content that is no JSON as text."""
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, content, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, _read(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _read(error)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.popen.send_signal(number)

    def log(self) -> list[dict[str, Any]]:
        """The lines that it has written, whole."""
        written = self.err.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in written if line.endswith("\n")]

    def run(self, *arguments: str) -> str:
        """What another command prints that looks at the same database."""
        return subprocess.run(
            [RAPPORT, *arguments], env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def wait_until_it_answers(self) -> None:
        for _ in range(600):
            assert self.popen.poll() is None, self.err.read_text(encoding="utf-8")
            try:
                if self.ask("/healthz")[0] == 200:
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.05)
        pytest.fail("The service does not start.")


def _read(answer: Any) -> Any:
    text = answer.read().decode()
    return json.loads(text) if "json" in answer.headers["content-type"] else text


@contextmanager
def serving(home: Path, *options: str, store: Path | None = None, **variables: str) -> Iterator[Process]:
    """Run `rapport serve` on a free port; what it keeps, and what it prints, is in `home`."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    command = [RAPPORT, "serve", "--port", str(port), "--store", str(store or home / "store"), *options]
    process = Process(home, command, port, variables)
    try:
        process.wait_until_it_answers()
        yield process
    finally:
        if process.popen.poll() is None:
            process.signal()
        try:
            process.popen.wait(20)
        except subprocess.TimeoutExpired:
            process.popen.kill()
            process.popen.wait()
            raise
