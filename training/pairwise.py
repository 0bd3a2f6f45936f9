"""Gradient-boosted trees that see at most two signals at a time, bagged."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils import check_random_state
from threadpoolctl import threadpool_limits

from training.binary import BinaryClassifier, Floats

#: Rows from which scoring gains by threads.
ROWS_WORTH_THREADS = 20_000


class PairwiseTrees(BinaryClassifier):
    """A bag of gradient-boosted trees limited to pairs of signals, averaged in log-odds.

    Parameters
    ----------
    n_bags : int, default=1
        Ensembles to average. Each is fitted on its own draw of accounts. Trees limited to pairs vary little: on the
        real sets tried, four bags of 80 % were no better than one of all accounts, at four times the time.
    bag_share : float, default=1.0
        Share of each class that a bag is fitted on, in (0, 1]. Drawn without replacement. Bags differ only where this
        or `max_features` is below 1.
    max_iter, learning_rate, max_leaf_nodes, min_samples_leaf, l2_regularization, max_bins, max_features
        As in scikit-learn's HistGradientBoostingClassifier.
    directions : sequence of int, optional
        For each signal 1 where more of it can only raise the log-odds of `positive`, -1 where it can only lower them,
        else 0.
    positive : label, optional
        The class that `directions` speak of; ``classes_[1]`` by default.
    random_state : int, RandomState or None
        Seed of the draws.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    bags_ : list of HistGradientBoostingClassifier
    n_iter_ : int
        Trees in each bag.
    n_features_in_ : int
    """

    def __init__(  # noqa: PLR0913 - scikit-learn takes every parameter as an argument of its own
        self,
        *,
        n_bags: int = 1,
        bag_share: float = 1.0,
        max_iter: int = 200,
        learning_rate: float = 0.1,
        max_leaf_nodes: int = 8,
        min_samples_leaf: int = 5,
        l2_regularization: float = 3.0,
        max_bins: int = 64,
        max_features: float = 1.0,
        directions: Sequence[int] | None = None,
        positive: object = None,
        random_state: Any = None,
    ) -> None:
        self.n_bags = n_bags
        self.bag_share = bag_share
        self.max_iter = max_iter
        self.learning_rate = learning_rate
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_bins = max_bins
        self.max_features = max_features
        self.directions = directions
        self.positive = positive
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit each bag.

        Parameters
        ----------
        X : array-like of shape (n, n_signals)
            nan is missing.
        y : array-like of shape (n,)
            Two classes.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        PairwiseTrees
            Itself.
        """
        values, second, weights = self._accept(X, y, sample_weight)
        if self.n_bags < 1 or not 0 < self.bag_share <= 1:
            raise ValueError(
                f"n_bags must be 1 or more and bag_share in (0, 1], got {self.n_bags} and {self.bag_share}."
            )
        signs = self._signs(values.shape[1])
        seeds = check_random_state(self.random_state).randint(np.iinfo(np.int32).max, size=self.n_bags)
        self.bags_ = [self._fit_bag(values, second, weights, signs, int(seed)) for seed in seeds]
        self.n_iter_ = self.max_iter
        return self

    def _fit_bag(
        self, X: Floats, second: NDArray[np.intp], weights: Floats, signs: NDArray[np.intp], seed: int
    ) -> HistGradientBoostingClassifier:
        rows = draw_rows(second, self.bag_share, np.random.default_rng(seed))
        drawn = X[rows]
        # scikit-learn 1.9 fails on a column without any value. No tree splits on one of equal values either.
        drawn[:, np.isnan(drawn).all(axis=0)] = 0.0
        trees = HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            max_features=self.max_features,
            max_bins=self.max_bins,
            monotonic_cst=signs,
            interaction_cst="pairwise",
            early_stopping=False,
            random_state=seed,
        )
        # Binning by weighted percentiles takes scikit-learn longer than all its trees; equal weights need none.
        weighted = weights[rows] if np.ptp(weights) > 0 else None
        with threads_for(1):
            return trees.fit(drawn, second[rows], sample_weight=weighted)

    def _log_odds(self, X: Floats) -> Floats:
        total = np.zeros(len(X))
        with threads_for(len(X)):
            for bag in self.bags_:
                total += bag.decision_function(X)
        return total / len(self.bags_)


def threads_for(n_rows: int) -> threadpool_limits:
    """Allow more threads than one only where there are rows enough to share.

    Threads that wait for each other after each small tree cost more than they save, tenfold and more on a busy machine.
    The numbers are the same with any number of threads.
    """
    return threadpool_limits(limits=None if n_rows >= ROWS_WORTH_THREADS else 1, user_api="openmp")


def draw_rows(second: NDArray[np.intp], share: float, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw this share of the rows of each class, at least one of each, without replacement and in order.

    Parameters
    ----------
    second : ndarray of shape (n,)
        0 or 1.
    share : float
        In (0, 1].
    rng : Generator

    Returns
    -------
    ndarray
        Row numbers, ascending.
    """
    members = [np.flatnonzero(second == label) for label in (0, 1)]
    drawn = [rng.choice(rows, size=int(np.ceil(share * len(rows))), replace=False) for rows in members]
    return np.sort(np.concatenate(drawn))
