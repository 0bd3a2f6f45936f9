"""The command line, as a user meets it: what it writes, what it prints, and how it refuses."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from features.signals import SIGNAL_NAMES
from models.rules import RuleBook
from rapport.cli import app
from tests.quick import little

COMMANDS = (
    *("sample", "import", "check", "signals", "train", "evaluate", "classify", "serve", "demo", "audit", "learn-curve"),
    *("models", "promote", "rollback"),
)
KEYS = (
    *("n_accounts", "n_client", "n_customer", "auroc", "average_precision", "log_loss", "brier", "ece", "rules_auroc"),
    *("rules_log_loss", "auto_share", "auto_error_client", "auto_error_customer", "version", "seconds"),
)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def run(*arguments: object) -> Ran:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def ran(*arguments: object) -> str:
    done = run(*arguments)
    assert done.code == 0, done
    return done.out


def refused(*arguments: object) -> str:
    done = run(*arguments)
    assert done.code == 2, done
    assert "Traceback" not in done.err
    return " ".join(done.err.split())


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "crm"
    ran("sample", folder, "--accounts", 400, "--seed", 5)
    return folder


@pytest.fixture(scope="module")
def trained(crm: Path, mlflow_template: Path) -> Path:
    store = crm.parent / "store"
    store.mkdir()
    shutil.copy(mlflow_template, store)
    with little():
        ran("train", crm, "--no-yardsticks", "--store", store, "--json", crm.parent / "train.json")
    return store


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_by_example(command: str) -> None:
    text = ran(command, "--help")
    assert f"rapport {command}" in text.split("Options")[0].split("Example")[1]


def test_the_truth_lies_beside_a_sample(crm: Path) -> None:
    truth = pd.read_parquet(crm / "truth.parquet")
    assert truth["p_client"].dropna().between(0, 1).all()
    assert set(pd.read_parquet(crm / "labels.parquet")["account_id"]) <= set(truth["account_id"])


def test_check_says_what_an_export_holds(crm: Path) -> None:
    text = ran("check", crm)
    assert "400" in text
    assert "purchase" in text
    assert "contact_id" in text


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_signals_are_a_row_an_account(crm: Path, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"signals.{suffix}"
    ran("signals", crm, "--out", out)
    table = pd.read_csv(out) if suffix == "csv" else pd.read_parquet(out)
    assert list(table.columns) == ["account_id", *SIGNAL_NAMES]
    assert len(table) == table["account_id"].nunique() == 400


def test_training_reports_itself_beside_the_rules(crm: Path, trained: Path) -> None:
    figures = json.loads((crm.parent / "train.json").read_text())
    assert set(KEYS) <= figures.keys()
    assert figures["auroc"] > figures["rules_auroc"] - 0.05
    assert (trained / "CHAMPION").read_text().strip() == figures["version"]


@pytest.mark.slow
def test_training_as_it_ships_beats_the_rules(crm: Path, tmp_path: Path) -> None:
    ran("train", crm, "--no-yardsticks", "--store", tmp_path / "store", "--json", tmp_path / "train.json")
    figures = json.loads((tmp_path / "train.json").read_text())
    assert figures["log_loss"] < figures["rules_log_loss"]


@pytest.mark.parametrize("model", [None, "starter", "rules"])
def test_evaluation_takes_any_model(crm: Path, trained: Path, tmp_path: Path, model: str | None) -> None:
    chosen = [] if model is None else ["--model", model]
    ran("evaluate", crm, "--store", trained, "--json", tmp_path / "figures.json", *chosen)
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert set(KEYS) <= figures.keys()
    assert figures["auroc"] > 0.8


def test_one_class_is_judged_but_not_learned_from(crm: Path, tmp_path: Path) -> None:
    export = tmp_path / "clients"
    export.mkdir()
    for name in ("events.parquet", "accounts.parquet", "export.json"):
        (export / name).symlink_to(crm / name)
    labels = pd.read_parquet(crm / "labels.parquet")
    clients = labels[labels["relationship"] == "client"]
    clients.to_parquet(export / "labels.parquet")
    ran("evaluate", export, "--model", "rules", "--json", tmp_path / "figures.json")
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["auroc"] is None
    assert figures["brier"] is not None
    message = refused("train", export, "--store", tmp_path / "store")
    assert f"{len(clients):,} clients and 0 customers" in message
    assert not (tmp_path / "store").exists()


def test_classify_answers_for_every_account(crm: Path, trained: Path, tmp_path: Path) -> None:
    text = ran("classify", crm, "--out", tmp_path / "d.csv", "--store", trained)
    table = pd.read_csv(tmp_path / "d.csv", keep_default_na=False)
    assert len(table) == 400
    assert set(table["relationship"]) <= {"client", "customer", "prospect"}
    assert table["confidence"].astype(float).between(0, 1).all()
    assert (table.loc[table["route"] == "review", "review_reasons"] != "").all()
    assert (table.loc[table["route"] == "auto", "review_reasons"] == "").all()
    assert "automatic" in text


def test_the_starter_answers_where_no_champion_is_named(crm: Path, tmp_path: Path) -> None:
    text = ran("classify", crm, "--out", tmp_path / "d.parquet", "--store", tmp_path / "none")
    assert "starter" in text
    assert pd.read_parquet(tmp_path / "d.parquet")["model_version"].str.startswith("starter").all()


def test_the_rules_answer_for_a_champion_that_is_gone(crm: Path, tmp_path: Path) -> None:
    (tmp_path / "CHAMPION").write_text("babab-babab\n")
    text = ran("classify", crm, "--out", tmp_path / "d.parquet", "--store", tmp_path)
    assert "The rules answer" in text
    assert set(pd.read_parquet(tmp_path / "d.parquet")["decided_by"]) == {"rules"}


def test_a_reviewers_label_is_a_verdict(crm: Path, tmp_path: Path) -> None:
    export = tmp_path / "reviewed"
    export.mkdir()
    for name in ("events.parquet", "accounts.parquet", "export.json"):
        (export / name).symlink_to(crm / name)
    account = pd.read_parquet(crm / "accounts.parquet")["account_id"].iloc[0]
    verdict = {"account_id": [account], "relationship": ["client"], "source": ["reviewer"]}
    pd.DataFrame(verdict).to_csv(export / "labels.csv", index=False)
    ran("classify", export, "--out", tmp_path / "d.parquet", "--model", "rules")
    row = pd.read_parquet(tmp_path / "d.parquet").set_index("account_id").loc[account]
    assert (row["relationship"], row["decided_by"], row["route"]) == ("client", "reviewer", "auto")


def test_rules_can_be_tried_before_they_are_used(crm: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    shipped = (Path(__file__).parents[1] / "models" / "rules.toml").read_text()
    file.write_text(shipped)
    assert RuleBook.default().digest in ran("rules", "check", file)
    assert "0 of 400 accounts would flip" in ran("rules", "try", file, crm)
    flipped = shipped.replace('vote = "client"', 'vote = "?"').replace('vote = "customer"', 'vote = "client"')
    file.write_text(flipped.replace('vote = "?"', 'vote = "customer"'))
    text = ran("rules", "try", file, crm)
    assert "Flipped" in text
    assert "→" in text


def test_refusals_are_one_clear_message(crm: Path, tmp_path: Path) -> None:
    assert "nowhere" in refused("check", tmp_path / "nowhere")
    assert ".parquet or .csv" in refused("signals", crm, "--out", tmp_path / "signals.xlsx")
    assert "not a time" in refused("signals", crm, "--out", tmp_path / "s.csv", "--as-of", "someday")
    assert "no-such" in refused("classify", crm, "--out", tmp_path / "d.csv", "--model", "no-such")
    assert "no-rules.toml" in refused("rules", "check", tmp_path / "no-rules.toml")
    assert "no-rules.toml" in refused("serve", "--rules", tmp_path / "no-rules.toml")
    assert "EXPORT" in refused("classify")
    assert "lies in the export" in refused("signals", crm, "--out", crm / "labels.parquet")
    assert "lies in the export" in refused("evaluate", crm, "--json", crm / "events.parquet")
    assert "there is no folder" in refused(
        "train", crm, "--store", tmp_path / "s", "--json", tmp_path / "no" / "figures.json"
    )
    assert not list(tmp_path.iterdir())


def test_a_bad_row_is_named(tmp_path: Path) -> None:
    lines = ["account_id,occurred_at,kind,amount", "acme,2026-01-05,purchase,10", "acme,2026-01-06,purchase,-3"]
    (tmp_path / "events.csv").write_text("\n".join(lines))
    message = refused("check", tmp_path)
    assert "events.csv, row 2, column amount: found '-3" in message
    assert "expected a number, at least 0" in message


def test_the_program_itself_exits_with_2(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rapport.cli", "check", str(tmp_path / "none")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("rapport:")
    assert "Traceback" not in done.stderr


def test_a_store_that_is_a_file_is_refused_before_training(crm: Path, tmp_path: Path) -> None:
    place = tmp_path / "afile"
    place.write_text("kept")
    assert "is a file; name another with --store" in refused("train", crm, "--store", place / "store")
    assert place.read_text() == "kept"


def test_an_audit_never_replaces_the_labels_of_an_export(crm: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    ran("sample", other, "--accounts", 50)
    before = {path.name: path.read_bytes() for path in other.iterdir()}
    assert "is an export, whose labels.csv the audit's would replace" in refused("audit", crm, "--out", other)
    assert {path.name: path.read_bytes() for path in other.iterdir()} == before
