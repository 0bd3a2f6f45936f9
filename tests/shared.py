"""What is made once for all processes of a test run: whoever wants it first makes it, the others wait."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that all processes of this run read and none changes."""
    home = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        home = home.parent
    place, draft = home / name, home / f"{name}.draft"
    with (home / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            make(draft)
            draft.rename(place)
    return place


@pytest.fixture(scope="session")
def mlflow_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which mlflow has made its tables, which takes it seconds each time, to be copied."""
    from training.tracking.connection import connect

    def make(folder: Path) -> None:
        with connect(f"sqlite:///{folder}/mlflow.db", create=True) as client:
            client.search_experiments()

    return made_once(tmp_path_factory, "mlflow-template", make) / "mlflow.db"
