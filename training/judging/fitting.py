"""From accounts to a fitted estimator and the scorecard compiled from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from joblib import Parallel, cpu_count, delayed
from sklearn.base import clone

from features.progress import Progress, silent
from features.signals import CATALOGUE, SIGNAL_NAMES
from models.scorecard import Scorecard
from training.estimation.compile import compile_scorecard
from training.estimation.estimator import RelationshipClassifier
from training.labelled.dataset import Dataset

__all__ = ["DIRECTIONS", "Fitted", "calibrating", "fit_scorecard", "fit_scorecards", "ranges"]

DIRECTIONS: Final = [{None: 0, "client": 1, "customer": -1}[signal.direction] for signal in CATALOGUE]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

Fitted = tuple[RelationshipClassifier, Scorecard]
"""An estimator of the classes "client" and "customer", and its log-odds of "client"."""

WORTH_PROCESSES: Final = 3_000
"""Accounts from which several processes gain more than their start takes."""


def fit_scorecards(
    dataset: Dataset,
    estimator: RelationshipClassifier,
    parts: Sequence[Rows],
    seed: int,
    progress: Progress = silent,
    n_jobs: int | None = None,
) -> list[Fitted]:
    """Fit clones of an estimator to several parts of a dataset; see `fit_scorecard`.

    Parameters
    ----------
    dataset : Dataset
    estimator : RelationshipClassifier
        Not fitted itself.
    parts : sequence of ndarray of int
        Rows of the dataset, a model each.
    seed : int
    progress : callable, optional
    n_jobs : int, optional
        Processes; by default as many as there are cores where there are accounts enough. It does not change a bit.

    Returns
    -------
    list of (estimator, scorecard)
        In the order of the parts.
    """
    if n_jobs is None:
        n_jobs = min(cpu_count(), len(parts)) if len(dataset) >= WORTH_PROCESSES else 1
    work = (delayed(fit_scorecard)(dataset, estimator, rows, seed) for rows in parts)
    fits: Iterable[Fitted] = Parallel(n_jobs=n_jobs, return_as="generator")(work)
    found = []
    progress("Fitting", 0, len(parts))
    for one in fits:
        found.append(one)
        progress("Fitting", len(found), len(parts))
    return found


def fit_scorecard(dataset: Dataset, estimator: RelationshipClassifier, rows: Rows, seed: int) -> Fitted:
    """Fit a clone of an estimator to some rows of a dataset, held to the catalogue's directions, and compile it.

    Accounts that are not judged by are learned from, and count one each in blending and calibration. Where the rules
    teach, each account is there as a client and as a customer, with their probabilities as weights.

    Returns
    -------
    estimator : RelationshipClassifier
        Of the classes "client" and "customer".
    scorecard : Scorecard
        Its log-odds of "client".
    """
    fresh = clone(estimator).set_params(directions=DIRECTIONS, positive="client", random_state=seed)
    X = dataset.X[rows]
    if dataset.teacher is None:
        names = np.where(dataset.y[rows], "client", "customer")
        fitted = fresh.fit(X, names, **_calibrating(calibrating(dataset.weights[rows])))
    else:
        taught, copies = dataset.teacher[rows], np.arange(len(rows))
        names = np.repeat(["client", "customer"], len(rows))
        weights = np.concatenate([taught, 1.0 - taught])
        fitted = fresh.fit(np.concatenate([X, X]), names, sample_weight=weights, groups=np.append(copies, copies))
    return fitted, compile_scorecard(fitted, SIGNAL_NAMES, X, positive="client")


def calibrating(weights: Floats) -> Floats:
    """Return how much each account counts in calibration, shape (n,), from how many each stands for.

    A calibration says what holds of accounts with a score, whoever they are. The desk picks its cases by what is known
    of them and never by their answer, which moves no such share; and a few accounts that stand for many, calibrated by
    alone, err by far more. So an account that was picked counts as much as the least of those that were not.
    """
    judged = weights > 0
    return np.where(judged, weights, weights[judged].min() if judged.any() else 1.0)


def _calibrating(weights: Floats) -> dict[str, Any]:
    """Equal weights are none: what needs no weighing is done faster without."""
    return {} if np.ptp(weights) == 0 else {"judge_weight": weights}


def ranges(X: Floats) -> tuple[Floats, Floats]:
    """Return the least and greatest known value of each signal, each of shape (n_signals,); nan where never known."""
    return np.fmin.reduce(X, axis=0), np.fmax.reduce(X, axis=0)
