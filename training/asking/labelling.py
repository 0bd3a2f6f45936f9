"""Labelling simulated: labels that are known are hidden, and revealed in one order or another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from training.estimation.estimator import RelationshipClassifier
from training.judging.evaluate import probabilities
from training.judging.fitting import fit_scorecard
from training.judging.metrics import probability_figures
from training.labelled.dataset import Dataset

__all__ = ["METRICS", "ORDERS", "Ask", "Judged", "Labelling"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

Ask = Callable[[Floats, Floats | None, Rows, int], Rows]
"""From signals, P(client) if there is a model, the rows that were asked about and a number, to as many further rows."""

ORDERS: Final = ("random", "desk")
"""By chance, and the review desk's: :func:`reviews.order.next_to_ask`."""

METRICS: Final = ("auroc", "log_loss")
"""As in :func:`training.judging.metrics.probability_figures`."""

Judged = dict[str, float]
"""A figure by metric."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelling:
    """Accounts whose labels are hidden and revealed again.

    Attributes
    ----------
    dataset : Dataset
    estimator : RelationshipClassifier
        Not fitted itself: a clone is for each number of labels.
    ask : callable
        The desk's order.
    fitted : callable
        Called after each fit.
    """

    dataset: Dataset
    estimator: RelationshipClassifier
    ask: Ask
    fitted: Callable[[], None]

    def run(self, pool: Rows, kept: Rows, sizes: Rows, seed: int) -> dict[str, list[Judged]]:
        """Reveal the labels of a pool in each order and judge on the accounts kept out.

        Parameters
        ----------
        pool, kept : ndarray of int
            Rows of the dataset.
        sizes : ndarray of int, shape (k,)
            Numbers of labels, ascending; the last is all.
        seed : int

        Returns
        -------
        dict
            By order the figures at each size; and under `nothing` those of the base rate.
        """
        drawn = np.random.default_rng(seed).permutation(len(pool))
        orders: dict[str, Ask] = {
            "random": lambda X, said, asked, n: drawn[len(asked) : len(asked) + n],  # noqa: ARG005 - an Ask
            "desk": self.ask,
        }
        all_labels = self._figures(kept, self._learn(pool, seed)(self.dataset.X[kept]))
        self.fitted()
        found = {order: [*self._reveal(pool, kept, sizes[:-1], seed, ask), all_labels] for order, ask in orders.items()}
        return {**found, "nothing": [self._figures(kept, np.full(len(kept), self._base_rate(pool)))]}

    def _reveal(self, pool: Rows, kept: Rows, sizes: Rows, seed: int, ask: Ask) -> Iterator[Judged]:
        X = self.dataset.X[pool]
        asked = np.empty(0, dtype=np.intp)
        said: Floats | None = None
        for size in sizes:
            asked = np.append(asked, ask(X, said, asked, int(size) - len(asked)))
            # In the order of the pool, so that the same accounts give the same model however they were found.
            predict = self._learn(pool[np.sort(asked)], seed)
            said = predict(X)
            self.fitted()
            yield self._figures(kept, predict(self.dataset.X[kept]))

    def _learn(self, rows: Rows, seed: int) -> Callable[[Floats], Floats]:
        """Learn from these labels; from those of one class alone, how frequent it is (Laplace's rule)."""
        y = self.dataset.y[rows]
        if y.all() or not y.any():
            share = (y.sum() + 1) / (len(y) + 2)
            return lambda X: np.full(len(X), share)
        _, scorecard = fit_scorecard(self.dataset, self.estimator, rows, seed)
        return lambda X: probabilities(scorecard.score(X))

    def _base_rate(self, rows: Rows) -> float:
        return float(np.average(self.dataset.y[rows], weights=self.dataset.weights[rows]))

    def _figures(self, kept: Rows, probability: Floats) -> Judged:
        figures = probability_figures(self.dataset.y[kept], probability)
        values = {name: figures[name](self.dataset.weights[kept]) for name in METRICS}
        return {name: np.nan if value is None else value for name, value in values.items()}
