"""Gradient-boosted trees that see at most two signals at a time, bagged."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils import check_random_state

from training.estimation.binary import BinaryClassifier, Floats
from training.estimation.leaves import Leaves
from training.estimation.threads import threads_for

__all__ = ["PairwiseTrees"]

_MOST_BAGS = 4
_WORTH_ONE_BAG = 8_000
"""Few accounts are learned from several times over, since what is drawn tells most there; so the time stays level."""

_MANY = 4_000
_SLOW, _FAST = (300, 0.05), (150, 0.1)
"""Trees and their learning rate, for fewer accounts and for more."""


class PairwiseTrees(BinaryClassifier):
    """A bag of gradient-boosted trees limited to pairs of signals, averaged in log-odds.

    Parameters
    ----------
    n_bags : int, optional
        Ensembles to average; they differ by the signals that each split chooses from, and by their accounts where
        `bag_share` is below 1. By default four for few accounts, one from some thousand on.
    bag_share : float, default=1.0
        Share of each class that a bag is fitted on, in (0, 1]. Drawn without replacement.
    max_iter, learning_rate : optional
        As in scikit-learn's HistGradientBoostingClassifier. By default 300 trees at a rate of 0.05 for few accounts,
        from some thousand on half as many at twice the rate, which are as good there.
    max_leaf_nodes, min_samples_leaf, l2_regularization, max_bins, max_features
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
        n_bags: int | None = None,
        bag_share: float = 1.0,
        max_iter: int | None = None,
        learning_rate: float | None = None,
        max_leaf_nodes: int = 15,
        min_samples_leaf: int = 5,
        l2_regularization: float = 3.0,
        max_bins: int = 255,
        max_features: float = 0.15,
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
        n_bags = min(_MOST_BAGS, max(1, _WORTH_ONE_BAG // len(values))) if self.n_bags is None else self.n_bags
        if n_bags < 1 or not 0 < self.bag_share <= 1:
            raise ValueError(f"n_bags must be 1 or more and bag_share in (0, 1], got {n_bags} and {self.bag_share}.")
        signs = self._signs(values.shape[1])
        seeds = check_random_state(self.random_state).randint(np.iinfo(np.int32).max, size=n_bags)
        # Binning by weighted quantiles takes scikit-learn several times as long as all its trees: weighted accounts
        # come binned. Equal weights are none.
        uneven = bool(np.ptp(weights) > 0)
        n_trees, rate = _FAST if len(values) >= _MANY else _SLOW
        self.n_iter_ = n_trees if self.max_iter is None else self.max_iter
        self._rate = rate if self.learning_rate is None else self.learning_rate
        tops = [_tops(column, self.max_bins) for column in values.T] if uneven else None
        binned = values if tops is None else _lift(values, tops)
        weighed = weights if uneven else None
        self.bags_ = [self._fit_bag(binned, second, weighed, signs, int(seed)) for seed in seeds]
        if tops is not None:
            _lower_thresholds(self.bags_, tops)
        return self

    def _fit_bag(
        self, X: Floats, second: NDArray[np.intp], weights: Floats | None, signs: NDArray[np.intp], seed: int
    ) -> HistGradientBoostingClassifier:
        rows = draw_rows(second, self.bag_share, np.random.default_rng(seed))
        drawn = X[rows]
        # scikit-learn 1.9 fails on a column without any value. No tree splits on one of equal values either.
        drawn[:, np.isnan(drawn).all(axis=0)] = 0.0
        trees = HistGradientBoostingClassifier(
            learning_rate=self._rate,
            max_iter=self.n_iter_,
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
        with threads_for(1):
            return trees.fit(drawn, second[rows], sample_weight=None if weights is None else weights[rows])

    def _log_odds(self, X: Floats) -> Floats:
        total = np.zeros(len(X))
        with threads_for(len(X)):
            for bag in self.bags_:
                total += bag.decision_function(X)
        return total / len(self.bags_)

    @property
    def base_(self) -> float:
        """Log-odds of ``classes_[1]`` before any tree."""
        return float(np.mean([bag._baseline_prediction.item() for bag in self.bags_]))

    @property
    def leaves_(self) -> Leaves:
        """Leaves of all trees, as the average over bags has them."""
        return Leaves.of_trees(_trees(self.bags_), 1.0 / len(self.bags_))


def _trees(bags: list[HistGradientBoostingClassifier]) -> list[NDArray[np.void]]:
    return [tree.nodes for bag in bags for (tree,) in bag._predictors]


def _tops(column: Floats, max_bins: int) -> Floats:
    """Choose at most `max_bins` values such that about as many accounts lie up to each as between the others."""
    known = np.sort(column[~np.isnan(column)])
    distinct = np.unique(known)
    if len(distinct) <= max_bins:
        return distinct
    places = np.linspace(0, len(known) - 1, max_bins + 1)[1:]
    return np.unique(known[np.ceil(places).astype(np.intp)])


def _lift(X: Floats, tops: list[Floats]) -> Floats:
    """Raise each value to the greatest of its bin."""
    lifted = X.copy()
    for place, greatest in enumerate(tops):
        known = ~np.isnan(X[:, place])
        lifted[known, place] = greatest[np.searchsorted(greatest, X[known, place])]
    return lifted


def _lower_thresholds(bags: list[HistGradientBoostingClassifier], tops: list[Floats]) -> None:
    """Put each threshold where it parts the values themselves: on the greatest of the bins to its left."""
    for nodes in _trees(bags):
        for node in nodes:
            greatest = tops[node["feature_idx"]]
            if not node["is_leaf"] and np.isfinite(node["num_threshold"]):
                node["num_threshold"] = greatest[np.searchsorted(greatest, node["num_threshold"], side="right") - 1]


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
