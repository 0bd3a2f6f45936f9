"""An exact interval for a share, without scipy, which serving must not reach."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

__all__ = ["beta_below", "exact_interval"]

_TINY: Final = 1e-300
_STEPS: Final = 500
_HALVINGS: Final = 60


def exact_interval(found: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Return the interval of Clopper and Pearson (1934) for a share.

    It covers the true share with at least this confidence, whatever that is, and with few cases with more.

    Parameters
    ----------
    found, n : float
        How many of how many. They need not be whole: for a weighted sample an effective number stands.
    confidence : float
        In (0, 1).

    Returns
    -------
    low, high : float
        In [0, 1].

    Examples
    --------
    >>> [round(bound, 4) for bound in exact_interval(3, 100)]
    [0.0062, 0.0852]
    >>> exact_interval(0, 0)
    (0.0, 1.0)
    """
    if n <= 0:
        return 0.0, 1.0
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if found <= 0 else _solve(lambda p: beta_below(p, found, n - found + 1.0), tail)
    high = 1.0 if found >= n else _solve(lambda p: beta_below(p, found + 1.0, n - found), 1.0 - tail)
    return low, high


def beta_below(x: float, a: float, b: float) -> float:
    """Return the probability that a beta variable lies below x: the regularised incomplete beta function.

    Parameters
    ----------
    x : float
        In [0, 1].
    a, b : float
        Above 0.
    """
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _below(1.0 - x, b, a)
    return _below(x, a, b)


def _below(x: float, a: float, b: float) -> float:
    """Sum it; few terms are needed where x is no more than (a + 1) / (a + b + 2)."""
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(front) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """Evaluate the continued fraction of DLMF 8.17.22 by Lentz's method."""
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, _STEPS):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        d = 1.0 / (1.0 + term * d or _TINY)
        c = 1.0 + term / c or _TINY
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:  # noqa: PLR2004 - all that a float can tell
            break
    return value


def _solve(rising: Callable[[float], float], target: float) -> float:
    """Find where a function that rises over [0, 1] reaches a value."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        if rising(middle) < target:
            low = middle
        else:
            high = middle
    return (low + high) / 2.0
