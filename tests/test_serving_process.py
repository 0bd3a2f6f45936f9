"""The service as a process of its own, called as docs/quickstart-crm.md says."""

from __future__ import annotations

import json
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from features.events import BadInput
from serving.server import serve
from serving.settings import Settings
from tests.service import crown_model

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "quickstart-crm.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, flags=re.DOTALL)
START, ASK = (block for language, block in BLOCKS if language == "sh")
(SCRIPT,) = (block for language, block in BLOCKS if language == "python")
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    crown_model(tmp_path)
    return tmp_path


@contextmanager
def serving(store: Path, *options: str) -> Iterator[str]:
    """Start the service as the page says, on a free port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    program, *arguments = shlex.split(START)
    command = [str(Path(sys.executable).with_name(program)), *arguments, "--port", str(port), "--store", str(store)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(address, process)
            yield address
        finally:
            process.terminate()
            process.communicate(timeout=20)


def wait_for(address: str, process: subprocess.Popen[str]) -> None:
    for _ in range(600):
        assert process.poll() is None, process.communicate()[0]
        try:
            with urllib.request.urlopen(f"{address}/healthz", timeout=1):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail("The service does not start.")


def test_the_quickstart_runs(store: Path, require: Callable[[str, str], None]) -> None:
    require("curl", "install curl to run what docs/quickstart-crm.md shows")
    with serving(store) as address:
        asked = subprocess.run(
            shlex.split(ASK.replace(ADDRESS, address)), check=True, capture_output=True, text=True
        ).stdout
        ran = subprocess.run(
            [sys.executable, "-c", SCRIPT.replace(ADDRESS, address)], check=True, capture_output=True, text=True
        ).stdout
    answer = json.loads(asked)
    assert (answer["account_id"], answer["decided_by"]) == ("acme", "model")
    assert ADDRESS in ASK
    assert ADDRESS in SCRIPT
    first, *_, last = ran.splitlines()
    assert first.startswith("corner-shop ")
    assert last.startswith("An event does not fit.")
    assert "/events/0/occurred_at: expected a time" in last


def test_several_processes_answer(store: Path) -> None:
    with serving(store, "--workers", "2") as address:
        for _ in range(10):
            with urllib.request.urlopen(f"{address}/readyz", timeout=5) as response:  # noqa: S310
                assert json.load(response)["status"] == "ok"


def test_an_address_that_cannot_be_had_is_bad_input(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"127.0.0.1:{port}: address already in use; choose another --port"):
            serve(Settings(port=port, store=tmp_path), said.append)
    for host in ("no-such-host.invalid", "." * 80, "a" * 80):
        with pytest.raises(BadInput, match="choose another --host"):
            serve(Settings(host=host, port=0, store=tmp_path), said.append)
    with pytest.raises(BadInput, match=r"none\.toml"):
        serve(Settings(port=0, store=tmp_path, rules=tmp_path / "none.toml"), said.append)
    assert said == []


def test_the_address_is_announced_once_it_listens(tmp_path: Path) -> None:
    class Announced(Exception):
        """Ends the service before it runs."""

    def announce(address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        assert int(port) > 0
        with socket.create_connection((host, int(port)), timeout=5):
            raise Announced

    with pytest.raises(Announced):
        serve(Settings(port=0, store=tmp_path), announce)
