"""The model behind an audit: quick to fit, and too stiff to learn a wrong label by heart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from features.progress import Progress, silent
from features.signals import SIGNAL_NAMES
from training.estimation.calibration import Calibration
from training.estimation.compile import compile_scorecard
from training.estimation.pairwise import PairwiseTrees
from training.judging.evaluate import probabilities
from training.judging.fitting import DIRECTIONS
from training.judging.folds import Splits

__all__ = ["AUDITOR", "Opinion", "explain_unseen", "judge_unseen"]

# With 5 % of simulated labels turned round, the stiffer these trees and the fewer signals a split may choose from, the
# more of the turned labels came first: a leaf of five accounts believes a wrong label among them.
AUDITOR: Final = PairwiseTrees(
    max_iter=200,
    learning_rate=0.06,
    max_leaf_nodes=4,
    l2_regularization=20.0,
    max_bins=32,
    max_features=0.15,
    directions=DIRECTIONS,
    positive="client",
)

# As good within a hundredth of its log loss, in half the time.
_QUICK: Final = clone(AUDITOR).set_params(max_iter=80, learning_rate=0.12)

_LEAVES: Final = 40  # that the accounts would fill, where they are few
_LEAST, _MOST = 5, 30  # accounts of a leaf

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """What models that never saw an account say of it.

    Attributes
    ----------
    probability : ndarray of float64, shape (n,)
        Of "client", calibrated.
    contributions : ndarray of float64, shape (n, n_signals)
        Calibrated log-odds of "client" that each signal adds.
    """

    probability: Floats
    contributions: Floats


def explain_unseen(X: Floats, y: Bools, splits: Splits, seed: int, progress: Progress = silent) -> Opinion:
    """Judge each account by a model of the folds that lack it, with its reasons.

    Parameters
    ----------
    X : ndarray of float64, shape (n, n_signals)
        In the order of the catalogue; nan is unknown.
    y : ndarray of bool, shape (n,)
        True for a client.
    splits : list of (train rows, test rows)
        Each row is in one test part.
    seed : int
    progress : callable, optional

    Returns
    -------
    Opinion
    """
    log_odds, contributions = np.empty(len(y)), np.empty(X.shape)
    for number, (model, seen, unseen) in enumerate(_fit_folds(X, y, splits, seed)):
        progress("Judging labels by other accounts", number, len(splits))
        scorecard = compile_scorecard(model, SIGNAL_NAMES, X[seen], positive="client")
        log_odds[unseen], contributions[unseen] = scorecard.explain(X[unseen])
    progress("Judging labels by other accounts", len(splits), len(splits))
    calibration = _calibrate(log_odds, y)
    return Opinion(probabilities(calibration.apply(log_odds)), calibration.slope * contributions)


def judge_unseen(X: Floats, y: Bools, splits: Splits, seed: int) -> Floats:
    """Judge accounts as `explain_unseen` does, without reasons and with fewer trees, for figures to be compared.

    Returns
    -------
    ndarray of float64, shape (n,)
        Probability of "client".
    """
    log_odds = np.empty(len(y))
    for model, _, unseen in _fit_folds(X, y, splits, seed, _QUICK):
        log_odds[unseen] = model.log_odds(X[unseen], of="client")
    return probabilities(_calibrate(log_odds, y).apply(log_odds))


def _fit_folds(
    X: Floats, y: Bools, splits: Splits, seed: int, estimator: PairwiseTrees = AUDITOR
) -> Iterator[tuple[PairwiseTrees, npt.NDArray[np.intp], npt.NDArray[np.intp]]]:
    names = np.where(y, "client", "customer")
    for seen, unseen in splits:
        least = min(max(len(seen) // _LEAVES, _LEAST), _MOST)
        fresh = clone(estimator).set_params(min_samples_leaf=least, random_state=seed)
        yield fresh.fit(X[seen], names[seen]), seen, unseen


def _calibrate(log_odds: Floats, y: Bools) -> Calibration:
    """Two numbers for all folds together: they cannot learn an account."""
    return Calibration.fit(log_odds, y.astype(np.intp), np.ones(len(y)))
