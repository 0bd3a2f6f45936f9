"""The commands on models as a user meets them: models, promote, rollback, on a store's own database."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models.bundle import SCORECARD
from models.shelf import Shelf
from rapport.cli import app
from rapport.tracking import store_tracking
from tests.contenders import enter, strong, twin, weak
from tests.quick import few_draws


def run(*arguments: object, code: int = 0) -> str:
    empty = {"COLUMNS": "250", "MLFLOW_TRACKING_URI": "", "RAPPORT_TRACKING": "", "LOGNAME": "ann"}
    result = CliRunner(env=empty).invoke(app, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    return " ".join((result.stdout if code == 0 else result.stderr).split())


@pytest.fixture(scope="module", autouse=True)
def quickly() -> Iterator[None]:
    """Let figures come with intervals from few resamples; whether a model is better is told by as many as ever."""
    with few_draws():
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, mlflow_template: Path) -> Path:
    """A store of a weak champion and a strong challenger."""
    store = tmp_path_factory.mktemp("store")
    shutil.copy(mlflow_template, store)
    uri = store_tracking(store, None)
    enter(weak(), Shelf(store), uri, day=1)
    enter(strong(), Shelf(store), uri, day=2)
    return store


def test_the_whole_round(trained: Path, tmp_path: Path) -> None:
    store = ("--store", trained)
    run("models", *store, "--json", tmp_path / "models.json")
    found = json.loads((tmp_path / "models.json").read_text())
    assert found["champion"] == weak().version
    newest, oldest = found["models"]
    assert (newest["version"], newest["roles"]) == (strong().version, ["challenger"])
    assert (oldest["version"], oldest["roles"]) == (weak().version, ["champion"])
    assert newest["places"] == ["store", "mlflow"]
    assert newest["n_labels"] == strong().facts.labels.of_class("client") + strong().facts.labels.of_class("customer")
    assert newest["auroc"] == strong().facts.metrics["model"]["auroc"].value
    assert newest["auto_share"] == strong().facts.metrics["decisions"]["auto_share"].value
    assert newest["promoted_at"] is None

    said = run("promote", "challenger", *store)
    assert f"{strong().version} is the champion of {trained}, after {weak().version}." in said
    assert "Log loss changes by -" in said

    refusal = run("promote", weak().version, *store, code=2)
    assert "not surely better" in refusal
    assert "--force needs --reason" in run("promote", weak().version, *store, "--force", code=2)

    table = run("models", *store)
    assert "champion, challenger" in table
    assert " by ann" in table

    assert f"{weak().version} is the champion" in run("rollback", *store, "--reason", "Reviewers disagree")
    assert "nothing to roll back to" in run("rollback", *store, code=2)

    said = run("promote", strong().version, *store, "--force", "--reason", "Again")
    assert strong().version in said
    assert "mlflow was not told" in run("rollback", *store, "--no-tracking")
    assert f"mlflow's alias champion is at {strong().version}" in run("models", *store)


def test_a_store_that_holds_nothing(tmp_path: Path) -> None:
    store = ("--store", tmp_path / "none")
    assert "There is no model yet" in run("models", *store)
    assert "train a model" in run("promote", "challenger", *store, code=2)
    assert "nothing to roll back to" in run("rollback", *store, code=2)
    assert list(tmp_path.iterdir()) == []


def test_models_says_what_is_wrong(trained: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(trained, tmp_path / "store"))
    path = store / weak().version / SCORECARD
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    shutil.rmtree(store / strong().version)
    said = run("models", "--store", store, "--json", tmp_path / "models.json")
    assert f"{weak().version} cannot answer" in said
    kept = {model["version"]: model for model in json.loads((tmp_path / "models.json").read_text())["models"]}
    assert kept[strong().version]["places"] == ["mlflow"]
    assert kept[strong().version]["log_loss"] == strong().facts.metrics["model"]["log_loss"].value
    down = run("models", "--store", store, "--tracking", "http://127.0.0.1:9")
    assert "Only the store is listed" in down


def test_a_model_that_mlflow_does_not_know(trained: Path) -> None:
    stranger = twin(strong(), seed=5).version
    assert "the same data and seed give the same model" in run("promote", stranger, "--store", trained, code=2)


@pytest.mark.parametrize("command", ["models", "promote", "rollback"])
def test_help_teaches(command: str) -> None:
    said = run(command, "--help")
    assert "Examples" in said
    assert f"rapport {command}" in said
    assert "RAPPORT_TRACKING" in said


def test_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database at all, and long enough to be read as one" * 100)
    said = run("promote", "challenger", "--store", tmp_path, code=2)
    assert "mlflow.db cannot be used: (sqlite3.DatabaseError) file is not a database" in said
