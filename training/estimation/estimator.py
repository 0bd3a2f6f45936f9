"""The trained estimator: two models blended by cross-validation, calibrated by cross-fitting."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight

from training.estimation.binary import BinaryClassifier, Floats
from training.estimation.calibration import Calibration, log_loss
from training.estimation.inner_folds import cross_fit, inner_folds
from training.estimation.pairwise import PairwiseTrees
from training.estimation.splines import SplineLogistic

__all__ = ["BLEND_GAIN", "PairwiseTrees", "RelationshipClassifier", "SplineLogistic"]

SHARES = np.linspace(0.0, 1.0, 11)
"""Of the trees in the blend, each tried."""

BLEND_GAIN = 5e-4
"""Nats an account that a blend must save for two models to be kept where one would do."""


class RelationshipClassifier(BinaryClassifier):
    """Pairwise trees and spline logistic, blended as errs least on accounts they have not seen, calibrated.

    Each candidate scores every account by a model of the folds that lack it. The blend's log-odds are
    ``share * trees + (1 - share) * logistic``; of eleven shares the one is taken with the lowest log loss of those
    scores, calibrated, or one candidate alone where that is nearly as good. What has a share is then fitted on all
    accounts, and keeps the calibration. With one candidate that is what
    `CalibratedClassifierCV(method="sigmoid", ensemble=False)` does; and a sum of scorecards is a scorecard.

    With fewer than two judged accounts or groups of a class nothing can be cross-fitted: the logistic is taken,
    uncalibrated.

    Parameters
    ----------
    trees : PairwiseTrees, optional
        First candidate; its `directions`, `positive` and `random_state` are set from here.
    logistic : SplineLogistic, optional
        Second candidate.
    n_folds : int, default=4
        Inner folds, 2 or more; as many as the smaller class has judged accounts, where those are fewer.
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
        The candidate with the larger share.
    share_ : float
        Of the trees in the blend.
    cv_log_loss_ : dict of str to float
        Calibrated, cross-fitted log loss of each candidate and of the blend, in nats an account; empty where nothing
        could be cross-fitted.
    calibration_ : Calibration
        From the log-odds of the blend to those of `decision_function`.
    models_ : dict of str to BinaryClassifier
        The candidates with a share, "trees" or "logistic" or both, fitted on all accounts.
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

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        judge_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Blend, calibrate and fit.

        Parameters
        ----------
        X : array-like of shape (n, n_signals)
            nan is missing.
        y : array-like of shape (n,)
            Two classes.
        sample_weight : array-like of shape (n,), optional
            How much each account counts in fitting. An account of weight 0 is left out altogether.
        judge_weight : array-like of shape (n,), optional
            How much each account counts in blending and calibration, 0 or more; `sample_weight` by default. An account
            of weight 0 is learned from and not judged by.
        groups : array-like of shape (n,), optional
            Rows of one group are in one fold; by default each row is on its own.

        Returns
        -------
        RelationshipClassifier
            Itself.
        """
        values, second, weights = self._accept(X, y, sample_weight)
        if self.n_folds <= 1:
            raise ValueError(f"n_folds must be 2 or more, got {self.n_folds}.")
        counted = np.ones(len(values), dtype=bool)
        if sample_weight is not None:
            counted = np.asarray(sample_weight, dtype=np.float64) > 0
        judging = _judging(judge_weight, counted, weights)
        together = None if groups is None else np.asarray(groups)[counted]
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        candidates = self._candidates(seed, self._signs(values.shape[1]))
        self.share_, self.calibration_ = 0.0, Calibration()
        self.cv_log_loss_: dict[str, float] = {}
        splits = inner_folds(second, judging > 0, together, self.n_folds, seed)
        if splits:
            unseen = {name: cross_fit(one, values, second, weights, splits) for name, one in candidates.items()}
            self._blend(unseen, second, judging)
        self.chosen_ = "trees" if self.share_ >= 1 - self.share_ else "logistic"
        self.models_ = {name: candidates[name].fit(values, second, sample_weight=weights) for name in self.shares()}
        return self

    def _blend(self, unseen: dict[str, Floats], second: NDArray[np.intp], judging: Floats) -> None:
        """Choose the share and calibrate, by the judged accounts."""
        judged = judging > 0
        trees, logistic = unseen["trees"][judged], unseen["logistic"][judged]
        target, weights = second[judged], judging[judged]
        blends = [share * trees + (1.0 - share) * logistic for share in SHARES]
        fits = [Calibration.fit(blend, target, weights) for blend in blends]
        losses = [log_loss(fit.apply(blend), target, weights) for fit, blend in zip(fits, blends, strict=True)]
        single = 0 if losses[0] < losses[-1] else len(SHARES) - 1
        best = int(np.argmin(losses))
        best = best if losses[best] < losses[single] - BLEND_GAIN else single
        self.share_, self.calibration_ = float(SHARES[best]), fits[best]
        self.cv_log_loss_ = {"trees": losses[-1], "logistic": losses[0], "blend": losses[best]}

    def shares(self) -> dict[str, float]:
        """Give the share of each model in the blend; those without one are left out."""
        shares = {"trees": self.share_, "logistic": 1.0 - self.share_}
        return {name: share for name, share in shares.items() if share > 0}

    def _candidates(self, seed: int, signs: NDArray[np.intp]) -> dict[str, BinaryClassifier]:
        """Give both candidates, unfitted, with directions that speak of ``classes_[1]``."""
        trees = clone(self.trees) if self.trees is not None else PairwiseTrees()
        logistic = clone(self.logistic) if self.logistic is not None else SplineLogistic()
        return {
            "trees": trees.set_params(directions=signs, positive=None, random_state=seed),
            "logistic": logistic.set_params(directions=signs, positive=None),
        }

    def _log_odds(self, X: Floats) -> Floats:
        total = np.zeros(len(X))
        for name, share in self.shares().items():
            total += share * self.models_[name].decision_function(X)
        return self.calibration_.apply(total)


def _judging(judge_weight: ArrayLike | None, counted: NDArray[np.bool_], weights: Floats) -> Floats:
    """Give the weight of each counted account in what is judged; ValueError where one is below 0."""
    if judge_weight is None:
        return weights
    given = _check_sample_weight(judge_weight, counted, dtype=np.float64, ensure_non_negative=True)
    return np.asarray(given, dtype=np.float64)[counted]
