"""From a labelled export to a bundle: datasets, figures, training, the starter."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as known

from features.arrow import log_of_frames, to_micros
from features.events import BadInput
from features.progress import Progress, silent
from features.reader import open_export
from features.reading import Reading
from features.signals import SIGNAL_NAMES
from features.table import signals_table
from models.bundle import SCORECARD, load_bundle
from models.policy import Model
from models.rules import RuleBook
from models.shelf import STARTER, Shelf, choose
from tests.quick import few_draws
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.evaluate import evaluate_bundle
from training.judging.fitting import fit_scorecards
from training.judging.folds import LEAST_PER_CLASS, split
from training.judging.metrics import estimate, probability_figures, share
from training.labelled.dataset import Dataset, build_dataset, load_dataset
from training.labelled.joined import join_datasets
from training.simulator.simulate import World, simulate, write_export
from training.starter import build_starter, record_less, starter_dataset, write_starter
from training.train import Trained, shelve, train

RULES = RuleBook.default()
FIGURES = {"auroc", "average_precision", "log_loss", "brier", "ece"}
DECISIONS = {"auto_share", "auto_error_client", "auto_error_customer", "client_called_customer"}


def small() -> RelationshipClassifier:
    """An estimator that learns little and fast."""
    return RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=12, max_leaf_nodes=4), n_folds=2)


def learn(dataset: Dataset, seed: int, progress: Progress = silent) -> Trained:
    with few_draws():
        return train(dataset, RULES, seed, estimator=small(), progress=progress)


def write_small_export(folder: Path, labels: list[dict[str, Any]]) -> Path:
    """Accounts a to f: a purchase in January 2026 and a meeting in March each; "empty" has no event."""
    rows = [
        {"account_id": account, "occurred_at": time, "kind": kind}
        for account in "abcdef"
        for time, kind in (("2026-01-10", "purchase"), ("2026-03-10", "meeting"))
    ]
    pd.DataFrame(rows).to_csv(folder / "events.csv", index=False)
    pd.DataFrame({"account_id": [*"abcdef", "empty"]}).to_csv(folder / "accounts.csv", index=False)
    pd.DataFrame(labels).to_csv(folder / "labels.csv", index=False)
    return folder


def label(account_id: str, relationship: str, at: str | None = None, source: str | None = None) -> dict[str, Any]:
    return {"account_id": account_id, "relationship": relationship, "labelled_at": at, "source": source}


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(900, seed=5)


@pytest.fixture(scope="module")
def export(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    write_export(world, folder)
    return folder


@pytest.fixture(scope="module")
def dataset(export: Path) -> Dataset:
    return load_dataset(open_export(export))


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> Trained:
    return learn(dataset, seed=3)


# --- datasets


def test_each_label_is_learned_from_as_of_its_own_time(tmp_path: Path) -> None:
    labels = [label("a", "client", "2026-02-01"), label("b", "customer", "2026-03-20"), label("c", "client")]
    found = load_dataset(open_export(write_small_export(tmp_path, labels)), as_of=to_micros("2026-04-01"))
    meetings = found.X[:, SIGNAL_NAMES.index("meetings_365d")]
    assert found.account_ids.tolist() == ["a", "b", "c"]
    assert found.y.tolist() == [True, False, True]
    assert meetings.tolist() == [0.0, 1.0, 1.0]
    assert found.as_of.tolist() == [to_micros(f"2026-{day}") for day in ("02-01", "03-20", "04-01")]


def test_what_is_left_out_is_counted_by_reason(tmp_path: Path) -> None:
    labels = [
        label("a", "client", "2026-02-01"),
        label("b", "customer", "2026-02-01"),
        label("b", "customer", "2026-02-02"),
        label("c", "prospect", "2026-02-01"),
        label("d", "client", "2026-02-21"),
        label("e", "client", "2026-01-05"),
        label("f", "customer", "2026-02-01", "rules"),
        label("empty", "customer", "2026-02-01"),
        label("nobody", "customer", "2026-02-01"),
    ]
    folder = write_small_export(tmp_path, labels)
    found = load_dataset(open_export(folder), as_of=to_micros("2026-02-20"))
    assert found.account_ids.tolist() == ["a", "b"]
    assert found.labels.by_source == {"crm": {"client": 1, "customer": 1}}
    assert found.labels.left_out == {
        "given by the rules": 1,
        "given after the moment asked for": 1,
        "outranked by another label": 1,
        "prospect": 1,
        "of an account that is not in the export": 1,
        "given before the account's first event": 2,
    }
    assert len(found) + sum(found.labels.left_out.values()) == len(labels)


@pytest.mark.parametrize(
    ("labels", "client"),
    [
        ([label("a", "client", "2026-03-11"), label("a", "customer", "2026-03-12")], False),
        ([label("a", "customer", "2026-03-12"), label("a", "client", "2026-03-11")], False),
        ([label("a", "client", "2026-03-10", "reviewer"), label("a", "customer", "2026-03-12", "crm")], True),
        ([label("a", "customer", "2026-03-11"), label("a", "client")], True),
        ([label("a", "client"), label("a", "customer")], False),
    ],
)
def test_of_labels_that_contradict_each_other_one_outranks(
    tmp_path: Path, labels: list[dict[str, Any]], client: bool
) -> None:
    folder = write_small_export(tmp_path, labels)
    found = load_dataset(open_export(folder), as_of=to_micros("2026-04-01"))
    assert found.y.tolist() == [client]
    assert found.labels.contradicted == 1


def test_a_reviewers_prospect_is_no_client(tmp_path: Path) -> None:
    labels = [
        label("a", "client", "2026-03-12"),
        label("a", "prospect", "2026-03-11", "reviewer"),
        label("b", "client"),
    ]
    found = load_dataset(open_export(write_small_export(tmp_path, labels)))
    assert found.account_ids.tolist() == ["b"]


def test_signals_are_those_of_the_table(world: World, dataset: Dataset) -> None:
    labels = world.labels.set_index("account_id")
    for place in (0, len(dataset) // 2, len(dataset) - 1):
        account = dataset.account_ids[place]
        table = signals_table(
            world.events[world.events["account_id"] == account],
            labels.loc[account, "labelled_at"],
            world.accounts[world.accounts["account_id"] == account],
            world.records,
        )
        np.testing.assert_array_equal(dataset.X[place], table[list(SIGNAL_NAMES)].to_numpy()[0])


def test_batches_do_not_matter(world: World, export: Path, dataset: Dataset) -> None:
    source = open_export(export)
    as_of = source.default_as_of()
    again = build_dataset(source.batches(Reading(size=500)), world.labels, as_of, world.records)
    np.testing.assert_array_equal(again.X, dataset.X)
    assert again.digest == dataset.digest


def test_the_digest_is_of_the_content(dataset: Dataset) -> None:
    y, X = dataset.y.copy(), dataset.X.copy()
    y[0], X[0, 0] = ~y[0], X[0, 0] + 1
    changed = [replace(dataset, y=y), replace(dataset, X=X), replace(dataset, as_of=dataset.as_of + 1)]
    assert len({dataset.digest, *(one.digest for one in changed)}) == 4
    assert replace(dataset, X=np.where(dataset.X == 0, -0.0, dataset.X)).digest == dataset.digest


def test_an_export_without_labels_says_what_to_do(tmp_path: Path) -> None:
    folder = write_small_export(tmp_path, [label("a", "client")])
    (folder / "labels.csv").unlink()
    with pytest.raises(BadInput, match="holds no labels: put a labels"):
        load_dataset(open_export(folder))


def test_labels_of_no_use_are_counted_in_the_message(tmp_path: Path) -> None:
    folder = write_small_export(tmp_path, [label("a", "prospect"), label("b", "prospect")])
    with pytest.raises(BadInput, match="Left out: 2 prospect"):
        load_dataset(open_export(folder))


# --- figures


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 3))
def test_figures_are_those_of_scikit_learn(seed: int, n: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    p, weights = np.clip(np.round(rng.random(n), digits), 0.01, 0.99), rng.integers(0, 4, n).astype(float)
    y = rng.random(n) < 0.5
    y[:2], weights[:2] = (True, False), 1.0
    figures = probability_figures(y, p)
    given_weights = {"sample_weight": weights}
    assert figures["auroc"](weights) == pytest.approx(known.roc_auc_score(y, p, **given_weights))
    assert figures["average_precision"](weights) == pytest.approx(known.average_precision_score(y, p, **given_weights))
    assert figures["brier"](weights) == pytest.approx(known.brier_score_loss(y, p, **given_weights))
    assert figures["log_loss"](weights) == pytest.approx(known.log_loss(y, p, **given_weights))


def test_calibration_error_of_a_known_miscalibration() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(200_000)
    y = rng.random(200_000) < truth
    everyone = np.ones(200_000)
    assert probability_figures(y, truth)["ece"](everyone) == pytest.approx(0.0, abs=0.01)
    assert probability_figures(y, truth * 0.8)["ece"](everyone) == pytest.approx(0.1, abs=0.01)


def test_what_is_undefined_is_none() -> None:
    y, p = np.ones(5, dtype=bool), np.linspace(0.1, 0.9, 5)
    found = estimate({**probability_figures(y, p), "wrong": share(~y, ~y)}, np.ones(5), seed=0)
    assert {name for name, one in found.items() if one.value is None} == {"auroc", "average_precision", "wrong"}
    assert found["auroc"].low is None


def test_intervals_hold_the_figure_and_shrink_with_accounts() -> None:
    rng = np.random.default_rng(1)
    widths = []
    for n in (200, 3200):
        p = rng.random(n)
        y = rng.random(n) < p
        found = estimate(probability_figures(y, p), np.ones(n), seed=2)
        for one in found.values():
            assert one.low is not None
            assert one.high is not None
            assert one.value is not None
            assert one.low <= one.value <= one.high
        widths.append(found["auroc"].high - found["auroc"].low)  # type: ignore[operator]
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.4)


def test_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for seed in range(60):
        p = rng.random(300)
        found = estimate({"brier": probability_figures(rng.random(300) < p, p)["brier"]}, np.ones(300), seed)["brier"]
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1 / 6 <= found.high  # the mean of p (1 - p) over p uniform
    assert covered >= 51


# --- training


def test_it_learns_what_can_be_learned(world: World, dataset: Dataset, trained: Trained) -> None:
    truth = world.truth.set_index("account_id").loc[dataset.account_ids, "p_client"].to_numpy(dtype=float)
    best = probability_figures(dataset.y, truth)["auroc"](np.ones(len(dataset)))
    assert best is not None
    assert trained.summary["auroc"] > best - 0.05
    assert trained.summary["log_loss"] < 0.45


def test_the_summary_has_every_key(dataset: Dataset, trained: Trained) -> None:
    summary = json.loads(json.dumps(trained.summary, allow_nan=False))
    figures = {*FIGURES, *(f"{side}_{name}" for side in ("rules", "base_rate") for name in FIGURES), *DECISIONS}
    about = {"version", "taught_by", "n_accounts", "n_client", "n_customer", "labels"}
    assert set(summary) == {*about, "intervals", "yardsticks", "slices", *figures}
    assert set(summary["intervals"]) == figures
    assert summary["n_client"] + summary["n_customer"] == summary["n_accounts"] == len(dataset)
    assert summary["version"] == trained.version


def test_the_scorecard_says_what_the_estimator_says(dataset: Dataset, trained: Trained) -> None:
    said = trained.estimator.predict_proba(dataset.X)[:, list(trained.estimator.classes_).index("client")]
    log_odds = trained.scorecard.score(dataset.X)
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), said, rtol=0, atol=1e-9)


def test_same_data_and_seed_same_bytes_however_progress_is_told(dataset: Dataset, trained: Trained) -> None:
    heard: list[tuple[str, int, int]] = []
    again = learn(dataset, seed=3, progress=lambda *news: heard.append(news))
    assert again.scorecard.to_bytes() == trained.scorecard.to_bytes()
    assert again.version == trained.version
    assert again.facts == trained.facts
    assert learn(dataset, seed=4).version != trained.version
    for step in {step for step, _, _ in heard}:
        done = [(done, total) for name, done, total in heard if name == step]
        assert done == sorted(done)
        assert done[-1][0] == done[-1][1]


def test_ranges_are_those_of_training(dataset: Dataset, trained: Trained) -> None:
    for column, signal in enumerate(trained.facts.signals):
        seen = dataset.X[:, column][~np.isnan(dataset.X[:, column])]
        assert (signal.low, signal.high) == ((seen.min(), seen.max()) if len(seen) else (None, None))


def test_no_account_is_judged_by_a_model_that_saw_it(dataset: Dataset) -> None:
    """Labels that are noise can be learned by heart, but not cross-fitted."""
    rng = np.random.default_rng(6)
    noise = replace(dataset, y=rng.random(len(dataset)) < 0.5)
    judged = learn(noise, seed=1)
    assert judged.summary["auroc"] == pytest.approx(0.5, abs=0.06)
    assert judged.summary["auto_share"] < 0.02
    assert judged.facts.thresholds.client is None
    assert judged.facts.thresholds.customer is None


def test_groups_stay_together() -> None:
    """Twins whose label is the pair's own coin: a model that saw one twin would know the other."""
    rng = np.random.default_rng(7)
    X = np.repeat(rng.normal(size=(150, len(SIGNAL_NAMES))), 4, axis=0)
    y = np.repeat(rng.random(150) < 0.5, 4)
    labels = load_bundle(STARTER).manifest.labels
    ids = np.array([f"a{i:04}" for i in range(600)], dtype=object)
    alone = Dataset(
        X=X,
        y=y,
        account_ids=ids,
        as_of=np.full(600, 10),
        groups=np.arange(600),
        labels=labels,
        records=frozenset({"purchase"}),
        inclusion=np.ones(600),
        timed=np.zeros(600, dtype=bool),
        facts=pd.DataFrame({"industry": [None] * 600, "party": [None] * 600}),
    )
    together = replace(alone, groups=np.repeat(np.arange(150), 4))
    assert learn(alone, seed=1).summary["auroc"] > 0.75
    assert learn(together, seed=1).summary["auroc"] < 0.65


