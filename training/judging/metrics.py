"""Figures of how good probabilities and automatic answers are, with bootstrap intervals.

Every figure is a function of weights of the accounts, so that a resample is a vector of counts and all figures of one
resample speak of the same accounts. Where the accounts leave a figure undefined (one class alone, no automatic answer)
it is None.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from models.manifest import Estimate

__all__ = ["DRAWS", "UNDEFINED", "Figure", "estimate", "mass_bins", "probability_figures", "resample", "share"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Name = TypeVar("Name", bound=Hashable)

Figure = Callable[[Floats], float | None]
"""From a weight an account, 0 or more, to a number."""

DRAWS: Final = 500
"""Resamples behind an interval."""

N_BINS: Final = 10
"""Bins of the calibration error, of equal mass."""

UNDEFINED: Final = Estimate(value=None, low=None, high=None)

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
        "ece": partial(_calibration_error, order, client, p, last_of_tie),
    }


def share(part: Bools, whole: Bools) -> Figure:
    """Return the figure "how many of `whole` are also `part`"."""
    return partial(_share, (part & whole).astype(np.float64), whole.astype(np.float64))


def estimate(figures: Mapping[Name, Figure], weights: Floats, seed: int, draws: int = DRAWS) -> dict[Name, Estimate]:
    """Estimate figures with 95 % intervals of the bootstrap (Efron 1979).

    Parameters
    ----------
    figures : mapping of name to Figure
    weights : ndarray of float64, shape (n,)
        How many accounts each of n stands for; where all are 0, every figure is undefined.
    seed : int
        The same seed draws the same accounts, so figures of two models on one draw are paired.
    draws : int

    Returns
    -------
    dict of name to Estimate
        The interval is that of the resamples, moved so that their median is the figure: resampling adds the noise of
        the draw once more, which inflates a calibration error. Resamples that leave a figure undefined are passed over.
    """
    counted = np.flatnonzero(weights)
    if not len(counted):
        return dict.fromkeys(figures, UNDEFINED)
    resamples: dict[Name, list[float]] = {name: [] for name in figures}
    drawn = np.zeros(len(weights))
    for counts in resample(len(counted), seed, draws):
        drawn[counted] = weights[counted] * counts
        for name, figure in figures.items():
            value = figure(drawn)
            if value is not None:
                resamples[name].append(value)
    return {name: _with_interval(figure(weights), resamples[name]) for name, figure in figures.items()}


def resample(n: int, seed: int, draws: int = DRAWS) -> Iterator[Floats]:
    """Yield for each of `draws` resamples how often it holds each of n accounts, shape (n,)."""
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        yield np.bincount(rng.integers(n, size=n), minlength=n).astype(np.float64)


def _with_interval(value: float | None, resamples: list[float]) -> Estimate:
    if value is None or not resamples:
        return Estimate(value=value, low=None, high=None)
    low, middle, high = np.quantile(resamples, (0.025, 0.5, 0.975)).tolist()
    return Estimate(value=value, low=max(low + value - middle, 0.0), high=high + value - middle)


def _sum(values: Floats, weights: Floats) -> float:
    """Add up; a product of vectors (`@`) would depend, in its last bits, on how many threads it takes."""
    return float((weights * values).sum())


def _mean(values: Floats, weights: Floats) -> float:
    return _sum(values, weights) / float(weights.sum())


def _share(part: Floats, whole: Floats, weights: Floats) -> float | None:
    total = _sum(whole, weights)
    return None if total == 0 else _sum(part, weights) / total


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
    return _sum(customers - np.diff(customers, prepend=0.0) / 2, np.diff(clients, prepend=0.0)) / float(pairs)


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
    return _sum(found / np.maximum(called, _LEAST), gained) / float(clients[-1])


def _calibration_error(
    order: npt.NDArray[np.intp], client: Floats, p: Floats, last_of_tie: npt.NDArray[np.intp], weights: Floats
) -> float:
    ranked = weights[order]
    bins, found = mass_bins(ranked, client, last_of_tie)
    return float(np.abs(np.bincount(bins, ranked * (p - found))).sum() / ranked.sum())


def mass_bins(
    weights: Floats, client: Floats, last_of_tie: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.intp], Floats]:
    """Part accounts, ascending in probability, into `N_BINS` of equal mass.

    A border between bins may part accounts of one probability: each then stands for all of them, so that their order
    has no say.

    Parameters
    ----------
    weights, client : ndarray of float64, shape (n,)
        `client` is 1 or 0.
    last_of_tie : ndarray of int
        Position of the last account of each probability.

    Returns
    -------
    bins : ndarray of int, shape (n,)
        From 0.
    found : ndarray of float64, shape (n,)
        Share of clients among all accounts of that probability.
    """
    before = np.cumsum(weights) - weights
    bins = np.minimum((before * (N_BINS / weights.sum())).astype(np.intp), N_BINS - 1)
    tie = np.repeat(np.arange(len(last_of_tie)), np.diff(last_of_tie, prepend=-1))
    mass = np.bincount(tie, weights)
    found = np.bincount(tie, weights * client) / np.where(mass > 0, mass, 1.0)
    return bins, found[tie]
