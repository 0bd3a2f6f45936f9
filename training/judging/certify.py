"""Thresholds that come with two promises, from accounts that the model never saw.

Of the automatic answers of each kind at most a share α is wrong, and of all true clients at most a share β is
automatically called customer. Both hold with confidence 1 − δ over the draw of the accounts.

A threshold is tested by an exact binomial test, stricter ones first; the first that fails ends the sequence, and the
last that passed is taken. The sequence begins where, by the scores alone, a test is likeliest to pass: at the strictest
that could pass, a single error would end it. Tested in an order fixed in advance, each side needs no correction for the
number of its thresholds (Bauer 1991, "Multiple testing in clinical trials", Statistics in Medicine 10), which makes
this a case of fixed-sequence testing in Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test: calibrating
predictive algorithms to achieve risk control" (arXiv:2110.01052). Each of the two sides may fail with δ/2.

Where accounts were labelled with unequal chances, each is kept with a probability proportional to its weight, which
turns the labelled accounts into a draw of all accounts (rejection sampling, von Neumann 1951). The same tests then hold
exactly for the weighted shares, however much the errors differ between those who are often and those who are seldom
labelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from models.policy import Thresholds

__all__ = ["ALPHA", "BETA", "DELTA", "certify"]

ALPHA: Final = 0.05
"""Largest share wrong among the automatic answers of a kind."""
BETA: Final = 0.10
"""Largest share of true clients who are automatically called customer."""
DELTA: Final = 0.10
"""Chance that a promise does not hold."""

_HALF: Final = 0.5
_GROWTH: Final = 1.05
_STREAM: Final = 2110  # keeps the draw apart from others of the same seed, which may have chosen the accounts
_CAUTION: Final = 0.2  # of α: where to begin is chosen as if so much more were wrong than the scores say

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]


def certify(
    probability_client: Floats,
    y: Bools,
    eligible: Bools | None = None,
    alpha: float = ALPHA,
    beta: float = BETA,
    delta: float = DELTA,
    weights: Floats | None = None,
    seed: int = 0,
) -> Thresholds:
    """Find the widest automatic ranges for which both promises can be made.

    Parameters
    ----------
    probability_client : ndarray of float64, shape (n,)
        Of accounts that the model never saw, drawn as those that it will see, or weighted so that they are.
    y : ndarray of bool, shape (n,)
        True for a client.
    eligible : ndarray of bool, shape (n,), optional
        False where some other reason sends the account to review anyway; all by default. The share wrong is
        counted among the eligible; the share of clients among all clients.
    alpha, beta, delta : float
        In (0, 1).
    weights : ndarray of float64, shape (n,), optional
        1 / the chance with which the account was chosen for labelling, up to a common factor; all equal by default.
        0 leaves an account out, as if it were not there. The largest has to be among them: an account that is labelled
        still more seldom is one that the promises do not know of.
    seed : int
        Of the draw that makes unequal weights equal. Equal weights need none.

    Returns
    -------
    Thresholds
        From `client` upwards an answer is automatically client, from `customer` downwards automatically customer;
        None where nothing can be promised.

    Raises
    ------
    ValueError
        A limit is not in (0, 1), a probability not in [0, 1], or a weight below 0 or not finite.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> p = rng.beta(0.3, 0.3, size=2000)
    >>> certify(p, rng.random(2000) < p).client < 0.9
    True
    >>> certify(p[:50], rng.random(50) < p[:50])
    Thresholds(client=None, customer=None, alpha=0.05, beta=0.1, delta=0.1)
    """
    _check(probability_client, alpha, beta, delta)
    asked = np.ones(len(y), dtype=bool) if eligible is None else eligible
    if weights is not None:
        kept = _even(weights, seed)
        probability_client, y, asked = probability_client[kept], y[kept], asked[kept]
    level = delta / 2
    p, client = probability_client[asked], y[asked]
    above = _widest(_Side(p, 1.0 - p, ~client, _HALF), _Limit(alpha, level))
    # On the customer's side a threshold has to pass for both promises, each at the full δ/2: to pass it wrongly is to
    # pass one of them wrongly.
    bearable, expected = _most(np.array([y.sum(), np.rint(probability_client.sum())]), beta, level).tolist()
    spared = _Limit(alpha, level, bearable, max(expected, 0.0))
    below = _widest(_Side(-p, p, client, -_HALF), spared)
    return Thresholds(
        client=above,
        customer=None if below is None else -below,
        alpha=alpha,
        beta=beta,
        delta=delta,
    )


def _even(weights: Floats, seed: int) -> Bools:
    """Draw the accounts to keep, each with a probability proportional to its weight; 1 for the largest.

    A test by betting on weighted errors (Waudby-Smith and Ramdas 2024, JRSS-B 86) needs no draw, yet passes less often
    where weights take few values: with 1,000 labels, of which 10 % weigh 50 and the others 1, an error of 2 % passes a
    limit of 5 % in 38 % of the draws here and in 31 % there. With evenly spread weights, which nobody samples by,
    betting is the better one.
    """
    if not (np.isfinite(weights) & (weights >= 0.0)).all():
        raise ValueError("A weight is below 0, infinite or nan: expected 1 / the chance of being labelled, or 0.")
    heaviest = weights.max(initial=np.finfo(np.float64).tiny)
    chances = np.random.default_rng([seed, _STREAM]).random(len(weights))
    return np.asarray(chances < weights / heaviest)


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """The accounts that one side may answer.

    Attributes
    ----------
    scores : ndarray of float64, shape (n,)
        High where its answer is likely.
    doubt : ndarray of float64, shape (n,)
        Probability that its answer is wrong, by the scores.
    wrong : ndarray of bool, shape (n,)
        Whether it is wrong.
    half : float
        Up to this score the answer is the other one.
    """

    scores: Floats
    doubt: Floats
    wrong: Bools
    half: float


@dataclass(frozen=True, slots=True)
class _Limit:
    """How many errors pass.

    Attributes
    ----------
    alpha, level : float
        Largest share wrong, and the level of its test.
    bearable, expected : float
        Errors that another promise bears, and the same without a look at the labels.
    """

    alpha: float
    level: float
    bearable: float = np.inf
    expected: float = np.inf


def _widest(side: _Side, limit: _Limit) -> float | None:
    """Test thresholds, stricter ones first, and return the last that passes; None where the first does not."""
    order = np.argsort(-side.scores, kind="stable")
    negated = -side.scores[order]
    answered = int(np.searchsorted(negated, -side.half, side="left"))
    # A bound is the score of an account that is itself not counted: those above it are an independent draw of all that
    # will ever score above it, so the test is exact.
    bounds = np.unique(np.append(negated[_sizes(answered)], -side.half))
    counted = np.searchsorted(negated, bounds, side="left")
    most = _most(counted, limit.alpha, limit.level)
    doubt = np.concatenate(([0.0], np.cumsum(side.doubt[order])))[counted] / np.maximum(counted, 1)
    chance = binom.cdf(np.minimum(most, limit.expected), counted, np.minimum(doubt + _CAUTION * limit.alpha, 1.0))
    first = int(np.argmax(chance))
    errors = np.concatenate(([0], np.cumsum(side.wrong[order])))[counted]
    passed = np.logical_and.accumulate((errors <= np.minimum(most, limit.bearable))[first:])
    return float(np.nextafter(-bounds[first + passed.sum() - 1], np.inf)) if passed[0] else None


def _sizes(answered: int) -> Counts:
    """Return how many accounts the thresholds are to let through, each about 5 % more than the one before."""
    steps = np.arange(np.ceil(np.log(max(answered, 1)) / np.log(_GROWTH)))
    return np.unique((_GROWTH**steps).astype(np.int64))


def _most(trials: npt.ArrayLike, share: float, level: float) -> Floats:
    """Return the most errors with which a test passes that at most `share` are wrong; -1 where none can pass."""
    count = np.asarray(binom.ppf(level, trials, share), dtype=np.float64)
    return np.where(binom.cdf(count, trials, share) <= level, count, count - 1.0)


def _check(probability_client: Floats, alpha: float, beta: float, delta: float) -> None:
    for name, limit in (("alpha", alpha), ("beta", beta), ("delta", delta)):
        if not 0.0 < limit < 1.0:
            raise ValueError(f"{name} is {limit}: expected a share between 0 and 1, both excluded.")
    if not ((probability_client >= 0.0) & (probability_client <= 1.0)).all():
        raise ValueError("A probability lies outside 0 to 1, or is nan.")
