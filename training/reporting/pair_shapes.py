"""What a scorecard learned of pairs of signals, as tables to look at: the strongest, by groups of accounts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from features.catalogue import Signal
from features.signals import BY_NAME, SIGNAL_NAMES
from models.curves import PairTable
from models.scorecard import Scorecard

__all__ = ["PairShape", "pair_shapes"]

_GROUPS: Final = 5
_NEAR: Final = 0.02  # of the span of the cuts: groups narrower than this are merged with the next

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class PairShape:
    """What two signals say together, beyond what each says alone, by groups of accounts.

    Attributes
    ----------
    rows, columns : Signal
    strength : float
        Mean absolute log-odds.
    row_names, column_names : tuple of str
        Each group's values, in the signal's unit.
    log_odds : ndarray of float64, shape (r, c)
        Mean over the accounts of the cell; nan where there are none.
    counts : ndarray of int64, shape (r, c)
        Accounts in the cell.
    """

    rows: Signal
    columns: Signal
    strength: float
    row_names: tuple[str, ...]
    column_names: tuple[str, ...]
    log_odds: Floats
    counts: Ints


def pair_shapes(scorecard: Scorecard, X: Floats, most: int = 4) -> list[PairShape]:
    """Lay out the strongest pair tables by groups of accounts.

    Parameters
    ----------
    scorecard : Scorecard
    X : ndarray of float64, shape (n, n_signals)
        See `shapes_of`.
    most : int

    Returns
    -------
    list of PairShape
        The strongest first; none without any effect.
    """
    heard = [_heard(table, X) for table in scorecard.tables]
    found = np.array([np.abs(each).mean() for each in heard])
    order = np.argsort(-found, kind="stable")[:most]
    return [_lay_out(scorecard.tables[place], X, heard[place]) for place in order if found[place] > 0]


def _heard(table: PairTable, X: Floats) -> Floats:
    """Return what a table says of each account, shape (n,)."""
    rows, columns = (_bins(edges, _column(X, name)) for edges, name in _sides(table))
    return table.values[rows, columns]


def _lay_out(table: PairTable, X: Floats, heard: Floats) -> PairShape:
    grouped = [_group(edges, _column(X, name), BY_NAME[name]) for edges, name in _sides(table)]
    (rows, row_names), (columns, column_names) = grouped
    shape = len(row_names), len(column_names)
    cells = rows * shape[1] + columns
    counts = np.bincount(cells, minlength=shape[0] * shape[1])
    total = np.bincount(cells, heard, minlength=shape[0] * shape[1])
    means = np.divide(total, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return PairShape(
        rows=BY_NAME[table.signals[0]],
        columns=BY_NAME[table.signals[1]],
        strength=float(np.abs(heard).mean()),
        row_names=row_names,
        column_names=column_names,
        log_odds=means.reshape(shape),
        counts=counts.reshape(shape).astype(np.int64),
    )


def _sides(table: PairTable) -> tuple[tuple[Floats, str], tuple[Floats, str]]:
    return (table.row_edges, table.signals[0]), (table.column_edges, table.signals[1])


def _column(X: Floats, name: str) -> Floats:
    return X[:, SIGNAL_NAMES.index(name)]


def _bins(edges: Floats, column: Floats) -> npt.NDArray[np.intp]:
    return np.where(np.isnan(column), len(edges) + 1, np.searchsorted(edges, column))


def _group(edges: Floats, column: Floats, signal: Signal) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
    """Merge a table's bins into a few groups of about as many accounts, missing being one; empty ones are left out."""
    known = column[~np.isnan(column)]
    cuts = edges
    if len(edges) >= _GROUPS and len(known):
        wanted = np.quantile(known, np.arange(1, _GROUPS) / _GROUPS)
        cuts = _apart(np.unique(edges[np.minimum(np.searchsorted(edges, wanted), len(edges) - 1)]), signal.unit.name)
    names = [*_names(cuts, signal), "not known"]
    present, groups = np.unique(_bins(cuts, column), return_inverse=True)
    return groups, tuple(names[place] for place in present)


def _apart(cuts: Floats, unit: str) -> Floats:
    """Leave out cuts that follow the one before too closely to be told apart."""
    kept = [cuts[0]]
    for cut in cuts[1:]:
        if cut - kept[-1] > _NEAR * (cuts[-1] - cuts[0]) and _show(cut, unit) != _show(kept[-1], unit):
            kept.append(cut)
    return np.array(kept)


def _names(cuts: Floats, signal: Signal) -> list[str]:
    """Name the groups between cuts, which are their upper ends."""
    if not len(cuts):
        return ["any"]
    if signal.unit.name == "yes/no" and len(cuts) == 1:
        return ["no", "yes"]
    if signal.unit.whole:
        uppers = np.floor(cuts)
        lowers = np.append(-np.inf, uppers[:-1]) + 1
        inner = [
            _show(up) if low == up else f"{_show(low)}–{_show(up)}" for low, up in zip(lowers, uppers, strict=True)
        ]
        first = "0" if uppers[0] == 0 else f"≤ {_show(uppers[0])}"
        return [first, *inner[1:], f"≥ {_show(uppers[-1] + 1)}"]
    shown = [_show(cut, signal.unit.name) for cut in cuts]
    between = [f"{low.removesuffix(' %')}–{high}" for low, high in pairwise(shown)]
    return [f"≤ {shown[0]}", *between, f"> {shown[-1]}"]


def _show(value: float, unit: str = "") -> str:
    """Write a bound with three digits at most, `12.3k` for thousands."""
    if unit == "share":
        return f"{100 * value:.3g} %"
    for limit, letter in ((1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            return f"{value / (1e6 if letter == 'M' else 1e3):.3g}{letter}"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits
