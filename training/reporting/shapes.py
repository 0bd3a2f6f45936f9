"""What a scorecard learned of single signals, as shapes to look at: the strongest curves and who stands behind them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.catalogue import Signal
from features.signals import BY_NAME
from models.curves import Curve
from models.scorecard import Scorecard

__all__ = ["Shape", "shapes_of", "strengths"]

_TAIL: Final = 0.005  # of the accounts at either end are beyond the plot: one giant would squeeze all others
_BARS: Final = 24
_NEXT_TO_NOTHING: Final = 1e-9  # of the largest value: a difference that no bar could show
_FEW: Final = 30  # whole numbers up to this are a bar each
_TALL: Final = 8  # times the median: beyond, bars of one width would leave most accounts in the first
_EVEN: Final = 0.05  # log-odds: a curve that ends as it began, give or take this, points nowhere

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """One signal's curve with the accounts behind it.

    Attributes
    ----------
    signal : Signal
    strength : float
        Mean absolute contribution, log-odds.
    trend : {-1, 0, 1}
        Whether more of it speaks for customer, for neither throughout, or for client.
    values, log_odds : ndarray of float64, shape (k,)
        Corners of the curve, from left to right, in the signal's unit and in log-odds of "client".
    bounds : ndarray of float64, shape (b + 1,)
        Of the bars, in the signal's unit.
    counts : ndarray of int64, shape (b,)
        Accounts in each bar.
    beyond : int
        Known accounts outside the bars.
    unknown : float
        Log-odds where the signal is not known.
    n_unknown : int
        Accounts of which it is not known.
    """

    signal: Signal
    strength: float
    trend: int
    values: Floats
    log_odds: Floats
    bounds: Floats
    counts: Ints
    beyond: int
    unknown: float
    n_unknown: int

    @property
    def geometric(self) -> bool:
        """Whether its bars grow by a factor rather than a step."""
        steps = np.diff(self.bounds)
        return bool(steps[-1] > steps[0] * (1 + 1e-6))


def strengths(scorecard: Scorecard, X: Floats) -> Floats:
    """Return the mean absolute contribution of each signal, log-odds, shape (n_signals,)."""
    return np.asarray(np.abs(scorecard.explain(X)[1]).mean(axis=0))


def shapes_of(scorecard: Scorecard, X: Floats, most: int = 10) -> list[Shape]:
    """Trace the curves of the strongest signals.

    Parameters
    ----------
    scorecard : Scorecard
    X : ndarray of float64, shape (n, n_signals)
        The accounts that stand behind it; nan is unknown.
    most : int

    Returns
    -------
    list of Shape
        The strongest first; none without any effect.
    """
    found = strengths(scorecard, X)
    order = np.argsort(-found, kind="stable")[:most]
    return [_trace(scorecard.curves[place], X[:, place], float(found[place])) for place in order if found[place] > 0]


def _trace(curve: Curve, column: Floats, strength: float) -> Shape:
    known = np.sort(column[~np.isnan(column)])
    signal = BY_NAME[curve.signal]
    bounds = _bars(known, whole=signal.unit.whole)
    inner = curve.edges[(curve.edges > bounds[0]) & (curve.edges < bounds[-1])]
    starts, ends = np.append(bounds[0], inner), np.append(inner, bounds[-1])
    corners = np.column_stack([starts, ends]).ravel()
    levels = np.column_stack([curve.at(np.nextafter(starts, np.inf)), curve.at(ends)]).ravel()
    counts = np.histogram(known, bounds)[0]
    return Shape(
        signal=signal,
        strength=strength,
        trend=_trend(curve, known),
        values=corners,
        log_odds=levels,
        bounds=bounds,
        counts=counts.astype(np.int64),
        beyond=len(known) - int(counts.sum()),
        unknown=float(curve.levels[-1]),
        n_unknown=len(column) - len(known),
    )


def _bars(known: Floats, *, whole: bool) -> Floats:
    """Choose bounds of bars that hold all but the ends of the values, shape (b + 1,)."""
    if not len(known):
        return np.array([0.0, 1.0])
    low, high = (float(np.quantile(known, at, method="nearest")) for at in (_TAIL, 1 - _TAIL))
    if whole and high - low <= _FEW:
        return np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    if high - low <= _NEXT_TO_NOTHING * max(abs(low), abs(high), _NEXT_TO_NOTHING):
        return np.array([low - 0.5, high + 0.5])
    tall = high > _TALL * max(float(np.median(known)), low, 0.0)
    return _growing(known, low, high) if tall and high > 0 else _even(low, high)


def _even(low: float, high: float) -> Floats:
    return np.linspace(low, high, _BARS + 1)


def _growing(known: Floats, low: float, high: float) -> Floats:
    """Let bars grow by a factor, after a first one for what is next to nothing; of negative values none are shown."""
    above = known[known > 0]
    start = max(float(np.quantile(above, _TAIL * 2)), high * _NEXT_TO_NOTHING)
    if not start < high / 2:
        return _even(low, high)
    return np.append(0.0, np.geomspace(start, high, _BARS)) if low <= 0 else np.geomspace(low, high, _BARS + 1)


def _trend(curve: Curve, known: Floats) -> int:
    """Compare what the upper tenth says with what the lower tenth says, where the curve rises or falls throughout."""
    if not len(known):
        return 0
    heard = curve.at(known)
    tenth = max(len(known) // 10, 1)
    rise = float(heard[-tenth:].mean() - heard[:tenth].mean())
    there_and_back = float(np.abs(np.diff(heard)).sum())
    clear = abs(rise) > _EVEN and abs(heard[-1] - heard[0]) > there_and_back / 2
    return int(np.sign(rise)) if clear else 0
