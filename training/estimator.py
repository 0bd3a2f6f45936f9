"""The trained estimator: the better of two models by cross-validation, calibrated by cross-fitting."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import check_random_state

from training.binary import BinaryClassifier, Floats
from training.calibration import Calibration
from training.pairwise import PairwiseTrees
from training.splines import SplineLogistic

__all__ = ["PairwiseTrees", "RelationshipClassifier", "SplineLogistic"]


class RelationshipClassifier(BinaryClassifier):
    """Pairwise trees or spline logistic, whichever errs less on accounts it has not seen, calibrated.

    Each candidate scores every account by a model of the folds that lack it. Those scores, calibrated, give each
    candidate's log loss; the candidate with the lowest is fitted on all accounts, and keeps the calibration of its
    scores. That is what `CalibratedClassifierCV(method="sigmoid", ensemble=False)` does, and it leaves one model
    that compiles into one scorecard.

    With fewer than two accounts of a class nothing can be cross-fitted: the logistic is taken, uncalibrated.

    Parameters
    ----------
    trees : PairwiseTrees, optional
        First candidate; its `directions`, `positive` and `random_state` are set from here.
    logistic : SplineLogistic, optional
        Second candidate.
    n_folds : int, default=4
        Inner folds, 2 or more; as many as the smaller class has accounts, where those are fewer.
    directions : sequence of int, optional
        For each signal 1 where more of it can only raise the log-odds of `positive`, -1 where it can only lower them,
        else 0.
    positive : label, optional
        The class that `directions` speak of; ``classes_[1]`` by default.
    random_state : int, RandomState or None
        Seed of folds and draws. The same data and seed give the same model.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    chosen_ : {"trees", "logistic"}
    cv_log_loss_ : dict of str to float
        Calibrated, cross-fitted log loss of each candidate, in nats an account; empty where nothing could be
        cross-fitted.
    calibration_ : Calibration
        From the log-odds of `model_` to those of `decision_function`.
    model_ : PairwiseTrees or SplineLogistic
        The chosen candidate, fitted on all accounts.
    n_features_in_ : int
    """

    def __init__(
        self,
        *,
        trees: PairwiseTrees | None = None,
        logistic: SplineLogistic | None = None,
        n_folds: int = 4,
        directions: Sequence[int] | None = None,
        positive: object = None,
        random_state: Any = None,
    ) -> None:
        self.trees = trees
        self.logistic = logistic
        self.n_folds = n_folds
        self.directions = directions
        self.positive = positive
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Choose, calibrate and fit.

        Parameters
        ----------
        X : array-like of shape (n, n_signals)
            nan is missing.
        y : array-like of shape (n,)
            Two classes.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        RelationshipClassifier
            Itself.
        """
        values, second, weights = self._accept(X, y, sample_weight)
        if self.n_folds <= 1:
            raise ValueError(f"n_folds must be 2 or more, got {self.n_folds}.")
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        candidates = self._candidates(seed, self._signs(values.shape[1]))
        n_folds = min(self.n_folds, int(np.bincount(second).min()))
        self.chosen_, self.cv_log_loss_, self.calibration_ = "logistic", {}, Calibration()
        if n_folds > 1:
            folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
            splits = list(folds.split(values, second))
            unseen = {name: cross_fit(one, values, second, weights, splits) for name, one in candidates.items()}
            fits = {name: Calibration.fit(scores, second, weights) for name, scores in unseen.items()}
            self.cv_log_loss_ = {
                name: float(log_loss(second, expit(fits[name].apply(scores)), sample_weight=weights))
                for name, scores in unseen.items()
            }
            self.chosen_ = min(self.cv_log_loss_, key=lambda name: self.cv_log_loss_[name])
            self.calibration_ = fits[self.chosen_]
        self.model_ = candidates[self.chosen_].fit(values, second, sample_weight=weights)
        return self

    def _candidates(self, seed: int, signs: NDArray[np.intp]) -> dict[str, BinaryClassifier]:
        """Give both candidates, unfitted, with directions that speak of ``classes_[1]``."""
        trees = clone(self.trees) if self.trees is not None else PairwiseTrees()
        logistic = clone(self.logistic) if self.logistic is not None else SplineLogistic()
        return {
            "trees": trees.set_params(directions=signs, positive=None, random_state=seed),
            "logistic": logistic.set_params(directions=signs, positive=None),
        }

    def _log_odds(self, X: Floats) -> Floats:
        return self.calibration_.apply(self.model_.decision_function(X))


def cross_fit(
    candidate: BinaryClassifier,
    X: Floats,
    second: NDArray[np.intp],
    weights: Floats,
    splits: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
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
