"""The model that answers: log-odds of "client" as a sum of named contributions.

The log-odds of an account are a base, plus a curve of each signal, plus a table for some pairs of signals. Whatever it
was compiled from, scoring needs no scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from models.curves import Curve, Floats, PairTable
from models.lookup import Lookup
from models.scorecard_file import BrokenScorecard, Parts, read_parts, write_parts

__all__ = ["BrokenScorecard", "Curve", "PairTable", "Scorecard"]

MOST = 1e6
"""Log-odds, either way, that one part may add: far beyond any certainty, and no sum of such parts overflows."""


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Log-odds of "client" as a base, a curve a signal and a table for some pairs of signals.

    Parameters
    ----------
    base : float
        Log-odds of the average account.
    curves : tuple of Curve
        One a signal, in the order in which the signals are given to `score`.
    tables : tuple of PairTable
        Any number, each of two different signals, no two of the same.

    Raises
    ------
    BrokenScorecard
        When a number is not finite, shapes do not match, edges do not ascend, a table's edges are not edges of its
        signal's curve, or log-odds are beyond `MOST`, as those of a slope without end would be.

    Examples
    --------
    >>> import numpy as np
    >>> share = np.array([0.5, 0.5, 0.0])
    >>> meetings = Curve.of_steps("meetings_90d", np.array([0.0]), np.array([-1.0, 2.0, 0.0]), share)
    >>> card = Scorecard(base=0.5, curves=(meetings,), tables=())
    >>> card.score([[0.0], [3.0], [np.nan]])
    array([-0.5,  2.5,  0.5])
    """

    base: float
    curves: tuple[Curve, ...]
    tables: tuple[PairTable, ...] = ()

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def signal_names(self) -> tuple[str, ...]:
        """Names of the signals, in the order of the columns of `X`."""
        return tuple(curve.signal for curve in self.curves)

    def score(self, X: ArrayLike) -> Floats:
        """Score accounts.

        Parameters
        ----------
        X : array-like of shape (n, n_signals)
            Signals in the order of `signal_names`; nan is missing.

        Returns
        -------
        ndarray of shape (n,)
            Log-odds of "client".
        """
        return self.explain(X)[0]

    def explain(self, X: ArrayLike) -> tuple[Floats, Floats]:
        """Score accounts and give each signal its share.

        A signal's contribution is its curve plus half of each of its pairs. Where the tables are purified (see
        `training.estimation.purify`) that is its Shapley value against an average account with independent signals:
        the weighted means of curves and tables are 0, so no other order of telling the signals gives more than these
        halves.

        Parameters
        ----------
        X : array-like of shape (n, n_signals)
            Signals in the order of `signal_names`; nan is missing.

        Returns
        -------
        log_odds : ndarray of shape (n,)
            Log-odds of "client": ``base + contributions.sum(axis=1)``.
        contributions : ndarray of shape (n, n_signals)
            Log-odds by signal.

        Raises
        ------
        ValueError
            When `X` is not a matrix with a column for each signal.
        """
        values = np.ascontiguousarray(X, dtype=np.float64)
        if values.shape[1:] != (len(self.curves),):
            raise ValueError(
                f"Expected signals of shape (n, {len(self.curves)}), got {values.shape}: a row an account, with the "
                f"columns of `signal_names`. Make them with `features.table.signals_matrix`."
            )
        contributions = self._lookup.contributions(values)
        return self.base + np.add.reduce(contributions, axis=1), contributions

    def curve(self, signal: str) -> Curve:
        """Give the curve of one signal; KeyError where there is none of that name."""
        return self.curves[self._places[signal]]

    def pair(self, first: str, second: str) -> PairTable | None:
        """Give the table of two signals with `first` in the rows, or None where they have none."""
        for table in self.tables:
            if table.signals == (first, second):
                return table
            if table.signals == (second, first):
                return table.transposed()
        return None

    def to_bytes(self) -> bytes:
        """Write as an npz archive; equal scorecards give equal bytes."""
        return write_parts(Parts(self.base, self.curves, self.tables))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what `to_bytes` wrote; BrokenScorecard where it is not that."""
        parts = read_parts(content)
        return cls(parts.base, parts.curves, parts.tables)

    def save(self, path: Path) -> None:
        """Write to a file."""
        path.write_bytes(self.to_bytes())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read from a file; BrokenScorecard where it holds no scorecard."""
        return cls.from_bytes(path.read_bytes())

    @cached_property
    def _lookup(self) -> Lookup:
        return Lookup.of(self.curves, self.tables)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.signal_names)}


def _check(card: Scorecard) -> None:
    names = [curve.signal for curve in card.curves]
    _expect(bool(names) and len(set(names)) == len(names), f"signals {names}, expected one or more, each once")
    _check_reach(np.float64(card.base), "base")
    for curve in card.curves:
        where = f"curve {curve.signal!r}"
        _check_edges(curve.edges, where)
        for part in (curve.levels, curve.slopes, curve.anchors, curve.masses):
            _check_numbers(part, (len(curve.edges) + 2,), where)
        _check_curve(curve, where)
    pairs = {frozenset(table.signals) for table in card.tables}
    _expect(len(pairs) == len(card.tables), "two tables of the same pair")
    for table in card.tables:
        _check_table(table, {curve.signal: curve.edges for curve in card.curves})


def _check_table(table: PairTable, edges: dict[str, Floats]) -> None:
    where = f"table {table.signals}"
    _expect(table.signals[0] != table.signals[1] and set(table.signals) <= set(edges), f"{where}, expected two signals")
    sides = ((table.row_edges, table.row_masses), (table.column_edges, table.column_masses))
    for name, (side, masses) in zip(table.signals, sides, strict=True):
        _check_edges(side, where)
        _expect(bool(np.isin(side, edges[name]).all()), f"{where} has edges that the curve {name!r} has not")
        _check_numbers(masses, (len(side) + 2,), where)
    _check_numbers(table.values, (len(table.row_edges) + 2, len(table.column_edges) + 2), where)
    _check_reach(table.values, where)


def _check_curve(curve: Curve, where: str) -> None:
    """Bound a curve: a line is furthest from 0 at the ends of its bin, and only bins between two edges have ends."""
    inner = slice(1, -2)
    outer = np.delete(curve.slopes, np.arange(len(curve.slopes))[inner])
    _expect(not outer.any(), f"{where}: expected slopes of 0 below the first edge, above the last and where missing")
    _check_reach(curve.levels, where)
    with np.errstate(over="ignore", invalid="ignore"):
        for ends in (curve.edges[:-1], curve.edges[1:]):
            rises = curve.slopes[inner] * (ends - curve.anchors[inner])
            _check_reach(np.where(curve.slopes[inner] == 0, 0.0, rises), where)


def _check_reach(log_odds: Floats | np.float64, where: str) -> None:
    _expect(bool((np.abs(log_odds) <= MOST).all()), f"{where}: expected finite log-odds, {MOST:,.0f} at most")


def _check_edges(edges: Floats, where: str) -> None:
    _expect(bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all()), f"{where}: edges must be finite and ascend")


def _check_numbers(numbers: Floats, shape: Sequence[int], where: str) -> None:
    _expect(
        numbers.shape == tuple(shape) and numbers.dtype == np.float64 and bool(np.isfinite(numbers).all()),
        f"{where}: expected finite numbers of shape {tuple(shape)}, got {numbers.dtype} of shape {numbers.shape}",
    )


def _expect(holds: bool, finding: str) -> None:
    if not holds:
        raise BrokenScorecard(f"The scorecard contradicts itself: {finding}. Restore it, or train again.")
