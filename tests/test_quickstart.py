"""docs/quickstart-crm.md, typed word for word by a newcomer, and its CRM on a bad day."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from serving.settings import Settings
from tests.processes import Process, serving
from tests.service import make_key

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "quickstart-crm.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"<!-- (?P<what>[^>]+?) -->\n```\w*\n(?P<text>.*?)```", re.DOTALL)
ADDRESS = "http://127.0.0.1:8000"


class Newcomer:
    """Follows the page in an empty folder."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home = home
        self.printed = ""
        self._stack = stack
        self._service: Process | None = None

    @property
    def service(self) -> Process:
        assert self._service is not None
        return self._service

    def serve(self, text: str) -> None:
        assert text == "rapport serve\n"
        # A machine that is busy with other tests is no outage.
        patience = {"RAPPORT_RECORD_SECONDS": "60", "RAPPORT_DATABASE_SECONDS": "60"}
        self._service = self._stack.enter_context(serving(self.home, **patience))

    def run(self, text: str) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        if self._service is not None:
            text = text.replace(ADDRESS, self._service.address)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text],
            cwd=self.home,
            env=os.environ | {"PATH": path},
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        self.printed = done.stdout
        return done.stdout

    def write(self, name: str, text: str) -> None:
        (self.home / name).write_text(text.replace(ADDRESS, self.service.address), encoding="utf-8")

    def follow(self) -> list[str]:
        """Do what the page says, block by block; what each that runs once has printed."""
        printed = []
        for block in BLOCK.finditer(PAGE):
            what, text = block["what"], block["text"]
            if what == "serve":
                self.serve(text)
            elif what == "run":
                printed.append(self.run(text))
            elif what == "run twice":
                first, again = self.run(text), self.run(text)
                assert "idempotent-replayed" not in first
                assert "idempotent-replayed: true\n" in again.replace("\r", "")
                assert first.splitlines()[-1] == again.splitlines()[-1]
            elif what.startswith("file: "):
                self.write(what.removeprefix("file: "), text)
            else:
                assert what == "output"
                assert self.printed == text
        return printed


@pytest.fixture
def newcomer(tmp_path: Path, require: Callable[[str, str], None]) -> Iterator[Newcomer]:
    require("curl", "install curl to run what docs/quickstart-crm.md shows")
    with ExitStack() as stack:
        yield Newcomer(tmp_path, stack)


@contextmanager
def busy(address: str, refusals: int) -> Iterator[str]:
    """A service that has too much in hand for the first few requests; its address."""
    left = iter(range(refusals))

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if next(left, None) is not None:
                self.answer(503, b'{"title": "Busy.", "detail": "Later."}', {"Retry-After": "0"})
                return
            content = self.rfile.read(int(self.headers.get("content-length", 0))) or None
            headers = {name: self.headers[name] for name in ("authorization", "content-type") if name in self.headers}
            request = urllib.request.Request(address + self.path, content, headers)  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
                    self.answer(answer.status, answer.read(), {})
            except urllib.error.HTTPError as error:
                with error:
                    self.answer(error.code, error.read(), {})

        def do_POST(self) -> None:
            self.do_GET()

        def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_its_limits_are_those_of_the_service() -> None:
    settings = {name: field.default for name, field in Settings.model_fields.items()}
    assert f"Up to {settings['max_batch']:,} accounts a request" in PAGE
    mebi = 2**20
    assert (
        f"At most {settings['max_events']:,} events and {settings['max_body_bytes'] // mebi} MiB an account, "
        f"{settings['max_batch_bytes'] // mebi} MiB a batch" in PAGE.replace("\n", " ")
    )


def test_the_page_does_what_it_says(newcomer: Newcomer) -> None:
    key, one, many, _ = newcomer.follow()
    assert key == ""
    answer = json.loads(one)
    assert (answer["account_id"], answer["decided_by"], answer["recorded"]) == ("acme", "model", True)
    shop, typo = json.loads(many)["results"]
    assert shop["account_id"] == "corner-shop"
    assert typo["error"]["errors"][0]["pointer"] == "/events/0/occurred_at"
    assert PAGE.count("```sh") == len(BLOCK.findall(PAGE)) - 2

    table = newcomer.run("cat crm.json")
    assert newcomer.run("python3 crm.py").count("\n") == len(json.loads(table)["accounts"])
    # An account that was erased leaves the table of whoever follows the changes.
    admin = make_key(f"sqlite:///{newcomer.home / 'rapport.db'}", "admin")
    newcomer.run(
        f"sleep 1.5; curl -sf -X DELETE '{ADDRESS}/v1/accounts/acme?reason=asked' -H 'authorization: Bearer {admin}'"
    )
    assert "acme" not in newcomer.run("python3 crm.py")
    # A cursor from before a restore: it begins anew, and forgets what it is not told of.
    state = json.loads(newcomer.run("cat crm.json"))
    state |= {
        "cursor": "AAAA",
        "accounts": state["accounts"] | {"ghost": dict.fromkeys(state["accounts"]["book-worm"])},
    }
    newcomer.write("crm.json", json.dumps(state))
    assert "ghost" not in newcomer.run("python3 crm.py")
    # An account's id may hold any character, through a real server too.
    odd = '{"account": {"account_id": "a/b c"}, "signals": {}}'
    headers = "-H \"authorization: Bearer $(cat crm.key)\" -H 'content-type: application/json'"
    newcomer.run(f"curl -sf {ADDRESS}/v1/predictions {headers} -d '{odd}'")
    listed = json.loads(newcomer.run(f"curl -sf {ADDRESS}/v1/accounts/a%2Fb%20c/predictions {headers}"))
    assert [each["account_id"] for each in listed["predictions"]] == ["a/b c"]
    # A service that is busy is asked again.
    with busy(newcomer.service.address, 3) as address:
        script = (newcomer.home / "crm.py").read_text(encoding="utf-8")
        newcomer.write("busy.py", script.replace(newcomer.service.address, address))
        assert "north-wind" in newcomer.run("python3 busy.py")
    # What does not fit is told place by place.
    newcomer.write("wrong.py", script.replace("/v1/predictions/batch", "/v1/predictions/batch?reasons=some"))
    with pytest.raises(AssertionError, match="reasons: expected all, or a whole number from 0 to 999"):
        newcomer.run("python3 wrong.py")
