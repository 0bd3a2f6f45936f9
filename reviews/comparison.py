"""How an account compares with others: with typical ones of either side, and with those most like it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from models.decision import Relationship
from reviews.order import standing

__all__ = ["LEAST", "TWENTIETHS", "Similar", "Told", "Typical", "similar_to", "typical_of"]

Floats = npt.NDArray[np.float64]

LEAST: Final = 20
"""Accounts of a side below which nothing is typical, and few enough to be told apart."""

TWENTIETHS: Final = 21
"""Quantiles that tell how a side is spread: the least value, 5 %, 10 % and so on to the greatest."""


class Told(NamedTuple):
    """An account whose relationship is known, and its signals then."""

    account_id: str
    relationship: Relationship
    at: int
    signals: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Typical:
    """How one side's accounts are spread in each signal.

    Attributes
    ----------
    n : int
        Accounts.
    known : ndarray of int, shape (n_signals,)
        Of them, those of which a signal is known.
    quantiles : ndarray of float64, shape (TWENTIETHS, n_signals)
        Of the known values, ascending; nan where there are none. Each is a value that an account has.
    """

    n: int
    known: npt.NDArray[np.int64]
    quantiles: Floats

    @property
    def middle(self) -> Floats:
        """Medians, shape (n_signals,)."""
        medians: Floats = self.quantiles[TWENTIETHS // 2]
        return medians


class Similar(NamedTuple):
    """A decided account that is much like another.

    Attributes
    ----------
    account_id : str
    relationship : {"client", "customer", "prospect"}
        What a reviewer said of it.
    at : int
        When, microseconds since 1970 UTC.
    distance : float
        In [0, 1]: by how many of all decided accounts the two are apart, in the mean over the signals.
    """

    account_id: str
    relationship: Relationship
    at: int
    distance: float


def typical_of(told: Sequence[Told]) -> Mapping[Relationship, Typical]:
    """Say what is typical of clients and of customers; a side with fewer than `LEAST` accounts is left out."""
    found: dict[Relationship, Typical] = {}
    sides: tuple[Relationship, ...] = ("client", "customer")
    for side in sides:
        rows = [each.signals for each in told if each.relationship == side]
        if len(rows) >= LEAST:
            found[side] = _typical(np.array(rows))
    return found


def _typical(X: Floats) -> Typical:
    known = (~np.isnan(X)).sum(axis=0)
    quantiles = np.full((TWENTIETHS, X.shape[1]), np.nan)
    levels = np.linspace(0.0, 1.0, TWENTIETHS)
    quantiles[:, known > 0] = np.nanquantile(X[:, known > 0], levels, axis=0, method="inverted_cdf")
    return Typical(len(X), known, quantiles)


def similar_to(signals: Floats, told: Sequence[Told], n: int) -> list[Similar]:
    """Return the accounts that are most like one, the nearest first.

    Parameters
    ----------
    signals : ndarray of float64, shape (n_signals,)
    told : sequence of Told
    n : int
        At most so many.

    Returns
    -------
    list of Similar
        Each signal counts by where the accounts stand in it among all, so units and outliers have no say.
    """
    if not told:
        return []
    places = standing(np.vstack([signals, *(each.signals for each in told)]))
    apart = np.abs(places[1:] - places[0]).mean(axis=1) if places.shape[1] else np.zeros(len(told))
    nearest = np.argsort(apart, kind="stable")[:n].tolist()
    return [Similar(told[i].account_id, told[i].relationship, told[i].at, float(apart[i])) for i in nearest]
