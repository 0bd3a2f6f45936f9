"""`rapport audit`: labels that the rest of the data contradicts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features.arrow import log_of_frames, to_micros
from models.rules import RuleBook
from rapport.cli import app
from tests.quick import little, one_bag
from training.auditing.audit import DOUBTED_BELOW, LabelAudit, audit_labels
from training.auditing.audit_tables import table_labels
from training.auditing.auditor import explain_unseen
from training.judging.folds import split
from training.labelled.dataset import Dataset, build_dataset
from training.labelled.labels import Resolved, resolve_labels
from training.simulator.simulate import World, simulate, write_export

RULES = RuleBook.default()
FLIPPED = 0.05

Bools = np.typing.NDArray[np.bool_]


def flip(world: World, seed: int) -> tuple[World, set[str]]:
    """Turn one label in twenty round; return whose."""
    labels = world.labels.copy()
    buyers = np.flatnonzero(labels["relationship"] != "prospect")
    hit = np.random.default_rng(seed).choice(buyers, round(FLIPPED * len(buyers)), replace=False)
    labels.loc[hit, "relationship"] = labels.loc[hit, "relationship"].map({"client": "customer", "customer": "client"})
    return replace(world, labels=labels), set(labels.loc[hit, "account_id"])


def read(world: World) -> tuple[Dataset, Resolved]:
    log = log_of_frames(world.events, world.accounts, world.records)
    as_of = to_micros(world.as_of)
    return build_dataset([log], world.labels, as_of, world.records), resolve_labels(world.labels, as_of)


def audited(world: World, seed: int = 0) -> tuple[Dataset, LabelAudit]:
    dataset, resolved = read(world)
    return dataset, audit_labels(dataset, resolved, RULES, seed)


def share_found(found: tuple[Dataset, LabelAudit], wrong: set[str]) -> float:
    """The share of turned labels that are among the first 5 % of the list."""
    dataset, audit = found
    first = dataset.account_ids[audit.order[: int(np.ceil(FLIPPED * len(dataset)))]]
    return len(wrong & set(first)) / len(wrong & set(dataset.account_ids))


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(1500, seed=11)


@pytest.fixture(scope="module")
def found(world: World) -> tuple[Dataset, LabelAudit]:
    with one_bag():
        return audited(flip(world, 11)[0])


def test_turned_labels_come_first(world: World, found: tuple[Dataset, LabelAudit]) -> None:
    assert share_found(found, flip(world, 11)[1]) >= 0.6


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_turned_labels_come_first_in_every_world(seed: int) -> None:
    turned, wrong = flip(simulate(3000, seed=100 + seed), seed)
    assert share_found(audited(turned, seed), wrong) >= 0.6


def test_suspects_are_those_whose_other_label_is_likelier(found: tuple[Dataset, LabelAudit]) -> None:
    dataset, audit = found
    confidence = [one.confidence for one in audit.suspects]
    assert confidence == sorted(confidence)
    assert len(confidence) == (audit.confidence < DOUBTED_BELOW).sum() < len(dataset) / 2
    assert all(one.suggested != one.given.relationship for one in audit.suspects)


def test_reasons_speak_against_the_label(found: tuple[Dataset, LabelAudit]) -> None:
    _, audit = found
    assert all(one.reasons for one in audit.suspects)
    for one in audit.suspects:
        weights = [reason.log_odds for reason in one.reasons]
        assert all((weight > 0) == (one.suggested == "client") for weight in weights)
        assert all(f"speaks for {one.suggested}" in reason.text for reason in one.reasons)
        assert np.abs(weights).tolist() == sorted(np.abs(weights), reverse=True)


def test_a_suspect_says_who_labelled_it_and_when(world: World, found: tuple[Dataset, LabelAudit]) -> None:
    labels = flip(world, 11)[0].labels.set_index("account_id")
    for one in found[1].suspects[:20]:
        row = labels.loc[one.account_id]
        assert (one.given.relationship, one.given.source) == (row["relationship"], row["source"])
        assert one.given.labelled_at == to_micros(row["labelled_at"])


@pytest.mark.slow
def test_the_estimate_of_wrong_labels_grows_by_about_as_many_as_are_turned(
    world: World, found: tuple[Dataset, LabelAudit]
) -> None:
    n_turned = FLIPPED * len(found[0])
    with one_bag():
        honest, turned = (audited(each)[1].n_wrong for each in (world, flip(world, 11)[0]))
    assert 0.5 * n_turned < turned - honest < 1.5 * n_turned


def test_labels_drawn_at_random_are_not_believed(world: World) -> None:
    """A model that had seen the accounts would believe any labels."""
    dataset, _ = read(world)
    y = np.random.default_rng(0).permutation(dataset.y)
    with one_bag():
        probability = explain_unseen(dataset.X, y, split(replace(dataset, y=y), 0), 0).probability
    assert abs(probability[y].mean() - probability[~y].mean()) < 0.02


def test_contradictions_are_listed_whether_or_not_they_are_doubted() -> None:
    world = simulate(300, seed=4)
    twice = world.labels.iloc[:3].assign(
        relationship=["customer", "client", "prospect"], source="reviewer", labeller="ann"
    )
    mixed = replace(world, labels=pd.concat([world.labels, twice], ignore_index=True))
    with little():
        _, audit = audited(mixed)
    table = table_labels(audit).to_pandas().set_index("account_id")
    divided = table[table["contradicted_by"].notna()]
    assert len(audit.contradictions) >= 1
    assert sorted(divided.index) == sorted(one.account_id for one in audit.contradictions)
    assert set(divided["labeller"]) == {"ann"}
    assert divided["contradicted_by"].str.contains("by crm").all()


# --- the command


def run(*arguments: object) -> tuple[int, str, str]:
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(each) for each in arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join(done.stdout.split()), " ".join(done.stderr.split())


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit") / "crm"
    write_export(flip(simulate(300, seed=8), 8)[0], folder)
    return folder


@pytest.fixture(scope="module")
def out(export: Path) -> tuple[Path, str]:
    folder = export.parent / "new" / "audit"
    with little():
        code, text, _ = run("audit", export, "--out", folder, "--json", export.parent / "audit.json")
    assert code == 0
    return folder, text


def test_the_command_writes_both_lists(out: tuple[Path, str]) -> None:
    labels, leaks = (pd.read_csv(out[0] / name) for name in ("labels.csv", "leaks.csv"))
    assert labels["rank"].tolist() == list(range(1, len(labels) + 1))
    assert labels["self_confidence"].is_monotonic_increasing
    assert {"account_id", "label", "source", "labeller", "labelled_at", "suggested", "rules", "reasons"} <= set(labels)
    assert {"signal", "kind", "evidence", "advice", "auroc_with", "log_loss_without"} <= set(leaks)
    assert "treatment" in set(leaks["kind"])


def test_the_command_prints_the_first_of_both(out: tuple[Path, str]) -> None:
    folder, text = out
    labels = pd.read_csv(folder / "labels.csv")
    assert all(account in text for account in labels["account_id"][:10])
    assert labels["reasons"][0].split(". ")[0] in text
    assert "strategic_meetings_365d" in text


def test_json_holds_everything(out: tuple[Path, str]) -> None:
    figures = json.loads((out[0].parent.parent / "audit.json").read_text())
    assert len(figures["labels"]) == len(pd.read_csv(out[0] / "labels.csv"))
    assert [row["signal"] for row in figures["leaks"]] == pd.read_csv(out[0] / "leaks.csv")["signal"].tolist()
    assert figures["seconds"] > 0
    assert figures["limits"]["alone"] <= 1


def test_the_same_seed_gives_the_same_lists(export: Path, out: tuple[Path, str], tmp_path: Path) -> None:
    with little():
        assert run("audit", export, "--out", tmp_path)[0] == 0
    assert [(tmp_path / name).read_bytes() for name in ("labels.csv", "leaks.csv")] == [
        (out[0] / name).read_bytes() for name in ("labels.csv", "leaks.csv")
    ]


def test_the_command_refuses_to_write_into_the_export(export: Path) -> None:
    before = (export / "labels.parquet").read_bytes()
    for folder in (export, export / "audit"):
        code, _, error = run("audit", export, "--out", folder)
        assert code == 2
        assert "only read" in error
    assert (export / "labels.parquet").read_bytes() == before
    assert not (export / "audit").exists()


def test_the_command_refuses_a_file_for_a_folder(export: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    code, _, error = run("audit", export, "--out", tmp_path / "taken")
    assert (code, "name another place" in error) == (2, True)


def test_the_command_refuses_too_few_labels(tmp_path: Path) -> None:
    write_export(simulate(30, seed=1), tmp_path / "crm")
    code, _, error = run("audit", tmp_path / "crm", "--out", tmp_path / "out")
    assert code == 2
    assert "20 of each" in error


def test_the_command_teaches_by_example() -> None:
    code, text, _ = run("audit", "--help")
    assert code == 0
    assert "rapport audit crm --out audit" in text
