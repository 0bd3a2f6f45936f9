"""Many conditions evaluated at once: all their comparisons in one, then their alternatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.conditions import Alternatives, Literal

__all__ = ["ALWAYS", "NEVER", "Circuit"]

Truths = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.intp]

BLOCK_NUMBERS = 65_536
"""Comparisons made in one go, so that a block of rows stays within a core's cache."""


NEVER: Alternatives = ()
"""A condition that is true nowhere: it has no alternative."""

ALWAYS: Alternatives = ((),)
"""A condition that is true everywhere: an alternative that asks for nothing."""


@dataclass(frozen=True, eq=False)
class Circuit:
    """Where conditions are true, for any number of accounts.

    Literals lie alternative by alternative, alternatives condition by condition, so two reductions over neighbours
    give the conditions. Everything is compared and never added: a row alone cannot differ from itself among others.

    Attributes
    ----------
    columns : ndarray of intp, shape (n_literals,)
        Column of each literal's signal.
    senses, thresholds : ndarray of float64, shape (n_literals,)
        A literal holds where ``sense * signal >= threshold``.
    inverted : ndarray of bool, shape (n_literals,), or None
        Literals that hold where that does not; None for nowhere.
    alternatives : ndarray of intp, shape (n_alternatives,)
        First literal of each.
    conditions : ndarray of intp, shape (n_conditions,)
        First alternative of each.
    """

    columns: Indices
    senses: npt.NDArray[np.float64]
    thresholds: npt.NDArray[np.float64]
    inverted: Truths | None
    alternatives: Indices
    conditions: Indices

    @classmethod
    def of(cls, conditions: Sequence[Alternatives], signals: Sequence[str]) -> Circuit:
        """Lay out conditions.

        Parameters
        ----------
        conditions : sequence of Alternatives
            One at least.
        signals : sequence of str
            Names of the columns.
        """
        # Nothing is at least nan: so what is empty needs no case of its own when it is evaluated.
        nothing = Literal(signals[0], 1.0, np.nan)
        anything = Literal(signals[0], 1.0, np.nan, inverted=True)
        filled = [condition or ((nothing,),) for condition in conditions]
        choices = [choice or (anything,) for condition in filled for choice in condition]
        literals = [literal for choice in choices for literal in choice]
        place = {name: column for column, name in enumerate(signals)}
        inverted = np.array([literal.inverted for literal in literals])
        return cls(
            columns=np.array([place[literal.signal] for literal in literals], np.intp),
            senses=np.array([literal.sense for literal in literals]),
            thresholds=np.array([literal.threshold for literal in literals]),
            inverted=inverted if inverted.any() else None,
            alternatives=_starts([len(choice) for choice in choices]),
            conditions=_starts([len(condition) for condition in filled]),
        )

    def truths(self, X: npt.NDArray[np.float64]) -> Truths:
        """Say where the conditions are true.

        Parameters
        ----------
        X : ndarray of float64, shape (n, n_signals)
            nan is unknown.

        Returns
        -------
        ndarray of bool, shape (n, n_conditions)
            False where a condition is false or unknown.
        """
        block = max(1, BLOCK_NUMBERS // len(self.columns))
        if len(X) <= block:
            return self._block(X)
        out = np.empty((len(X), len(self.conditions)), dtype=bool)
        for start in range(0, len(X), block):
            out[start : start + block] = self._block(X[start : start + block])
        return out

    def _block(self, X: npt.NDArray[np.float64]) -> Truths:
        holds = X.take(self.columns, axis=1) * self.senses >= self.thresholds
        if self.inverted is not None:
            holds ^= self.inverted
        possible = np.logical_and.reduceat(holds, self.alternatives, axis=1)
        truths: Truths = np.logical_or.reduceat(possible, self.conditions, axis=1)
        return truths


def _starts(lengths: Sequence[int]) -> Indices:
    return np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.intp)
