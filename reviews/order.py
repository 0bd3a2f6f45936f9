"""Which accounts to ask a person about next: those whose answer makes the model surest of all the others.

The model's log-odds are taken as linear in where an account stands in each signal, and what labels teach as in Bayesian
logistic regression: an answer about an account of probability p adds p (1 - p) times the outer product of its standing
to the precision of the coefficients. Chosen is the account that most lowers the variance of the log-odds, summed over
all accounts and weighted by p (1 - p), which to second order is the log loss that is left to gain. That is I-optimal
design (Chaloner and Verdinelli, "Bayesian experimental design", Statistical Science 1995; for classifiers Zhang and
Oles, ICML 2000, and Ash et al., "Gone fishing", NeurIPS 2021).

It asks about what the model is unsure of (uncertainty sampling; Lewis and Gale, SIGIR 1994), but neither about odd
accounts that resemble no other nor twice about the same: each choice counts as asked for the next. No answer is needed
for that, so a batch is as good as one by one. With no model every account is as uncertain as can be, and the first
chosen are typical of many: the same rule serves from the first label on.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

__all__ = ["next_to_ask", "standing", "uncertainty"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

PRECISION: Final = 0.3
"""Of a coefficient before any label: from the least to the greatest value the log-odds change by about ±1.8."""

_LEVEL: Final = 0.01  # of the intercept, of which next to nothing is known before
_LEAST: Final = 0.02  # of p (1 - p): a model that is surer than 98 % has seldom earned it
_UNKNOWN: Final = 0.5  # how far an unknown value is from a typical one, as a share of the range


def next_to_ask(
    X: Floats,
    probability: Floats | None = None,
    asked: Rows | None = None,
    n: int = 1,
    *,
    worth: Floats | None = None,
) -> Rows:
    """Choose the accounts to ask about next, the most telling first.

    Parameters
    ----------
    X : ndarray of float64, shape (n_accounts, n_signals)
        The accounts that were asked about and those that may be; nan is unknown.
    probability : ndarray of float64, shape (n_accounts,), optional
        P(client) by the model, in [0, 1]; None where there is no model yet.
    asked : ndarray of int, optional
        Rows that somebody was asked about. They are not chosen again, nor are accounts like them soon.
    n : int
        How many to choose; all that are left where those are fewer.
    worth : ndarray of float64, shape (n_accounts,), optional
        What an answer is multiplied by, 0 or more; 1 for each by default. It is where a caller says what else counts,
        such as an account's value, or how firmly rules and model disagree on it.

    Returns
    -------
    ndarray of int
        Rows, the first to ask about first. Nothing is drawn by chance, and the order of the accounts has no say: those
        that tie are taken by their signals, ascending, and equal ones by their uncertainty, worth and row.

    Raises
    ------
    ValueError
        The arguments do not fit each other, or a probability or worth is out of its range.

    Notes
    -----
    Time grows with accounts times signals for each choice, not with the number asked about before.

    Examples
    --------
    The model is sure of the first account. Of the two that are alike one speaks for both, and is typical of more:

    >>> X = np.array([[1.0], [2.0], [2.0], [9.0]])
    >>> next_to_ask(X, np.array([0.99, 0.5, 0.5, 0.5]), n=2).tolist()
    [1, 3]
    """
    unsure = np.ones(len(X)) if probability is None else uncertainty(probability)
    value = np.ones(len(X)) if worth is None else np.asarray(worth, dtype=np.float64)
    told = np.zeros(len(X), dtype=bool)
    rows = np.empty(0, dtype=np.intp) if asked is None else np.asarray(asked, dtype=np.intp)
    _check(len(X), unsure, value, rows, n)
    told[rows] = True
    # Sorted by what the accounts are, so that where they stand decides nothing, not even the rounding of a sum.
    order = np.lexsort((-value, -unsure, told, *X.T[::-1]))
    terms = np.column_stack([np.ones(len(X)), standing(X[order]) - 0.5])
    doubt = np.maximum(unsure / 4.0, _LEAST)
    return order[_choose(terms, doubt[order], value[order], told[order], min(n, int((~told).sum())))]


def uncertainty(probability: Floats) -> Floats:
    """Return how unsure a model is that says these probabilities.

    The variance of the answer as a share of the greatest: 1 at 0.5, 0 where it is sure.

    Parameters
    ----------
    probability : ndarray of float64, shape (n,)
        In [0, 1].

    Returns
    -------
    ndarray of float64, shape (n,)

    Raises
    ------
    ValueError
        A value is no probability.

    Examples
    --------
    >>> uncertainty(np.array([0.0, 0.25, 0.5])).tolist()
    [0.0, 0.75, 1.0]
    """
    p = np.asarray(probability, dtype=np.float64)
    wrong = ~((p >= 0) & (p <= 1))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"Row {row}: a probability is in [0, 1], got {p[row]}.")
    return 4.0 * p * (1.0 - p)


def standing(X: Floats) -> Floats:
    """Return where each account stands among all, so that signals of any unit and spread count alike.

    Parameters
    ----------
    X : ndarray of float64, shape (n, n_signals)
        nan is unknown.

    Returns
    -------
    ndarray of float64, shape (n, n_columns)
        For each signal that tells accounts apart the share of known values below, ties by half, 0.5 where unknown; and
        for each that some accounts lack, whether it is unknown, as 0.5 or 1.

    Examples
    --------
    >>> standing(np.array([[10.0], [30.0], [20.0], [20.0], [np.nan]])).tolist()
    [[0.125, 0.5], [0.875, 0.5], [0.5, 0.5], [0.5, 0.5], [0.5, 1.0]]
    """
    columns = []
    for column in X.T:
        known = ~np.isnan(column)
        _, which, counts = np.unique(column[known], return_inverse=True, return_counts=True)
        if len(counts) > 1:
            below = np.full(len(column), 0.5)
            below[known] = ((np.cumsum(counts) - counts / 2) / known.sum())[which]
            columns.append(below)
        if known.any() and not known.all():
            columns.append(np.where(known, 0.5, 0.5 + _UNKNOWN))
    return np.column_stack(columns) if columns else np.zeros((len(X), 0))


def _check(n_accounts: int, unsure: Floats, value: Floats, rows: Rows, n: int) -> None:
    if unsure.shape != (n_accounts,) or value.shape != (n_accounts,):
        raise ValueError(
            f"probability and worth need one number for each of {n_accounts} accounts, got shapes {unsure.shape} and "
            f"{value.shape}."
        )
    if not ((value >= 0) & (value < np.inf)).all():
        raise ValueError("worth must be finite and 0 or more.")
    if len(rows) and (rows.min() < 0 or rows.max() >= n_accounts):
        raise ValueError(f"asked must be rows of X, 0 to {n_accounts - 1}, got {rows.min()} to {rows.max()}.")
    if n < 0:
        raise ValueError(f"n must be 0 or more, got {n}.")


def _choose(terms: Floats, doubt: Floats, value: Floats, told: npt.NDArray[np.bool_], n: int) -> Rows:
    """Choose greedily, each time the account that lowers the weighted variance most.

    Parameters
    ----------
    terms : ndarray of shape (n_accounts, n_coefficients)
    doubt : ndarray of shape (n_accounts,)
        p (1 - p).
    value : ndarray of shape (n_accounts,)
    told : ndarray of bool, shape (n_accounts,)
    n : int

    Returns
    -------
    ndarray of int, shape (n,)
    """
    prior = np.append(_LEVEL, np.full(terms.shape[1] - 1, PRECISION))
    known = terms[told]
    covariance = np.linalg.inv(np.diag(prior) + (known.T * doubt[told]) @ known)
    crowd = (terms.T * doubt) @ terms
    spread = terms @ covariance
    own = np.einsum("ij,ij->i", spread, terms)
    total = np.einsum("ij,ij->i", spread @ crowd, spread)
    left, chosen = ~told, np.empty(n, dtype=np.intp)
    for i in range(n):
        # What an answer takes off the sum of variances, by the Sherman-Morrison formula.
        gain = value * total / (1.0 / doubt + own)
        best = int(np.argmax(np.where(left, gain, -np.inf)))
        chosen[i], left[best] = best, False
        step = covariance @ terms[best]
        pull = covariance @ (crowd @ step)
        size = 1.0 / doubt[best] + own[best]
        across, pulled = (terms @ np.column_stack([step, pull])).T
        # Both sums follow the covariance without going through every pair of coefficients again.
        total += across * (across * float(step @ crowd @ step) / size - 2.0 * pulled) / size
        own -= across**2 / size
        covariance -= np.outer(step, step) / size
    return chosen
