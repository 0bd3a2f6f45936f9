"""How well each signal alone tells clients from customers, on accounts that were not looked at."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from sklearn.tree import DecisionTreeClassifier

from training.judging.folds import Splits
from training.judging.metrics import Figure, probability_figures

__all__ = ["auroc_of", "separate"]

# Eight steps follow any curve closely enough to rank by, and a step of ten accounts is not one account's secret.
_DEPTH = 3
_LEAST = 10

_UNKNOWN = -1.0  # below any possible value of a signal, so that one split tells unknown from known

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def separate(column: Floats, y: Bools, splits: Splits) -> Floats:
    """Predict clients from one column alone, by a shallow tree that never saw the account.

    Parameters
    ----------
    column : ndarray of float64, shape (n,)
        0 or more; nan is unknown, which may itself tell.
    y : ndarray of bool, shape (n,)
        True for a client.
    splits : list of (train rows, test rows)
        Each row is in one test part.

    Returns
    -------
    ndarray of float64, shape (n,)
        The share of clients in the account's leaf.
    """
    values = np.where(np.isnan(column), _UNKNOWN, column)[:, None]
    told = np.full(len(y), y.mean())
    if np.ptp(values) == 0:
        return told
    for seen, unseen in splits:
        tree = DecisionTreeClassifier(max_depth=_DEPTH, min_samples_leaf=_LEAST, random_state=0)
        told[unseen] = tree.fit(values[seen], y[seen]).predict_proba(values[unseen])[:, 1]
    return told


def auroc_of(probability: Floats, y: Bools) -> Figure:
    """Return the AUROC as a figure of weights; see :mod:`training.judging.metrics`."""
    return partial(_at_least_chance, probability_figures(y, probability)["auroc"])


def _at_least_chance(figure: Figure, weights: Floats) -> float | None:
    """Out of fold a column that tells nothing ranks a little the wrong way round: that is no separation either."""
    value = figure(weights)
    return None if value is None else max(value, 0.5)
