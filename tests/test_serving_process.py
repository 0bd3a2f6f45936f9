"""The service as a process of its own: how it starts, answers side by side, and ends."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from features.events import BadInput
from reviews.database import open_database
from reviews.keys import fits
from serving.server import serve
from serving.settings import Settings
from tests.processes import Process, serving

ACCOUNT = "Zanzibar-4711"
BODY = {"account": {"account_id": ACCOUNT}, "events": [{"kind": "purchase", "occurred_at": "2026-01-01"}]}


def test_from_a_first_key_to_the_last_answer(tmp_path: Path) -> None:
    with serving(tmp_path, "--log-level", "info") as process:
        said = process.out.read_text(encoding="utf-8")
        command = next(line for line in said.splitlines() if line.startswith("rapport keys create"))
        assert process.ask("/v1/signals")[0] == 401
        key = process.run(*shlex.split(command)[1:]).strip()
        status, answer = process.ask("/v1/predictions", BODY, key)
        assert (status, answer["recorded"]) == (200, True)
        with process.connect() as line:
            begin_request(line, key)
            process.signal()
            wait_until_closed(process)
            assert finish_request(line).startswith(b"HTTP/1.1 200 OK")
        assert process.popen.wait(10) == 0
    lines = process.log()
    assert [(line["path"], line["status"]) for line in lines if line["source"] == "serving.requests"][-2:] == [
        ("/v1/predictions", 200),
        ("/v1/predictions", 200),
    ]
    assert lines[-1]["message"].startswith("Finished server process")
    written = process.err.read_text(encoding="utf-8")
    assert ACCOUNT not in written
    assert key.rpartition("_")[2] not in written
    assert "used" in process.run("keys", "list")


@pytest.mark.slow
@pytest.mark.parametrize(("patience", "signals"), [("30", 2), ("0.3", 1)])
def test_it_ends_at_once_when_told_twice_and_in_time_when_told_once(
    tmp_path: Path, patience: str, signals: int
) -> None:
    with (
        serving(tmp_path, "--no-auth", RAPPORT_DRAIN_SECONDS=patience, RAPPORT_MODEL="rules") as process,
        process.connect() as line,
    ):
        begin_request(line)
        process.signal()
        wait_until_closed(process)
        began = time.monotonic()
        if signals > 1:
            process.signal()
        assert process.popen.wait(20) == 0
        assert time.monotonic() - began < 12


def test_several_processes_answer_and_count_together(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-auth", "--workers", "2", RAPPORT_MODEL="rules") as process:
        wait_for(process, "rapport_model_processes", 2)
        for _ in range(20):
            assert process.ask("/v1/predictions", BODY)[0] == 200
        assert samples(process)["rapport_decisions_total"] == 20
        with process.connect() as line:
            begin_request(line)
            process.signal()
            wait_until_closed(process)
            process.signal()
            assert process.popen.wait(20) == 0


@pytest.mark.slow
def test_one_of_several_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, "--no-auth", "--workers", "2", RAPPORT_MODEL="rules") as process:
        wait_for(process, "rapport_model_processes", 2)
        for _ in range(20):
            assert process.ask("/v1/predictions", BODY)[0] == 200
        workers = {line["process"] for line in process.log() if line["source"] == "serving.requests"}
        os.kill(workers.pop(), signal.SIGKILL)
        # It takes nothing back of what it counted, and no longer counts as one that answers.
        assert process.ask("/v1/predictions", BODY)[0] == 200
        wait_for(process, "rapport_model_processes", 1)
        assert samples(process)["rapport_decisions_total"] == 21
        wait_for(process, "rapport_model_processes", 2)
        # Without the one that watches over them, nobody would ever end them.
        process.signal(signal.SIGKILL)
        process.popen.wait(20)
        wait_until_closed(process)


def begin_request(line: socket.socket, key: str | None = None) -> None:
    """Send a request but for its last byte."""
    shown = f"authorization: Bearer {key}\r\n" if key else ""
    body = json.dumps(BODY).encode()
    head = f"POST /v1/predictions HTTP/1.1\r\nhost: rapport\r\n{shown}content-type: application/json\r\n"
    line.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body[:-1])
    time.sleep(0.2)


def finish_request(line: socket.socket) -> bytes:
    """Send the last byte of a request; the answer."""
    line.sendall(json.dumps(BODY).encode()[-1:])
    answer = b""
    while part := line.recv(65536):
        answer += part
    return answer


def wait_until_closed(process: Process) -> None:
    """Wait until a service that was told to stop takes no more connections."""
    for _ in range(400):
        try:
            process.connect().close()
        except ConnectionError:
            return
        time.sleep(0.05)
    pytest.fail("It goes on to take connections.")


def samples(process: Process) -> dict[str, float]:
    """The metrics, each summed over its labels."""
    found: dict[str, float] = {}
    for family in parse(process.ask("/metrics")[1]):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


def wait_for(process: Process, name: str, value: float) -> None:
    for _ in range(400):
        if samples(process).get(name) == value:
            return
        time.sleep(0.05)
    pytest.fail(f"{name} does not become {value}: {samples(process).get(name)}")


def test_an_address_that_cannot_be_had_is_bad_input(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"127.0.0.1:{port}: address already in use; choose another --port"):
            serve(Settings(port=port, store=tmp_path, **elsewhere(tmp_path)), said.append)
    for host in ("no-such-host.invalid", "." * 80, "a" * 80):
        with pytest.raises(BadInput, match="choose another --host"):
            serve(Settings(host=host, port=0, store=tmp_path, **elsewhere(tmp_path)), said.append)
    with pytest.raises(BadInput, match=r"none\.toml"):
        serve(Settings(port=0, store=tmp_path, rules=tmp_path / "none.toml", **elsewhere(tmp_path)), said.append)
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
        serve(Settings(port=0, store=tmp_path, **elsewhere(tmp_path)), announce)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104
def test_without_keys_it_listens_on_this_machine_alone(tmp_path: Path, host: str) -> None:
    with pytest.raises(BadInput, match="leave out --no-auth"):
        serve(Settings(host=host, port=0, auth=False, store=tmp_path, **elsewhere(tmp_path)))
    assert not (tmp_path / "rapport.db").exists()


def test_a_database_of_another_version_is_bad_input(tmp_path: Path) -> None:
    kept = elsewhere(tmp_path)
    with closing(sqlite3.connect(tmp_path / "rapport.db")) as strange:
        strange.execute("CREATE TABLE strange (id INTEGER)")
        strange.commit()
    with pytest.raises(BadInput, match="none of Rapport's"):
        serve(Settings(port=0, store=tmp_path, **kept))


def test_each_demonstration_has_one_key(tmp_path: Path) -> None:
    from rapport.demo import make_demo_key

    url = f"sqlite:///{tmp_path / 'rapport.db'}"
    texts = [make_demo_key(url, "review", "demo") for _ in range(2)]
    with open_database(url) as database:
        known = database.ledger.keys()
    assert [[fits(key, text) for text in texts] for key in known] == [[False, False], [False, True]]


def elsewhere(home: Path) -> dict[str, Any]:
    """Settings by which nothing is kept where the tests run."""
    return {"database": f"sqlite:///{home / 'rapport.db'}", "spool": home / "spool"}
