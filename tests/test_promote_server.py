"""Promote, refuse and roll back at a tracking server, as a team has it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.bundle import load_bundle
from models.history import read_history
from models.shelf import Shelf
from tests.contenders import FEW, dataset, enter, strong, weak
from tests.quick import few_draws
from training.tracking.connection import connect
from training.tracking.promote import Refused, promote
from training.tracking.registry import find, named
from training.tracking.rollback import rollback

NOW = {"at": "2026-03-01T00:00:00Z", "by": "ann"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(uri: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{uri}/health", timeout=5).close()  # noqa: S310 - a server of our own
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"mlflow's server did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, mlflow_template: Path) -> Iterator[str]:
    """A tracking server of mlflow's own, with a database and files of its own."""
    home = tmp_path_factory.mktemp("server")
    shutil.copy(mlflow_template, home)
    port = free_port()
    where = ["--backend-store-uri", f"sqlite:///{home}/mlflow.db", "--artifacts-destination", home / "files"]
    log = home / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "server", *where, "--port", str(port), "--workers", "1"],
            cwd=home,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
        try:
            strong(), weak()  # while it starts
            wait_for(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)


@few_draws()
def test_a_round_at_a_server(server: str, tmp_path: Path) -> None:
    """From a store where the models were trained to another, which knows of them by the server alone."""
    trained, shelf = Shelf(tmp_path / "trained"), Shelf(tmp_path / "store")
    weak_one, strong_one = (
        enter(model, trained, server, day).version for day, model in enumerate((weak(), strong()), 1)
    )
    assert promote(weak_one, shelf, server, **NOW).before is None
    assert shelf.champion() == champion(server) == weak_one

    moved = promote("challenger", shelf, server, **NOW)
    assert moved.comparison is not None
    assert moved.comparison.better
    assert moved.comparison.n_out_of_fold == 2 * FEW
    assert moved.comparison.n_by_scorecard == len(dataset()) - 2 * FEW
    assert shelf.champion() == champion(server) == strong_one
    assert load_bundle(shelf.store / strong_one).version == strong_one
    with connect(server) as client:
        model = find(client, strong_one)
    assert model is not None
    assert (model.tags["promoted_by"], model.tags["promoted_at"]) == ("ann", NOW["at"])

    with pytest.raises(Refused, match="not surely better"):
        promote(weak_one, shelf, server, **NOW)
    assert rollback(shelf, server, reason="wrong", **NOW).notes == ()
    assert shelf.champion() == champion(server) == weak_one
    assert [change.what for change in read_history(shelf.store)] == ["promoted", "promoted", "rolled back"]


def champion(uri: str) -> str:
    with connect(uri) as client:
        found = named(client, "champion")
    assert found is not None
    return found.version
