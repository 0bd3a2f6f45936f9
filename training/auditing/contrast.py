"""What is true of clients beside what is true of customers, in words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.catalogue import Signal
from models.reasons import show_value

__all__ = ["contrast_shares", "contrast_values"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def contrast_shares(flag: Bools, y: Bools) -> str:
    """Write how many of each class a flag holds for; `flag` and `y`, True for a client, of shape (n,).

    Examples
    --------
    >>> contrast_shares(np.array([True, True, False, False]), np.array([True, True, True, False]))
    '2 of 3 clients (67 %) and 0 of 1 customers (0 %)'
    """
    return " and ".join(
        f"{int(flag[given].sum()):,} of {int(given.sum()):,} {label} ({100 * flag[given].mean():.0f} %)"
        for label, given in (("clients", y), ("customers", ~y))
    )


def contrast_values(column: Floats, y: Bools, signal: Signal) -> str:
    """Write what a signal says of each class: for whom it holds, or its median and of how many it is known.

    Parameters
    ----------
    column : ndarray of float64, shape (n,)
        Values of the signal; nan is unknown.
    y : ndarray of bool, shape (n,)
        True for a client; both classes are there.
    signal : Signal

    Examples
    --------
    >>> from features.signals import BY_NAME
    >>> column, y = np.array([4.0, np.nan, 1.0]), np.array([True, True, False])
    >>> contrast_values(column, y, BY_NAME["meetings_90d"])
    'median 4 for clients and 1 for customers, known of 1 of 2 clients (50 %) and 1 of 1 customers (100 %)'
    >>> contrast_values(np.array([1.0, 1.0, 0.0]), y, BY_NAME["has_owner"])
    'it holds for 2 of 2 clients (100 %) and 0 of 1 customers (0 %)'
    """
    known = ~np.isnan(column)
    if signal.unit.name == "yes/no":
        return f"it holds for {contrast_shares(column > 0, y)}"
    middles = [show_value(signal, _median(column[known & given])) for given in (y, ~y)]
    text = f"median {middles[0]} for clients and {middles[1]} for customers"
    return text if known.all() else f"{text}, known of {contrast_shares(known, y)}"


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")
