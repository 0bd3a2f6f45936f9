"""Judging a way of learning on accounts that the learned model never saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from features.progress import Progress, silent
from features.signals import CATALOGUE, SIGNAL_NAMES
from models.policy import Model, Thresholds
from models.rules import RuleBook
from models.scorecard import Scorecard
from training.certify import ALPHA, BETA, DELTA, certify
from training.compile import compile_scorecard
from training.dataset import Dataset
from training.estimator import RelationshipClassifier
from training.evaluate import Answers, answer

__all__ = ["N_FOLDS", "CrossFitted", "Limits", "cross_fit", "fit_scorecard", "ranges"]

N_FOLDS: Final = 5
"""Each account is judged by a model that learned from the other four fifths."""

_DIRECTIONS: Final = [{None: 0, "client": 1, "customer": -1}[signal.direction] for signal in CATALOGUE]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """What the certificate promises; see :mod:`training.certify`."""

    alpha: float = ALPHA
    beta: float = BETA
    delta: float = DELTA


@dataclass(frozen=True, slots=True, eq=False)
class CrossFitted:
    """What models said of accounts that they never saw.

    Attributes
    ----------
    answers : Answers
        Each account's by the model of its fold, with thresholds certified on the other folds.
    thresholds : Thresholds
        Certified on all accounts.
    """

    answers: Answers
    thresholds: Thresholds


def cross_fit(
    dataset: Dataset,
    rules: RuleBook,
    seed: int,
    estimator: RelationshipClassifier,
    limits: Limits,
    progress: Progress = silent,
    *,
    starter: bool = False,
) -> CrossFitted:
    """Judge each account by a model that learned without its fold, from the choice of the estimator on.

    Thresholds that decide on a fold are certified on the other folds; those of the model itself on all.

    Parameters
    ----------
    dataset : Dataset
        Rows of one group are in one fold.
    rules : RuleBook
        An account that they send to review is not there to be answered automatically.
    seed : int
        Of folds and estimators.
    estimator : RelationshipClassifier
        Not fitted itself: clones are.
    limits : Limits
    progress : callable, optional
    starter : bool
        The accounts are simulated.

    Returns
    -------
    CrossFitted
    """
    n = len(dataset)
    folds = list(_split(dataset, seed))
    opened: list[tuple[Rows, Model]] = []
    probability, eligible = np.empty(n), np.empty(n, dtype=bool)
    for number, (seen, unseen) in enumerate(folds):
        progress("Cross-fitting", number, len(folds))
        _, scorecard = fit_scorecard(dataset, estimator, seen, seed)
        model = _model(scorecard, dataset.X[seen], starter=starter)
        said = answer(dataset.X[unseen], rules, model)
        probability[unseen], eligible[unseen] = said.model, said.auto
        opened.append((unseen, model))
    progress("Cross-fitting", len(folds), len(folds))
    parts = []
    for unseen, model in opened:
        others = np.ones(n, dtype=bool)
        others[unseen] = False
        thresholds = _certify(probability, dataset.y, eligible, others, limits)
        parts.append((unseen, answer(dataset.X[unseen], rules, replace(model, thresholds=thresholds))))
    everyone = np.ones(n, dtype=bool)
    return CrossFitted(_gather(parts, n), _certify(probability, dataset.y, eligible, everyone, limits))


def _split(dataset: Dataset, seed: int) -> Iterator[tuple[Rows, Rows]]:
    grouped = len(np.unique(dataset.groups)) < len(dataset)
    folds = StratifiedGroupKFold if grouped else StratifiedKFold
    chosen = folds(N_FOLDS, shuffle=True, random_state=seed)
    return iter(chosen.split(dataset.X, dataset.y, dataset.groups if grouped else None))


def fit_scorecard(
    dataset: Dataset, estimator: RelationshipClassifier, rows: Rows, seed: int
) -> tuple[RelationshipClassifier, Scorecard]:
    """Fit a clone of an estimator to some rows of a dataset, held to the catalogue's directions, and compile it.

    Returns
    -------
    estimator : RelationshipClassifier
        Of the classes "client" and "customer".
    scorecard : Scorecard
        Its log-odds of "client".
    """
    fresh = clone(estimator).set_params(directions=_DIRECTIONS, positive="client", random_state=seed)
    X, names = dataset.X[rows], np.where(dataset.y[rows], "client", "customer")
    fitted = fresh.fit(X, names)
    return fitted, compile_scorecard(fitted, SIGNAL_NAMES, X, positive="client")


def _model(scorecard: Scorecard, X: Floats, *, starter: bool) -> Model:
    """Return a fold's model, whose thresholds leave nothing to review that has no other reason for it."""
    low, high = ranges(X)
    return Model("fold", scorecard, Thresholds(client=0.5, customer=0.5), low, high, starter)


def ranges(X: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest known value of each signal, each of shape (n_signals,); nan where never known."""
    return np.fmin.reduce(X, axis=0), np.fmax.reduce(X, axis=0)


def _certify(probability: Floats, y: Bools, eligible: Bools, rows: Bools, limits: Limits) -> Thresholds:
    return certify(probability[rows], y[rows], eligible[rows], limits.alpha, limits.beta, limits.delta)


def _gather(parts: list[tuple[Rows, Answers]], n: int) -> Answers:
    """Put the answers of the folds back into the order of the accounts."""
    order = np.empty(n, dtype=np.intp)
    order[np.concatenate([rows for rows, _ in parts])] = np.arange(n)
    columns = {name: np.concatenate([getattr(said, name) for _, said in parts])[order] for name in Answers.__slots__}
    return Answers(**columns)
