"""What mlflow is told of a training, and that its tools can run the model that it keeps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.signals import SIGNAL_NAMES
from models.bundle import load_bundle
from models.shelf import Shelf
from rapport.tracking import store_tracking
from tests.contenders import FEW, dataset, enter, strong, twin, weak
from training.tracking.connection import Unreachable, connect, is_new, shown
from training.tracking.held_out import HELD_OUT, HeldOut
from training.tracking.log_model import _stage
from training.tracking.registry import BUNDLE, NAME, Registered, champion_held_out, find, list_registered, named


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("track")


@pytest.fixture(scope="module")
def uri(place: Path, mlflow_template: Path) -> str:
    (place / "store").mkdir()
    shutil.copy(mlflow_template, place / "store")
    return store_tracking(place / "store", None)


@pytest.fixture(scope="module")
def entered(place: Path, uri: str) -> tuple[Registered, Registered]:
    """The weak model, then the strong one, trained in a folder of the user's own."""
    shelf, desk = Shelf(place / "store"), place / "desk"
    desk.mkdir()
    before = Path.cwd()
    os.chdir(desk)
    try:
        first = enter(weak(), shelf, uri, day=1)
        second = enter(strong(), shelf, uri, day=2, **{"report.html": b"<p>", "plots/roc.svg": b"<svg/>"})
    finally:
        os.chdir(before)
    return first, second


@pytest.fixture(scope="module")
def model(uri: str, entered: tuple[Registered, Registered], place: Path) -> Path:
    """The folder of the logged model."""
    with connect(uri):
        import mlflow

        return Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}@challenger", dst_path=str(place / "model")))


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_first_is_champion_and_the_newest_is_challenger(uri: str, entered: tuple[Registered, Registered]) -> None:
    first, second = entered
    assert first.fresh
    assert first.aliases == ("challenger", "champion")
    assert second.aliases == ("challenger",)
    with connect(uri) as client:
        assert [named(client, alias).version for alias in ("champion", "challenger")] == [first.version, second.version]
        assert find(client, "nobody' or name = 'x") is None