@pytest.mark.parametrize("n_client", [0, LEAST_PER_CLASS - 1])
def test_too_few_of_a_class_are_refused_with_the_counts(dataset: Dataset, n_client: int) -> None:
    kept = np.sort(np.concatenate([np.flatnonzero(dataset.y)[:n_client], np.flatnonzero(~dataset.y)[:50]]))
    few = dataset.take(kept)
    with pytest.raises(BadInput, match=f"labels of {n_client} clients and 50 customers; training needs 20 of each"):
        train(few, RULES, seed=1, estimator=small())


def test_the_first_model_becomes_champion(trained: Trained, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "store")
    bundle, crowned = shelve(trained, shelf, "2026-07-01T00:00:00Z")
    assert crowned
    assert shelf.champion() == bundle.version == trained.version
    assert bundle.manifest.created_at == "2026-07-01T00:00:00Z"
    assert shelve(trained, shelf, None)[1] is False
    assert (bundle.path / SCORECARD).read_bytes() == trained.scorecard.to_bytes()
    card = (bundle.path / "card.md").read_text(encoding="utf-8")
    assert bundle.version in card
    assert f"{trained.summary['auroc']:.3f}" in card
    estimator = joblib.load(bundle.path / "estimator.joblib")
    assert estimator.calibration_ == trained.estimator.calibration_


