"""Two trained models that contend for champion, for tests: one learned next to nothing, the other from all accounts."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from features.arrow import log_of_frames, to_micros
from models.manifest import version_of
from models.rules import RuleBook
from models.shelf import Shelf
from tests.quick import few_draws
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.labelled.dataset import Dataset, build_dataset
from training.simulator.simulate import simulate
from training.tracking.held_out import HeldOut, hold_out
from training.tracking.registry import Registered
from training.tracking.track import track
from training.train import Trained, shelve, train

FEW = 25


@cache
def dataset() -> Dataset:
    world = simulate(400, seed=5)
    log = log_of_frames(world.events, world.accounts, world.records)
    return build_dataset([log], world.labels, to_micros(world.as_of), world.records, accounts=world.accounts)


@cache
def weak() -> Trained:
    """It learned from the first `FEW` accounts of each class, and each account's label from another's signals."""
    y = dataset().y
    rows = np.sort(np.concatenate([np.flatnonzero(y)[:FEW], np.flatnonzero(~y)[:FEW]]))
    few = dataset().take(rows)
    return replace(_train(replace(few, X=np.roll(few.X, 7, axis=0))), dataset=few)


@cache
def strong() -> Trained:
    return _train(dataset())


def _train(data: Dataset) -> Trained:
    estimator = RelationshipClassifier(trees=PairwiseTrees(n_bags=1, max_iter=20, max_leaf_nodes=4), n_folds=2)
    with few_draws():
        return train(data, RuleBook.default(), 0, estimator=estimator)


def twin(trained: Trained, **facts: Any) -> Trained:
    """Another model that says the very same."""
    changed = trained.facts.model_copy(update=facts)
    return replace(trained, facts=changed, version=version_of(changed, trained.scorecard.to_bytes()))


def enter(trained: Trained, shelf: Shelf, uri: str, day: int = 1, **artifacts: bytes) -> Registered:
    """Put a model on the shelf and into mlflow, as training does."""
    bundle, crowned = shelve(trained, shelf, f"2026-01-{day:02}T00:00:00Z")
    held_out: HeldOut = hold_out(trained)
    return track(trained, bundle, held_out, uri, artifacts=artifacts, crowned=crowned)