def test_a_run_holds_settings_figures_and_data(uri: str, entered: tuple[Registered, Registered]) -> None:
    facts = strong().facts
    with connect(uri) as client:
        run = client.get_run(entered[1].run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["seed"] == "0"
    assert run.data.params["accounts"] == str(len(dataset()))
    assert run.data.params["library_numpy"] == np.__version__
    assert run.data.tags["data_digest"] == facts.data_digest
    assert run.inputs.dataset_inputs[0].dataset.digest == facts.data_digest[:36]
    for side, figures in facts.metrics.items():
        for name, figure in figures.items():
            told = f"{side.replace(' ', '_')}.{name}"
            assert run.data.metrics.get(told) == figure.value
            assert run.data.metrics.get(f"{told}_low") == figure.low
            assert run.data.metrics.get(f"{told}_high") == figure.high


def test_a_run_keeps_bundle_report_and_accounts(
    uri: str, entered: tuple[Registered, Registered], tmp_path: Path
) -> None:
    with connect(uri) as client:
        folder = Path(client.download_artifacts(entered[1].run_id, "", str(tmp_path)))
    assert load_bundle(folder / BUNDLE).version == strong().version
    assert (folder / "report.html").read_bytes() == b"<p>"
    assert (folder / "plots" / "roc.svg").read_bytes() == b"<svg/>"
    assert json.loads((folder / "summary.json").read_text())["version"] == strong().version
    assert HeldOut.read(folder / HELD_OUT).version == strong().version


def test_what_the_champion_learned_from_can_be_fetched(uri: str, entered: tuple[Registered, Registered]) -> None:
    kept = champion_held_out(uri, entered[0].version)
    assert kept is not None
    assert len(kept) == 2 * FEW
    assert champion_held_out(uri, "nobody") is None


def test_nothing_lands_where_the_user_works(place: Path, entered: tuple[Registered, Registered]) -> None:
    assert files(place / "desk") == []
    assert {path.name for path in (place / "store").iterdir()} >= {"mlflow.db", "mlruns", strong().version}
    assert set(Shelf(place / "store").versions()) == {weak().version, strong().version}


def test_the_same_model_is_registered_once(uri: str, entered: tuple[Registered, Registered], place: Path) -> None:
    again = enter(strong(), Shelf(place / "store"), uri, day=3)
    assert not again.fresh
    assert again.mlflow_version == entered[1].mlflow_version
    assert len(list_registered(uri)) == 2


def test_a_training_that_cannot_be_kept_is_marked_as_failed(uri: str, entered: object, place: Path) -> None:
    broken = twin(strong(), seed=77)
    broken.summary["figure"] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        enter(broken, Shelf(place / "spare"), uri)
    del broken.summary["figure"]
    with connect(uri) as client:
        runs = client.search_runs([client.get_experiment_by_name(NAME).experiment_id])
        assert [run.info.status for run in runs if run.info.run_name == broken.version] == ["FAILED"]
        assert find(client, broken.version) is None


def test_no_pickle_and_no_store_is_in_the_logged_model(model: Path) -> None:
    found = files(model)
    assert "artifacts/scorecard.npz" in found
    assert {Path(name).suffix for name in found} <= {".py", ".npz", ".json", ".yaml", ".txt", ""}
    assert not [name for name in found if "store/" in name or "starter/" in name or "__pycache__" in name]
    for name in found:
        content = (model / name).read_bytes()
        assert not content.startswith((b"\x80\x04", b"\x80\x05")), name


def test_a_store_within_a_package_is_not_copied(tmp_path: Path) -> None:
    package = tmp_path / "models"
    for name in ("__init__.py", "a.py", "inner/__init__.py", "inner/b.py", "acme/mlflow.db", "acme/code/models/c.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("")
    staged = _stage(SimpleNamespace(__file__=str(package / "__init__.py")), tmp_path / "staged")
    assert files(Path(staged)) == ["__init__.py", "a.py", "inner/__init__.py", "inner/b.py"]


def load(model: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # mlflow's own, about pandas and SQLAlchemy to come
        import mlflow

        return mlflow.pyfunc.load_model(str(model))


def told(loaded: Any, table: pd.DataFrame) -> np.ndarray:
    return loaded.predict(table)["probability_client"].to_numpy()


def test_the_logged_model_says_what_the_scorecard_says(model: Path) -> None:
    loaded = load(model)
    X = dataset().X
    expected = 1 / (1 + np.exp(-strong().scorecard.score(X)))
    table = pd.DataFrame(X, columns=list(SIGNAL_NAMES))
    np.testing.assert_allclose(told(loaded, table), expected, atol=1e-9, rtol=0)
    np.testing.assert_allclose(told(loaded, table[table.columns[::-1]]), expected, atol=1e-9, rtol=0)
    assert [column.name for column in loaded.metadata.get_input_schema()] == list(SIGNAL_NAMES)
    few = table[["events", "meetings_90d"]]
    alone = few.reindex(columns=list(SIGNAL_NAMES)).to_numpy()
    np.testing.assert_allclose(told(loaded, few), 1 / (1 + np.exp(-strong().scorecard.score(alone))), atol=1e-9, rtol=0)


def test_mlflow_runs_it_from_the_command_line(model: Path, tmp_path: Path) -> None:
    rows = [{"events": 5.0, "meetings_90d": 2.0}, {"events": 3.0, "meetings_90d": None}]
    (tmp_path / "rows.json").write_text(json.dumps({"dataframe_records": rows}))
    command = ["models", "predict", "-m", model, "--env-manager", "local", "-t", "json"]
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", *command, "-i", "rows.json", "-o", "answers.json"],
        cwd=tmp_path,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads((tmp_path / "answers.json").read_text())["predictions"]
    X = pd.DataFrame(rows, dtype=float).reindex(columns=list(SIGNAL_NAMES)).to_numpy()
    expected = 1 / (1 + np.exp(-strong().scorecard.score(X)))
    assert [row["probability_client"] for row in answers] == pytest.approx(expected.tolist(), abs=1e-9)
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".json"] == []


def test_the_process_is_left_as_it_was(uri: str, entered: object, capfd: pytest.CaptureFixture[str]) -> None:
    import mlflow
    from mlflow.telemetry import get_telemetry_client

    settings = ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI")
    before = {name: os.environ.get(name) for name in settings}, mlflow.is_tracking_uri_set()
    with connect(uri) as client:
        assert mlflow.get_tracking_uri() == uri
        client.search_runs([])
        assert get_telemetry_client() is None
    assert ({name: os.environ.get(name) for name in settings}, mlflow.is_tracking_uri_set()) == before
    assert capfd.readouterr() == ("", "")


def test_a_server_that_is_down_is_told_within_seconds() -> None:
    with (
        pytest.raises(Unreachable, match=r"does not answer at http://127\.0\.0\.1:9 .*--tracking"),
        connect("http://127.0.0.1:9"),
    ):
        pytest.fail("nobody is there")


def test_a_store_that_tracked_nothing_yet_is_not_touched(tmp_path: Path) -> None:
    uri = store_tracking(tmp_path / "none", None)
    assert is_new(uri)
    assert list_registered(uri) == []
    assert champion_held_out(uri, "anybody") is None
    with pytest.raises(Unreachable, match="There is no sqlite"), connect(uri):
        pytest.fail("nothing is there")
    assert list(tmp_path.iterdir()) == []


def test_a_password_is_not_shown() -> None:
    assert shown("https://ann:secret@mlflow.acme.com/x") == "https://***@mlflow.acme.com/x"


def test_a_place_that_is_named_is_taken_as_it_is(tmp_path: Path) -> None:
    assert store_tracking(tmp_path, "https://mlflow.acme.com") == "https://mlflow.acme.com"
    assert store_tracking(tmp_path, None) == f"sqlite:///{tmp_path.resolve()}/mlflow.db"
