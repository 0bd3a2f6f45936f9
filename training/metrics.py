"""Figures of how good probabilities and automatic answers are, with bootstrap intervals.

Every figure is a function of weights of the accounts, so that a resample is a vector of counts and all figures of one
resample speak of the same accounts. Where the accounts leave a figure undefined (one class alone, no automatic answer)
it is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from models.manifest import Estimate

__all__ = ["DRAWS", "Figure", "estimate", "probability_figures", "share"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Figure = Callable[[Floats], float | None]
"""From a weight an account, 0 or more, to a number."""

DRAWS: Final = 500
"""Resamples behind an interval."""

N_BINS: Final = 10
"""Bins of the calibration error, of equal mass."""

_LEAST: Final = 1e-15  # of a probability, so that one account cannot make the log loss infinite


def probability_figures(y: Bools, probability: Floats) -> dict[str, Figure]:
    """Return the figures of probabilities of "client".

    Parameters
    ----------
    y : ndarray of bool, shape (n,)
        True for a client.
    probability : ndarray of float64, shape (n,)
        In [0, 1].

    Returns
    -------
    dict of str to Figure
        `auroc` and `average_precision` of ranking clients first, in [0, 1]; `log_loss` in nats an account; `brier`,
        the mean squared error; `ece`, the mean distance of probability and share of clients over 10 bins of equal mass
        (expected calibration error).
    """
    order = np.argsort(probability, kind="stable")
    p, client = probability[order], y[order].astype(np.float64)
    last_of_tie = np.flatnonzero(np.append(p[1:] != p[:-1], len(p) > 0))
    sure = np.clip(np.where(y, probability, 1.0 - probability), _LEAST, 1.0)
    return {
        "auroc": partial(_auroc, order, client, last_of_tie),
        "average_precision": partial(_average_precision, order, client, last_of_tie),
        "log_loss": partial(_mean, -np.log(sure)),
        "brier": partial(_mean, (probability - y) ** 2),
        "ece": partial(_calibration_error, order, client, p),
    }


def share(part: Bools, whole: Bools) -> Figure:
    """Return the figure "how many of `whole` are also `part`"."""
    return partial(_share, (part & whole).astype(np.float64), whole.astype(np.float64))


def estimate(figures: Mapping[str, Figure], n: int, seed: int, draws: int = DRAWS) -> dict[str, Estimate]:
    """Estimate figures with 95 % intervals of the bootstrap (Efron 1979).

    Parameters
    ----------
    figures : mapping of str to Figure
    n : int
        Accounts.
    seed : int
        The same seed draws the same accounts, so figures of two models on one draw are paired.
    draws : int

    Returns
    -------
    dict of str to Estimate
        The interval is that of the resamples, moved so that their median is the figure: resampling adds the noise of
        the draw once more, which inflates a calibration error. Resamples that leave a figure undefined are passed over.
    """
    rng = np.random.default_rng(seed)
    resamples: dict[str, list[float]] = {name: [] for name in figures}
    for _ in range(draws):
        weights = np.bincount(rng.integers(n, size=n), minlength=n).astype(np.float64)
        for name, figure in figures.items():
            value = figure(weights)
            if value is not None:
                resamples[name].append(value)
    return {name: _with_interval(figure(np.ones(n)), resamples[name]) for name, figure in figures.items()}


def _with_interval(value: float | None, resamples: list[float]) -> Estimate:
    if value is None or not resamples:
        return Estimate(value=value, low=None, high=None)
    low, middle, high = np.quantile(resamples, (0.025, 0.5, 0.975)).tolist()
    return Estimate(value=value, low=max(low + value - middle, 0.0), high=high + value - middle)


def _mean(values: Floats, weights: Floats) -> float:
    return float(weights @ values / weights.sum())


def _share(part: Floats, whole: Floats, weights: Floats) -> float | None:
    total = float(weights @ whole)
    return None if total == 0 else float(weights @ part) / total


def _by_tie(
    order: npt.NDArray[np.intp], client: Floats, last_of_tie: npt.NDArray[np.intp], weights: Floats
) -> tuple[Floats, Floats]:
    """Return the weight of clients and of customers at or below each distinct probability, ascending."""
    ranked = weights[order]
    clients = np.cumsum(ranked * client)[last_of_tie]
    return clients, np.cumsum(ranked)[last_of_tie] - clients


def _auroc(
    order: npt.NDArray[np.intp], client: Floats, last_of_tie: npt.NDArray[np.intp], weights: Floats
) -> float | None:
    clients, customers = _by_tie(order, client, last_of_tie, weights)
    pairs = clients[-1] * customers[-1]
    if pairs == 0:
        return None
    # Of those who tie, half count as ranked rightly.
    return float(np.diff(clients, prepend=0.0) @ (customers - np.diff(customers, prepend=0.0) / 2) / pairs)


def _average_precision(
    order: npt.NDArray[np.intp], client: Floats, last_of_tie: npt.NDArray[np.intp], weights: Floats
) -> float | None:
    clients, customers = _by_tie(order, client, last_of_tie, weights)
    if clients[-1] == 0 or customers[-1] == 0:
        return None
    gained = np.diff(clients, prepend=0.0)
    # At or above each distinct probability.
    found = clients[-1] - clients + gained
    called = found + customers[-1] - customers + np.diff(customers, prepend=0.0)
    return float(gained @ (found / np.maximum(called, _LEAST)) / clients[-1])


def _calibration_error(order: npt.NDArray[np.intp], client: Floats, p: Floats, weights: Floats) -> float:
    ranked = weights[order]
    before = np.cumsum(ranked) - ranked
    bins = np.minimum((before * (N_BINS / ranked.sum())).astype(np.intp), N_BINS - 1)
    return float(np.abs(np.bincount(bins, ranked * (p - client))).sum() / ranked.sum())