@pytest.mark.slow
def test_several_processes_fit_the_same_bytes(dataset: Dataset) -> None:
    parts = [rows for rows, _ in split(dataset, 0)][:2]
    alone, together = (fit_scorecards(dataset, small(), parts, 0, n_jobs=jobs) for jobs in (1, 2))
    assert [card.to_bytes() for _, card in together] == [card.to_bytes() for _, card in alone]
    assert alone[0][1].to_bytes() != alone[1][1].to_bytes()


# --- evaluation


@few_draws()
def test_a_model_on_accounts_it_has_not_seen(trained: Trained, tmp_path: Path) -> None:
    bundle, _ = shelve(trained, Shelf(tmp_path), None)
    fresh = simulate(900, seed=6)
    write_export(fresh, tmp_path / "fresh")
    summary = evaluate_bundle(load_dataset(open_export(tmp_path / "fresh")), bundle.model, RULES)
    assert summary["version"] == trained.version
    assert summary["auroc"] == pytest.approx(trained.summary["auroc"], abs=0.04)
    assert set(summary) == set(trained.summary)


@few_draws()
def test_rules_alone(dataset: Dataset) -> None:
    summary = evaluate_bundle(dataset, None, RULES)
    assert summary["version"] == "rules"
    assert {summary[name] == summary[f"rules_{name}"] for name in FIGURES} == {True}


