"""How good a model gets by how many accounts people label, asked about in random order or in the review desk's.

Each repeat keeps a fifth of the accounts out. Of the others both orders reveal one label after another: the desk's by
what the model of the labels so far is unsure of, the other by chance. At each size a model learns from what is
revealed and is judged on the accounts kept out. With all labels the two are one model: what differs is the way there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import numpy as np
import numpy.typing as npt

from features.events import BadInput
from features.progress import Progress, silent
from models.manifest import Estimate
from reviews.order import next_to_ask
from training.asking.labelling import METRICS, ORDERS, Ask, Judged, Labelling
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier
from training.judging.folds import LEAST_PER_CLASS, N_FOLDS, split
from training.labelled.dataset import Dataset

__all__ = ["GAIN", "METRICS", "ORDERS", "LearningCurve", "labels_needed", "learn_curve", "quick_estimator", "sizes_for"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

GAIN: Final = 0.95
"""Of what all labels gain over none: the share that labels are counted up to."""

FIRST: Final = 20
"""Labels at the start."""

GROWTH: Final = 1.3
"""From one size to the next; a fit each."""

_DRAWS: Final = 1000


@dataclass(frozen=True, slots=True, eq=False)
class LearningCurve:
    """Figures by number of labels and order of asking, each on accounts that were kept out.

    Attributes
    ----------
    sizes : ndarray of int, shape (k,)
        Labels revealed, ascending; the last is all there are.
    values : dict
        By order and then by metric: float64 of shape (repeats, k), nan where undefined.
    nothing : dict
        By metric, shape (repeats,): that of the base rate, which is what one has without a model.
    n_held_out : int
        Accounts kept out in each repeat, about.
    """

    sizes: Rows
    values: dict[str, dict[str, Floats]]
    nothing: dict[str, Floats]
    n_held_out: int

    @property
    def repeats(self) -> int:
        """How many times accounts were kept out."""
        return len(self.nothing[METRICS[0]])

    def needed(self, order: str, metric: str) -> Estimate:
        """Count the labels that reach `GAIN` of what all labels gain over none, in the mean of the repeats."""
        return self._over_repeats(lambda rows: self._needed(order, metric, rows))

    def ratio(self, metric: str) -> Estimate:
        """Divide the labels that the desk's order needs by those that the random one needs."""
        return self._over_repeats(
            lambda rows: self._needed("desk", metric, rows) / self._needed("random", metric, rows)
        )

    def _needed(self, order: str, metric: str, rows: Rows) -> float:
        return labels_needed(
            self.sizes, self.values[order][metric][rows].mean(axis=0), float(self.nothing[metric][rows].mean())
        )

    def _over_repeats(self, measure: Callable[[Rows], float]) -> Estimate:
        """Give a count with the 95 % interval of a bootstrap over repeats: how far draws and splits move it."""
        rng = np.random.default_rng(0)
        value = measure(np.arange(self.repeats))
        if self.repeats == 1:
            return Estimate(value=None if np.isnan(value) else value, low=None, high=None)
        drawn = np.array([measure(rng.integers(self.repeats, size=self.repeats)) for _ in range(_DRAWS)])
        if np.isnan(value) or np.isnan(drawn).all():
            return Estimate(value=None, low=None, high=None)
        low, high = np.nanquantile(drawn, (0.025, 0.975)).tolist()
        return Estimate(value=value, low=low, high=high)


