"""deploy/: a unit that systemd understands and that is locked up, and an image of what is there."""

from __future__ import annotations

import http.server
import json
import os
import re
import shlex
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

import pytest

from serving.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
VARIABLES = {Settings.variable(name) for name in Settings.model_fields}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def unit() -> dict[str, list[str]]:
    """The lines of the unit's [Service], by key."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (DEPLOY / "rapport.service").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def seconds(text: str) -> float:
    assert text.isdigit()
    return float(text)


def instructions() -> Iterator[tuple[str, str]]:
    """Each instruction of the Containerfile with its text, lines joined."""
    text = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    joined = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    for line in filter(None, map(str.strip, joined.splitlines())):
        name, _, rest = line.partition(" ")
        yield name, " ".join(rest.split())


def of(name: str) -> list[str]:
    return [rest for found, rest in instructions() if found == name]


def test_systemd_understands_the_unit(tmp_path: Path, require: Callable[[str, str], None]) -> None:
    require("systemd-analyze", "install systemd to check deploy/rapport.service")
    text = (DEPLOY / "rapport.service").read_text(encoding="utf-8")
    path = tmp_path / "rapport.service"
    path.write_text(text.replace("/opt/rapport/bin/rapport", "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", path], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    # Exposure in tenths, from 0 to 100; a unit that says nothing has 96.
    locked = ["systemd-analyze", "security", "--offline=true", "--threshold=20", path]
    assert subprocess.run(locked, check=False, capture_output=True).returncode == 0


def test_the_unit_lets_the_service_finish_and_nothing_else() -> None:
    service = unit()
    assert service["ExecStart"] == ["/opt/rapport/bin/rapport serve"]
    drain = Settings.model_fields["drain_seconds"].default
    # What waits to be kept is given a moment after the last request, too.
    assert seconds(service["TimeoutStopSec"][0]) >= 2 * drain
    assert service["KillSignal"] == ["SIGTERM"]
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == (["yes"], ["strict"])
    assert service["User"] != ["root"]
    assert service["StateDirectory"] == ["rapport"]


def test_the_settings_are_settings_within_what_may_be_written() -> None:
    lines = (DEPLOY / "rapport.env").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert given
    assert given.keys() <= VARIABLES
    assert all("/var/lib/rapport/" in value for value in given.values())
    sourced = subprocess.run(
        ["sh", "-c", f"set -a; . {DEPLOY / 'rapport.env'}; env"], check=True, capture_output=True, text=True, env={}
    ).stdout
    assert {f"{name}={value}" for name, value in given.items()} <= set(sourced.splitlines())


def test_the_image_is_made_of_what_is_there() -> None:
    sources = [source for rest in of("COPY") if "--from" not in rest for source in rest.split()[:-1]]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert {source for source in sources if (ROOT / source).is_dir()} == set(PACKAGES)
    sent = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert sent[1] == "*"
    allowed = [line[1:] for line in sent if line.startswith("!")]
    assert set(allowed) == set(sources)
    assert any(fnmatch("models/store", line) for line in sent[len(allowed) :])


def test_the_image_installs_what_the_lock_pins_and_nothing_else() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    wanted = re.search(r"^INSTALL := .* install (.*)$", makefile, re.MULTILINE)
    assert wanted
    strict = {"--no-deps", "--require-hashes", "--only-binary"}
    assert strict <= set(wanted[1].split())
    locked, built = (rest for rest in of("RUN") if "pip install" in rest)
    assert strict <= set(locked.split())
    assert "requirements/run.lock" in locked
    assert {"--no-deps", "--no-build-isolation"} <= set(built.split())
    assert all(":latest" not in image and ":" in image for image in of("FROM"))


def test_the_image_runs_the_service_as_nobody_in_particular() -> None:
    commands = [json.loads(rest) for rest in of("CMD")]
    (command,) = commands
    assert command[0] in PROJECT["project"]["scripts"]
    assert command[1:] == ["serve"]
    (user,) = of("USER")
    assert int(user) > 0
    (volume,) = of("VOLUME")
    settings = dict(pair.split("=", 1) for rest in of("ENV") for pair in shlex.split(rest))
    ours = {name: value for name, value in settings.items() if name.startswith("RAPPORT_")}
    assert ours.keys() <= VARIABLES
    # Settings that do not fit would only show where it runs.
    assert Settings.read(**{name.removeprefix("RAPPORT_").lower(): value for name, value in ours.items()}).host
    for name in ("RAPPORT_DATABASE", "RAPPORT_SPOOL", "RAPPORT_STORE", "NUMBA_CACHE_DIR"):
        assert f"{volume}/" in settings[name]


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A server whose /healthz has this status; its port."""

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Health)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (500, False)])
def test_the_image_knows_whether_it_lives(status: int, healthy: bool) -> None:
    (check,) = of("HEALTHCHECK")
    program, *arguments = json.loads(check.partition(" CMD ")[2])
    assert program == "python"
    with answering(status) as port:
        environment = os.environ | {"RAPPORT_PORT": str(port)}
        done = subprocess.run([sys.executable, *arguments], env=environment, check=False, capture_output=True)
    assert (done.returncode == 0) is healthy
