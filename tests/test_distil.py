"""Learning from the rules where no person has labelled, and being honest about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.arrow import log_of_frames, to_micros
from features.events import BadInput
from features.reader import open_export
from models.bundle import load_bundle
from models.policy import Model, Thresholds, decide
from models.rules import RuleBook
from models.shelf import STARTER, Shelf
from tests.quick import few_draws
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.fitting import ranges
from training.labelled.dataset import Dataset, build_dataset, load_dataset
from training.simulator.simulate import World, simulate, write_export
from training.train import Trained, shelve, train

RULES = RuleBook.default()


@pytest.fixture(scope="module")
def world() -> World:
    return simulate(800, seed=11)


@pytest.fixture(scope="module")
def dataset(world: World) -> Dataset:
    log = log_of_frames(world.events, world.accounts, world.records)
    return build_dataset([log], None, to_micros(world.as_of), world.records, distil=RULES)


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> Trained:
    small = RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=30), n_folds=2)
    with few_draws():
        return train(dataset, RULES, seed=0, estimator=small)


def test_without_a_label_the_rules_teach(dataset: Dataset) -> None:
    assert dataset.distilled
    assert dataset.n_client == dataset.n_customer == 0
    assert not dataset.judged.any()
    assert dataset.teacher is not None
    assert ((dataset.teacher > 0.5) == dataset.y).all()


def test_it_is_as_good_as_its_teacher_against_the_truth(world: World, dataset: Dataset, trained: Trained) -> None:
    truth = world.truth.set_index("account_id")["relationship_now"].reindex(dataset.account_ids)
    known = truth.isin(["client", "customer"]).to_numpy()
    client = (truth == "client").to_numpy()[known]
    ours = roc_auc_score(client, trained.cross_fitted.answers.model[known])
    rules = roc_auc_score(client, trained.cross_fitted.answers.rules[known])
    assert ours > rules - 0.01


def test_nothing_is_claimed_without_labels(trained: Trained) -> None:
    assert trained.facts.taught_by == "rules"
    assert trained.summary["auroc"] is None
    assert trained.facts.thresholds.client is None
    assert trained.facts.thresholds.customer is None


def test_the_bundle_and_its_card_say_so(trained: Trained, tmp_path: Path) -> None:
    bundle, _ = shelve(trained, Shelf(tmp_path), None)
    assert bundle.model.distilled
    assert "distilled from the rules" in (bundle.path / "card.md").read_text()
    assert bundle.manifest.caveat == ", distilled from the rules"
    assert load_bundle(STARTER).manifest.caveat == ""


def test_it_answers_alone_only_where_its_teacher_would(dataset: Dataset, trained: Trained) -> None:
    low, high = ranges(dataset.X)
    model = Model("taught", trained.scorecard, Thresholds(None, None), low, high, distilled=True)
    ours, rules = decide(dataset.X, RULES, model), decide(dataset.X, RULES)
    assert ours.auto.any()
    assert (rules.auto | ~ours.auto).all()
    assert (ours.relationship == rules.relationship)[ours.auto].all()


def test_labels_of_people_only_judge(world: World, tmp_path: Path) -> None:
    write_export(replace(world, labels=world.labels.iloc[::2]), tmp_path)
    export = open_export(tmp_path)
    taught = load_dataset(export, distil=RULES)
    plain = load_dataset(export)
    assert taught.judged.sum() == len(plain) < len(taught)
    assert taught.n_client == plain.n_client
    assert set(taught.account_ids[taught.judged]) == set(plain.account_ids)
    order = {account: row for row, account in enumerate(taught.account_ids)}
    rows = [order[account] for account in plain.account_ids]
    np.testing.assert_array_equal(taught.y[rows], plain.y)
    np.testing.assert_array_equal(taught.X[rows], plain.X)


def test_rules_that_expect_one_side_alone_teach_nothing(dataset: Dataset) -> None:
    assert dataset.teacher is not None
    alike = dataset.take(np.flatnonzero(dataset.teacher < 0.3)[:60])
    with pytest.raises(BadInput, match="learning from them needs 20 of each side"):
        train(alike, RULES, seed=0)