def learn_curve(
    dataset: Dataset,
    seed: int,
    *,
    repeats: int = N_FOLDS,
    sizes: Sequence[int] | None = None,
    estimator: RelationshipClassifier | None = None,
    ask: Ask = next_to_ask,
    progress: Progress = silent,
) -> LearningCurve:
    """Simulate labelling in both orders.

    Accounts that were picked by hand for labelling are left out: they would make "random" something else.

    Parameters
    ----------
    dataset : Dataset
        Labelled by people.
    seed : int
        Of splits, draws and models.
    repeats : int
        How many times. In any five in a row each account is kept out once.
    sizes : sequence of int, optional
        At which a model is fitted; `sizes_for` by default. All labels are added to them.
    estimator : RelationshipClassifier, optional
        What learns; `quick_estimator` by default.
    ask : callable, optional
        The desk's order; another one to compare.
    progress : callable, optional

    Returns
    -------
    LearningCurve

    Raises
    ------
    BadInput
        There are too few labels, sizes do not lie among them, or the labels are the rules' own.
    """
    used = dataset.take(dataset.judged)
    _check(used, repeats)
    splits = [pair for turn in range(-(-repeats // N_FOLDS)) for pair in split(used, seed + turn)][:repeats]
    steps = _steps(sizes, min(len(pool) for pool, _ in splits))
    fits = repeats * (len(ORDERS) * (len(steps) - 1) + 1)
    done = count(1)
    trial = Labelling(
        used,
        quick_estimator() if estimator is None else estimator,
        ask,
        lambda: progress("Labelling and learning", next(done), fits),
    )
    found = [trial.run(pool, kept, steps, seed + number) for number, (pool, kept) in enumerate(splits)]
    return LearningCurve(
        sizes=steps,
        values={order: _by_metric([one[order] for one in found]) for order in ORDERS},
        nothing={name: values[:, 0] for name, values in _by_metric([one["nothing"] for one in found]).items()},
        n_held_out=len(splits[0][1]),
    )


def quick_estimator() -> RelationshipClassifier:
    """Return the product's estimator with fewer and larger steps: a curve takes some hundred fits."""
    return RelationshipClassifier(trees=PairwiseTrees(max_iter=50, learning_rate=0.15), n_folds=3)


def sizes_for(n: int) -> list[int]:
    """Return numbers of labels from `FIRST` on, each `GROWTH` times the one before, below n."""
    found, size = [], float(FIRST)
    while round(size) < n:
        found.append(round(size))
        size *= GROWTH
    return found


def labels_needed(sizes: Rows, values: Floats, nothing: float, gain: float = GAIN) -> float:
    """Find from how many labels on a curve keeps a share of what all labels gain over none.

    Parameters
    ----------
    sizes : ndarray of int, shape (k,)
        Ascending.
    values : ndarray of float64, shape (k,)
        Of a metric, whichever way is better. The last is that of all labels.
    nothing : float
        Of no label.
    gain : float
        In (0, 1).

    Returns
    -------
    float
        Between two sizes by a straight line; the least size where that is enough; nan where all labels gain nothing.

    Examples
    --------
    >>> labels_needed(np.array([10, 20, 40]), np.array([0.6, 0.8, 0.9]), 0.5, gain=0.5)
    15.0
    """
    whole = values[-1] - nothing
    if np.isnan(values).any() or whole == 0:
        return float("nan")
    reached = (values - nothing) / whole
    below = np.flatnonzero(reached < gain)
    if not len(below):
        return float(sizes[0])
    last = int(below[-1])
    share = (gain - reached[last]) / (reached[last + 1] - reached[last])
    return float(sizes[last] + share * (sizes[last + 1] - sizes[last]))


def _by_metric(repeats: Sequence[Sequence[Judged]]) -> dict[str, Floats]:
    return {name: np.array([[judged[name] for judged in one] for one in repeats]) for name in METRICS}


def _check(dataset: Dataset, repeats: int) -> None:
    if repeats < 1:
        raise BadInput(f"A curve needs 1 repeat or more, got {repeats}.")
    if dataset.distilled:
        raise BadInput("A learning curve counts labels of people; the rules' own answers are not labels.")
    clients = int(dataset.y.sum())
    customers = len(dataset) - clients
    if min(clients, customers) < LEAST_PER_CLASS or len(dataset) < 5 * FIRST:
        raise BadInput(
            f"A learning curve needs {5 * FIRST} labelled accounts that were not picked by hand, {LEAST_PER_CLASS} of "
            f"each class; there are {clients:,} clients and {customers:,} customers. Label more."
        )


def _steps(sizes: Sequence[int] | None, n_pool: int) -> Rows:
    wanted = sizes_for(n_pool) if sizes is None else sorted(set(sizes))
    if not wanted or wanted[0] <= 1 or wanted[-1] >= n_pool:
        raise BadInput(
            f"Sizes of a learning curve are numbers of labels, here from 2 to {n_pool - 1:,} (all are added); "
            f"got {', '.join(map(str, wanted)) or 'none'}."
        )
    return np.array([*wanted, n_pool], dtype=np.intp)
