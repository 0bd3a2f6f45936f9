"""Scores of accounts by models that had not seen them, inside an estimator's own fit."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

from training.estimation.binary import BinaryClassifier, Floats

__all__ = ["Splits", "cross_fit", "inner_folds"]

Splits = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]
"""Rows to fit on and rows to score, a pair a fold."""


def inner_folds(
    second: NDArray[np.intp],
    judged: NDArray[np.bool_],
    groups: NDArray[np.generic] | None,
    n_folds: int,
    seed: int,
) -> Splits:
    """Split rows so that each is scored once by a model that learned from both classes and not from it.

    Parameters
    ----------
    second : ndarray of shape (n,)
        0 or 1.
    judged : ndarray of bool, shape (n,)
    groups : ndarray of shape (n,), optional
        Rows of one group are in one fold.
    n_folds : int
        At most: as many as there are judged rows, or groups of them, of the smaller class.
    seed : int

    Returns
    -------
    sequence of (train rows, test rows)
        Empty where there are not two folds to be had.
    """
    units = np.arange(len(second)) if groups is None else groups
    most = min(len(np.unique(units[judged & (second == label)])) for label in (0, 1))
    n_folds = min(n_folds, most)
    if n_folds <= 1:
        return []
    folds = StratifiedKFold if groups is None else StratifiedGroupKFold
    splits = list(folds(n_folds, shuffle=True, random_state=seed).split(second, second, groups))
    # Large groups may leave a fold without one of the classes to learn.
    return splits if all(np.ptp(second[train]) for train, _ in splits) else []


def cross_fit(
    candidate: BinaryClassifier, X: Floats, second: NDArray[np.intp], weights: Floats, splits: Splits
) -> Floats:
    """Score each row by a model that was fitted without its fold.

    Parameters
    ----------
    candidate : BinaryClassifier
        Not fitted itself: a clone is, for each split.
    X : ndarray of shape (n, n_signals)
    second : ndarray of shape (n,)
        0 or 1.
    weights : ndarray of shape (n,)
    splits : sequence of (train rows, test rows)
        Each row is in one test part.

    Returns
    -------
    ndarray of shape (n,)
        Log-odds of 1.
    """
    log_odds = np.empty(len(X))
    for train, test in splits:
        model = clone(candidate).fit(X[train], second[train], sample_weight=weights[train])
        log_odds[test] = model.decision_function(X[test])
    return log_odds
