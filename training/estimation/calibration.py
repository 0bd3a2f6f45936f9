"""Two numbers that make a log-odds honest."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from training.estimation.binary import Floats
from training.estimation.threads import one_blas_thread

#: Newton's steps; a handful suffice, for the loss is convex and the targets lie within (0, 1).
MAX_STEPS = 100

#: Below this, relative to the largest log-odds, a difference is rounding.
SMALLEST_STEP = 1e-12


@dataclass(frozen=True)
class Calibration:
    """A straight line from raw to calibrated log-odds.

    Attributes
    ----------
    slope : float
        0 or more, so that calibration never turns a direction round.
    intercept : float
        Log-odds.
    """

    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def fit(cls, log_odds: Floats, second: NDArray[np.intp], weights: Floats) -> Self:
        """Fit to log-odds of accounts that the model had not seen.

        The targets are drawn in a little from 0 and 1, as in Platt (1999), "Probabilistic outputs for support
        vector machines", section 2.2, and in scikit-learn's
        `CalibratedClassifierCV(method="sigmoid", ensemble=False)`.

        Parameters
        ----------
        log_odds : ndarray of shape (n,)
        second : ndarray of shape (n,)
            1 where the label is the class that the log-odds speak of.
        weights : ndarray of shape (n,)
            Above 0.
        """
        ones, zeros = float((weights * second).sum()), float((weights * (1 - second)).sum())
        targets = np.where(second == 1, (ones + 1) / (ones + 2), 1 / (zeros + 2))
        average = float(logit(np.average(targets, weights=weights)))
        scale = float(np.abs(log_odds).max())
        if np.ptp(log_odds) <= SMALLEST_STEP * scale:
            return cls(0.0, average)
        design = np.column_stack([log_odds / scale, np.ones(len(log_odds))])
        with one_blas_thread():
            slope, intercept = _newton(design, targets, weights)
        return cls(slope / scale, intercept) if slope > 0 else cls(0.0, average)

    def apply(self, log_odds: Floats) -> Floats:
        """Give calibrated log-odds, shape (n,)."""
        return self.slope * log_odds + self.intercept


def log_loss(log_odds: Floats, second: Floats | NDArray[np.intp], weights: Floats) -> float:
    """Return the weighted mean of the log loss, exact however sure the log-odds are."""
    return float(np.average(np.logaddexp(0.0, log_odds) - second * log_odds, weights=weights))


def _newton(design: Floats, targets: Floats, weights: Floats) -> tuple[float, float]:
    """Minimise the log loss of two coefficients, halving any step that would raise it."""

    def loss(coefficients: Floats) -> float:
        log_odds = design @ coefficients
        return float(weights @ (np.logaddexp(0.0, log_odds) - targets * log_odds))

    found, lowest = np.zeros(2), loss(np.zeros(2))
    for _ in range(MAX_STEPS):
        probabilities = expit(design @ found)
        gradient = design.T @ (weights * (probabilities - targets))
        curvature = (design.T * (weights * probabilities * (1 - probabilities))) @ design
        step = np.linalg.lstsq(curvature, gradient)[0]
        while (lower := loss(found - step)) > lowest and np.abs(step).max() > SMALLEST_STEP:
            step = step / 2
        if lower >= lowest:
            break
        found, lowest = found - step, lower
    return float(found[0]), float(found[1])
