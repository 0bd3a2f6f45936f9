"""The logistic rival: a penalised logistic regression on signals bent at their quantiles."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import Bounds, minimize
from scipy.special import expit

from training.estimation.binary import BinaryClassifier, Floats
from training.estimation.threads import one_blas_thread


class SplineLogistic(BinaryClassifier):
    """Logistic regression on piecewise linear curves of the signals.

    Each signal is cut at quantiles of its known values. Between two cuts a ramp rises from 0 to 1, so its coefficient
    is the change in log-odds over that stretch; outside the outermost cuts the curve is level. A missing value gets
    an indicator and no ramp. The squared coefficients are penalised. A signal with a direction gets ramps of that
    sign only.

    Parameters
    ----------
    n_knots : int, default=6
        Cuts a signal at most; a signal with fewer distinct values is cut at each.
    penalty : float, default=3.0
        Weight of the sum of squared coefficients (half of it), against the sum of the log losses.
    max_iter : int, default=500
        Steps of the optimiser, L-BFGS-B.
    directions : sequence of int, optional
        For each signal 1 where more of it can only raise the log-odds of `positive`, -1 where it can only lower them,
        else 0.
    positive : label, optional
        The class that `directions` speak of; ``classes_[1]`` by default.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    knots_ : list of ndarray
        Ascending cuts of each signal; none or one where it is constant or never known.
    rises_ : list of ndarray
        Log-odds of ``classes_[1]`` over each stretch, one fewer than the cuts.
    missing_ : ndarray of shape (n_signals,)
        Log-odds of a missing value.
    intercept_ : float
    n_features_in_ : int
    """

    def __init__(
        self,
        *,
        n_knots: int = 6,
        penalty: float = 3.0,
        max_iter: int = 500,
        directions: Sequence[int] | None = None,
        positive: object = None,
    ) -> None:
        self.n_knots = n_knots
        self.penalty = penalty
        self.max_iter = max_iter
        self.directions = directions
        self.positive = positive

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Cut the signals and fit the coefficients.

        Parameters
        ----------
        X : array-like of shape (n, n_signals)
            nan is missing.
        y : array-like of shape (n,)
            Two classes.
        sample_weight : array-like of shape (n,), optional

        Returns
        -------
        SplineLogistic
            Itself.
        """
        values, second, weights = self._accept(X, y, sample_weight)
        if self.n_knots <= 1 or self.penalty <= 0:
            raise ValueError(f"n_knots must be 2 or more and penalty above 0, got {self.n_knots} and {self.penalty}.")
        signs = self._signs(values.shape[1])
        self.knots_ = [cut(column, weights, self.n_knots) for column in values.T]
        ramps = [ramp(column, knots) for column, knots in zip(values.T, self.knots_, strict=True)]
        design = np.hstack([*ramps, np.isnan(values).astype(np.float64)])
        widths = [block.shape[1] for block in ramps]
        sides = np.concatenate([np.repeat(signs, widths), np.zeros(values.shape[1], dtype=np.intp)])
        coefficients, self.intercept_, self.n_iter_ = self._solve(design, second, weights, sides)
        *rises, self.missing_ = np.split(coefficients, np.cumsum(widths))
        self.rises_ = rises
        return self

    def _solve(
        self, design: Floats, second: NDArray[np.intp], weights: Floats, sides: NDArray[np.intp]
    ) -> tuple[Floats, float, int]:
        """Minimise the penalised log loss, each coefficient on its own side of 0."""
        targets = second.astype(np.float64)

        def loss(parameters: Floats) -> tuple[float, Floats]:
            coefficients = parameters[:-1]
            log_odds = design @ coefficients + parameters[-1]
            errors = weights * (expit(log_odds) - targets)
            value = weights @ (np.logaddexp(0.0, log_odds) - targets * log_odds)
            penalty = 0.5 * self.penalty * (coefficients @ coefficients)
            gradient = np.append(design.T @ errors + self.penalty * coefficients, errors.sum())
            return float(value + penalty), gradient

        low = np.append(np.where(sides > 0, 0.0, -np.inf), -np.inf)
        high = np.append(np.where(sides < 0, 0.0, np.inf), np.inf)
        start = np.zeros(design.shape[1] + 1)
        options = {"maxiter": self.max_iter, "maxfun": 2 * self.max_iter, "ftol": 1e-6, "gtol": 1e-6}
        # Products this small are also slower with more.
        with one_blas_thread():
            found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=Bounds(low, high), options=options)
        return found.x[:-1], float(found.x[-1]), int(found.nit)

    def _log_odds(self, X: Floats) -> Floats:
        total = np.full(len(X), self.intercept_)
        for column, knots, rises, missing in zip(X.T, self.knots_, self.rises_, self.missing_, strict=True):
            # Row by row, so that an account alone and among many get the same sum.
            total += (ramp(column, knots) * rises).sum(axis=1)
            total += np.where(np.isnan(column), missing, 0.0)
        return total


def cut(column: Floats, weights: Floats, n_knots: int) -> Floats:
    """Choose where to cut a signal.

    Parameters
    ----------
    column : ndarray of shape (n,)
        nan is missing.
    weights : ndarray of shape (n,)
        Above 0.
    n_knots : int
        Cuts at most.

    Returns
    -------
    ndarray
        Distinct known values in ascending order: all of them, or those at evenly spaced quantiles.
    """
    known = ~np.isnan(column)
    distinct = np.unique(column[known])
    if len(distinct) <= n_knots:
        return distinct
    shares = np.linspace(0.0, 1.0, n_knots)
    return np.unique(np.quantile(column[known], shares, weights=weights[known], method="inverted_cdf"))


def ramp(column: Floats, knots: Floats) -> Floats:
    """Say how far along each stretch between two cuts a value lies.

    Parameters
    ----------
    column : ndarray of shape (n,)
        nan is missing.
    knots : ndarray of shape (k,)
        Ascending.

    Returns
    -------
    ndarray of shape (n, max(k - 1, 0))
        From 0, before the stretch, to 1, behind it; 0 throughout where the value is missing.
    """
    if len(knots) <= 1:
        return np.zeros((len(column), 0))
    known = np.where(np.isnan(column), knots[0], np.clip(column, knots[0], knots[-1]))
    return np.clip((known[:, None] - knots[:-1]) / np.diff(knots), 0.0, 1.0)
