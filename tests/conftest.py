"""What every test may ask for: real records, optional tools, and how hard hypothesis searches."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.databases import database, database_url, postgres, sqlite_template, sqlite_url
from tests.load import launcher, start_service, told
from tests.shared import mlflow_template

__all__ = [
    "database",
    "database_url",
    "launcher",
    "mlflow_template",
    "postgres",
    "sqlite_template",
    "sqlite_url",
    "start_service",
    "told",
]

ROOT = Path(__file__).resolve().parent.parent
REQUIRE_ALL = os.environ.get("RAPPORT_REQUIRE_ALL") == "1"

# scikit-learn's checks of array-API input run only where SciPy was told so before it is imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

# Tests run on every core already: with as many threads in each, most of the time goes by waiting for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No deadline: a slow machine is not a broken property. CI repeats its examples, developers try new ones.
settings.register_profile("rapport", deadline=None, max_examples=30, derandomize=REQUIRE_ALL)
settings.register_profile("prove", deadline=None, max_examples=1000)
settings.load_profile("rapport")

LONGEST = (
    *(
        "spark",
        "promote",
        "training",
        "serving_process",
        "desk_browser",
        "estimator",
        "cli",
        "leaks",
        "simulate",
        "real_records",
    ),
    *(
        "promote_server",
        "audit",
        "schemathesis",
        "learning_curve",
        "report",
        "track",
        "unfinished",
        "since",
        "desk_pages",
        "desk",
    ),
)
"""Modules that take the longest, which begin first: else one process would still be at the last of them, alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest modules first; otherwise they keep their order."""
    turn = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: turn.get(item.path.name, len(turn)))


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """`real_data(name)` is the folder of one set of real records; without it the test is skipped, even in CI.

    The records may not travel with the code, so a clone alone can never have them.
    """
    home = Path(os.environ.get("RAPPORT_DATA") or ROOT.parent / "shared" / "data")

    def folder(name: str) -> Path:
        found = home / name
        if not found.is_dir():
            pytest.skip(f"The real records '{name}' are not here: RAPPORT_DATA names the folder that holds them.")
        return found

    return folder


@pytest.fixture(scope="session")
def require() -> Callable[[str, str], None]:
    """`require(what, install_hint)` skips a test where a Python package or a program is missing.

    Under RAPPORT_REQUIRE_ALL=1, as in CI, it fails the test instead: there everything has to be tested.
    """

    def check(what: str, install_hint: str) -> None:
        if importlib.util.find_spec(what) or shutil.which(what):
            return
        message = f"'{what}' is not installed: {install_hint}"
        if REQUIRE_ALL:
            pytest.fail(message)
        pytest.skip(message)

    return check
