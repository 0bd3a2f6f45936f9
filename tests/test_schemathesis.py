"""Schemathesis asks the running service for everything that its description allows, and much that it forbids."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reviews.keys import Role
from tests.processes import Process, serving
from tests.service import make_key

SCHEMATHESIS = str(Path(sys.executable).with_name("schemathesis"))
ROOT = Path(__file__).resolve().parent.parent
CONFIGURATION = 'seed = 1\n[auth.openapi.key]\nbearer = "${RAPPORT_KEY}"\n'
OPERATIONS = 24


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """A service that asks for keys, with small limits, so that they are reached."""
    home = tmp_path_factory.mktemp("asked")
    limits = {"RAPPORT_MAX_EVENTS": "20", "RAPPORT_MAX_BATCH": "10", "RAPPORT_LOG_LEVEL": "warning"}
    # An overloaded machine is no fault of the service's: it may wait for its disk.
    patience = {"RAPPORT_RECORD_SECONDS": "60", "RAPPORT_DATABASE_SECONDS": "60"}
    with serving(home, RAPPORT_MODEL="rules", **patience, **limits) as process:
        yield process
    written = process.err.read_text(encoding="utf-8")
    assert "error" not in {json.loads(line)["level"] for line in written.splitlines()}, written


def key_of(process: Process, role: Role) -> str:
    return make_key(process.environment["RAPPORT_DATABASE"], role)


def explore(process: Process, folder: Path, key: str | None, *options: str) -> dict[str, Any]:
    """Run schemathesis with all its checks; what it found out."""
    configuration, report = folder / "schemathesis.toml", folder / "report.json"
    configuration.write_text(CONFIGURATION if key else "seed = 1\n", encoding="utf-8")
    command = [
        *(SCHEMATHESIS, "--config-file", str(configuration), "run", f"{process.address}/openapi.json"),
        *("--checks", "all", "--report", "json", "--report-json-path", str(report), "--no-color"),
        *("--generation-deterministic", "--continue-on-failure", *options),
    ]
    variables = {"RAPPORT_KEY": key or "", "SCHEMATHESIS_HOOKS": "tests.schemathesis_rules", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=os.environ | variables, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def check(found: dict[str, Any], least: int) -> None:
    """What was found out is that all is well, and it was tried hard enough to say so."""
    assert found["complete"]
    assert (found["exit_code"], found["failures"], found["errors"]) == (0, [], [])
    assert found["operations"]["tested"] == OPERATIONS
    assert found["test_cases"]["generated"] >= least


def test_it_answers_as_described(service: Process, tmp_path: Path) -> None:
    found = explore(service, tmp_path, key_of(service, "admin"), "--phases", "examples,fuzzing", "-n", "3")
    check(found, 50)
    predicted = found["valid_rates"]["POST /v1/predictions"]
    assert sum(phase["accepted"] for phase in predicted.values()) > 1


@pytest.mark.slow
@pytest.mark.parametrize("role", ["admin", "predict", "review", None])
def test_it_answers_whoever_asks_as_described(service: Process, tmp_path: Path, role: Role | None) -> None:
    key = None if role is None else key_of(service, role)
    # Who may do little is refused alike, whatever is asked.
    examples, least = (100, 2_500) if role == "admin" else (20, 1_500)
    check(explore(service, tmp_path, key, "-n", str(examples)), least)


@pytest.mark.slow
def test_it_answers_without_keys_as_described(tmp_path: Path) -> None:
    limits = {"RAPPORT_MAX_EVENTS": "20", "RAPPORT_MAX_BATCH": "10", "RAPPORT_MODEL": "rules"}
    with serving(tmp_path, "--no-auth", RAPPORT_RECORD_SECONDS="60", **limits) as process:
        check(explore(process, tmp_path, None, "-n", "20"), 1_500)