@pytest.mark.parametrize("model", [None, "starter"])
@few_draws()
def test_one_class_leaves_some_figures_undefined(dataset: Dataset, model: str | None) -> None:
    clients = dataset.take(dataset.y)
    chosen: Model | None = None if model is None else choose(model, Path("no store")).model
    summary = json.loads(json.dumps(evaluate_bundle(clients, chosen, RULES), allow_nan=False))
    assert summary["auroc"] is None
    assert summary["average_precision"] is None
    assert summary["rules_auroc"] is None
    assert summary["log_loss"] > 0
    assert summary["n_customer"] == 0


# --- the starter


def test_a_company_that_records_less_still_has_dealings(world: World) -> None:
    for seed in range(20):
        less = record_less(world, np.random.default_rng(seed))
        assert less.records < world.records
        assert less.records & {"purchase", "contract", "deal"}
        assert set(less.events["kind"].unique()) <= less.records
        assert len(less.labels) == len(world.labels)


def test_companies_of_one_kind_are_one_group() -> None:
    dataset = starter_dataset(1000, seed=1)
    kinds = pd.Series(dataset.account_ids).str.extract(r"^([a-z]+)")[0]
    assert pd.Series(dataset.groups).groupby(kinds).nunique().eq(1).all()
    assert len(np.unique(dataset.groups)) == kinds.nunique()


def test_datasets_can_be_joined(dataset: Dataset) -> None:
    joined = join_datasets([dataset, dataset])
    assert len(joined) == 2 * len(dataset)
    assert joined.labels.of_class("client") == joined.n_client
    assert joined.groups.tolist() == [0] * len(dataset) + [1] * len(dataset)


@few_draws()
def test_the_starter_holds_up_at_a_company_it_never_saw() -> None:
    worlds = [simulate(600, seed=77, company=name) for name in ("shop", "agency", "procurement")]
    model = choose("starter", Path("no store")).model
    for world in worlds:
        fresh = record_less(world, np.random.default_rng(3))
        log = log_of_frames(fresh.events, fresh.accounts, fresh.records)
        found = build_dataset([log], fresh.labels, to_micros(fresh.as_of), fresh.records)
        summary = evaluate_bundle(found, model, RULES)
        assert summary["auroc"] > 0.75


@pytest.mark.slow
def test_the_starter_is_made_by_its_command_byte_for_byte(tmp_path: Path) -> None:
    write_starter(tmp_path / "starter", build_starter())
    assert {file.name: file.read_bytes() for file in (tmp_path / "starter").iterdir()} == {
        file.name: file.read_bytes() for file in STARTER.iterdir()
    }
