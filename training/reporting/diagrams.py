"""The numbers behind the report's diagrams: are the probabilities true, and what does it cost to be sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from training.judging.crossfit import CrossFitted, decide_folds
from training.judging.metrics import mass_bins, share

__all__ = ["ALPHAS", "Bargain", "Coverage", "Reliability", "alpha_table", "reliability", "risk_coverage", "wilson"]

ALPHAS: Final = (0.01, 0.02, 0.03, 0.05, 0.10, 0.20)
"""Limits on the share wrong that a business may want to choose from."""

_Z: Final = 1.959963984540054  # 95 % of a normal distribution lie within so many standard deviations
_POINTS: Final = 150  # more cannot be told apart on a screen
_LEAST: Final = 20  # accounts below which a share wrong is noise

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """What was said against what came true, in bins of equal mass by ascending probability.

    Attributes
    ----------
    said, came_true, low, high : ndarray of float64, shape (b,)
        Mean probability of "client" and share of clients, with its 95 % interval.
    mass : ndarray of float64, shape (b,)
        Share of the accounts; they sum to 1.
    counts : ndarray of int64, shape (b,)
        Accounts in the bin.
    """

    said: Floats
    came_true: Floats
    low: Floats
    high: Floats
    mass: Floats
    counts: Ints


def reliability(y: Bools, probability: Floats, weights: Floats) -> Reliability:
    """Bin probabilities as the calibration error of :mod:`training.judging.metrics` does, ties sharing what came true.

    Parameters
    ----------
    y : ndarray of bool, shape (n,)
        True for a client.
    probability : ndarray of float64, shape (n,)
        Of "client", in [0, 1].
    weights : ndarray of float64, shape (n,)
        0 or more, some above; accounts of weight 0 have no part.

    Returns
    -------
    Reliability
        At most ten bins; fewer where single accounts weigh more than a tenth.
    """
    order = np.argsort(probability, kind="stable")
    order = order[weights[order] > 0]
    p, w = probability[order], weights[order]
    last_of_tie = np.flatnonzero(np.append(p[1:] != p[:-1], len(p) > 0))
    bins, client = mass_bins(w, y[order].astype(np.float64), last_of_tie)
    _, bins = np.unique(bins, return_inverse=True)
    total = np.bincount(bins, w)
    came_true = np.bincount(bins, w * client) / total
    low, high = wilson(came_true, total**2 / np.bincount(bins, w**2))
    return Reliability(
        said=np.bincount(bins, w * p) / total,
        came_true=came_true,
        low=low,
        high=high,
        mass=total / total.sum(),
        counts=np.bincount(bins).astype(np.int64),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """The share wrong when only the surest accounts are answered.

    Attributes
    ----------
    answered : ndarray of float64, shape (k,)
        Share of the accounts, ascending to 1.
    wrong, low, high : ndarray of float64, shape (k,)
        Share wrong among those, with its 95 % interval at each point alone.
    """

    answered: Floats
    wrong: Floats
    low: Floats
    high: Floats


def risk_coverage(y: Bools, probability: Floats, weights: Floats) -> Coverage:
    """Answer the surest accounts first and count errors (El-Yaniv and Wiener 2010, JMLR 11).

    Parameters
    ----------
    y, probability, weights
        See `reliability`. An account is called client above 0.5; the surer, the further from 0.5. Accounts equally
        sure are answered together.

    Returns
    -------
    Coverage
        From the first point with twenty accounts on, thinned to what a plot can show.
    """
    sureness = np.abs(probability - 0.5)
    order = np.argsort(-sureness, kind="stable")
    order = order[weights[order] > 0]
    sure, w = sureness[order], weights[order]
    wrong = ((probability[order] > 0.5) != y[order]).astype(np.float64)  # noqa: PLR2004 - even chances
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], True))
    ends = ends[(ends + 1 >= _LEAST) | (ends == len(sure) - 1)]
    if len(ends) > _POINTS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, _POINTS).astype(np.intp))]
    total = np.cumsum(w)[ends]
    share = np.cumsum(w * wrong)[ends] / total
    low, high = wilson(share, total**2 / np.cumsum(w**2)[ends])
    return Coverage(total / w.sum(), share, low, high)


def wilson(share: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Return the 95 % interval of a share (Wilson 1927, JASA 22).

    Parameters
    ----------
    share : ndarray of float64
    n : ndarray of float64
        Accounts behind each; of weighted ones the effective number (Kish 1965).

    Returns
    -------
    low, high : ndarray of float64

    Examples
    --------
    >>> low, high = wilson(np.array([0.5]), np.array([100.0]))
    >>> low.round(3), high.round(3)
    (array([0.404]), array([0.596]))
    """
    centre = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return np.maximum(centre - reach, 0.0), np.minimum(centre + reach, 1.0)


@dataclass(frozen=True, slots=True)
class Bargain:
    """What one limit on the share wrong buys, on accounts that had no say in the thresholds.

    Attributes
    ----------
    alpha : float
        At most this share of the automatic answers of a kind may be wrong.
    chosen : bool
        It is the limit of this model.
    auto_client, auto_customer : float
        Share of all accounts answered automatically, of each kind.
    wrong_client, wrong_customer : float or None
        Share wrong among those; None where there are none.
    missed : float or None
        Share of true clients automatically called customer; None without clients.
    """

    alpha: float
    chosen: bool
    auto_client: float
    auto_customer: float
    wrong_client: float | None
    wrong_customer: float | None
    missed: float | None

    @property
    def auto(self) -> float:
        """Share of all accounts answered automatically."""
        return self.auto_client + self.auto_customer

    @property
    def reviews(self) -> float:
        """Reviews among 1,000 accounts."""
        return 1000.0 * (1.0 - self.auto)


def alpha_table(found: CrossFitted, alphas: Sequence[float] = ALPHAS) -> list[Bargain]:
    """Try limits on the share wrong, each fold answered by thresholds certified without it.

    Parameters
    ----------
    found : CrossFitted
    alphas : sequence of float
        Each in (0, 1). The model's own limit is put among them.

    Returns
    -------
    list of Bargain
        In ascending order of the limit; none where no account is judged by.
    """
    if not found.weights.any():
        return []
    own = found.limits.alpha
    rows = []
    for alpha in sorted({*alphas, own}):
        if alpha == own:
            client, customer = found.answers.auto_client, found.answers.auto_customer
        else:
            client, customer = decide_folds(found, replace(found.limits, alpha=alpha))
        rows.append(_bargain(found, alpha, client, customer))
    return rows


def _bargain(found: CrossFitted, alpha: float, client: Bools, customer: Bools) -> Bargain:
    y, weights, everyone = found.y, found.weights, np.ones(len(found.y), dtype=bool)
    return Bargain(
        alpha=alpha,
        chosen=alpha == found.limits.alpha,
        auto_client=share(client, everyone)(weights) or 0.0,
        auto_customer=share(customer, everyone)(weights) or 0.0,
        wrong_client=share(~y, client)(weights),
        wrong_customer=share(y, customer)(weights),
        missed=share(customer, y)(weights),
    )
