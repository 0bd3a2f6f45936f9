"""Scores by table lookup: the arrays that a scorecard derives from curves and pair tables, and the walk through them.

Each row is computed without regard to the others and summed in a fixed order, so an account alone and the same account
among many get the same bits. (A matrix product would not promise that.) The walk is compiled, as the signals are: in
numpy a row is a dozen calls on a few hundred numbers each.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from features.jit import FLOATS, INTEGERS, compile_once
from models.curves import Curve, Floats, PairTable, coarsen

Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Lookup:
    """Flat arrays from which the contributions of every row follow.

    Attributes
    ----------
    edges : ndarray of shape (n_edges,)
        The curves' edges, one curve after the other.
    bounds : ndarray of shape (n_signals + 1,)
        Where each curve's edges begin, and the last ones end. A curve with k edges has k + 2 bins, so its bins begin
        two further on for each curve before it.
    levels, slopes, anchors : ndarray of shape (n_bins,)
        The curves, one after the other.
    sides : ndarray of shape (2 * n_pairs,)
        Signal of each pair's row, then of each pair's column.
    shifts : ndarray of shape (2 * n_pairs,)
        What to add to that signal's bin to find its place in `steps`.
    steps : ndarray of shape (n_steps,)
        What each side adds to the number of the cell.
    halves : ndarray of shape (n_cells,)
        Half of the value of every cell of every pair table: each of its two signals is given one half.
    """

    edges: Floats
    bounds: Indices
    levels: Floats
    slopes: Floats
    anchors: Floats
    sides: Indices
    shifts: Indices
    steps: Indices
    halves: Floats

    @classmethod
    def of(cls, curves: Sequence[Curve], tables: Sequence[PairTable]) -> "Lookup":
        """Lay out curves (one a signal, in order) and pair tables for lookup."""
        places = {curve.signal: place for place, curve in enumerate(curves)}
        offsets = _starts([len(curve.levels) for curve in curves])
        rows_of = [places[table.signals[0]] for table in tables]
        columns_of = [places[table.signals[1]] for table in tables]
        sides = np.array(rows_of + columns_of, dtype=np.int64)
        steps = _steps(curves, tables, rows_of, columns_of)
        return cls(
            edges=_joined([curve.edges for curve in curves]),
            bounds=np.cumsum([0, *(len(curve.edges) for curve in curves)], dtype=np.int64),
            levels=_joined([curve.levels for curve in curves]),
            slopes=_joined([curve.slopes for curve in curves]),
            anchors=_joined([curve.anchors for curve in curves]),
            sides=sides,
            shifts=_starts([len(step) for step in steps]) - offsets[sides],
            steps=np.concatenate(steps) if steps else np.empty(0, dtype=np.int64),
            halves=_joined([table.values.ravel() for table in tables]) / 2,
        )

    def contributions(self, X: Floats) -> Floats:
        """Give each signal's log-odds for each row.

        Parameters
        ----------
        X : ndarray of shape (n, n_signals)
            Signals; nan is missing.

        Returns
        -------
        ndarray of shape (n, n_signals)
            Each signal's curve plus half of each of its pairs, in log-odds.
        """
        out = np.empty(X.shape)
        curves = (self.edges, self.bounds, self.levels, self.slopes, self.anchors)
        _compiled()(X, curves, (self.sides, self.shifts, self.steps, self.halves), out)
        return out


def _walk(X: Any, curves: Any, pairs: Any, out: Any) -> None:
    """Fill `out`; plain Python to numba and to the reader."""
    edges, bounds, levels, slopes, anchors = curves
    sides, shifts, steps, halves = pairs
    n_pairs = len(sides) // 2
    bins = np.empty(X.shape[1], np.int64)
    for i in range(X.shape[0]):
        for j in range(X.shape[1]):
            value, low, high = X[i, j], bounds[j], bounds[j + 1]
            if np.isnan(value):
                low = high + 1
            else:
                while low < high:
                    middle = (low + high) // 2
                    if edges[middle] < value:
                        low = middle + 1
                    else:
                        high = middle
            place = low + 2 * j
            bins[j] = place
            # Beyond all measure a value may be infinite, and 0 times that is no number.
            rise = slopes[place] * (value - anchors[place]) if slopes[place] != 0.0 else 0.0
            out[i, j] = levels[place] + rise
        for k in range(n_pairs):
            left, right = sides[k], sides[k + n_pairs]
            half = halves[steps[bins[left] + shifts[k]] + steps[bins[right] + shifts[k + n_pairs]]]
            out[i, left] += half
            out[i, right] += half


@cache
def _compiled() -> Callable[..., None]:
    rows = numba.types.Array(numba.float64, 2, "C", readonly=True)
    curves = numba.types.Tuple((FLOATS, INTEGERS, FLOATS, FLOATS, FLOATS))
    pairs = numba.types.Tuple((INTEGERS, INTEGERS, INTEGERS, FLOATS))
    return compile_once(_walk, numba.void(rows, curves, pairs, numba.float64[:, ::1]))


def _joined(arrays: Sequence[Floats]) -> Floats:
    return np.concatenate([np.empty(0), *arrays])


def _starts(lengths: Sequence[int]) -> Indices:
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64) if lengths else np.empty(0, dtype=np.int64)


def _steps(
    curves: Sequence[Curve], tables: Sequence[PairTable], rows_of: list[int], columns_of: list[int]
) -> list[Indices]:
    """Give, for each side of each pair, what each bin of its signal adds to the number of the cell."""
    cells = _starts([table.values.size for table in tables])
    rows = [
        coarsen(curves[place].edges, table.row_edges) * table.values.shape[1] + start
        for place, table, start in zip(rows_of, tables, cells, strict=True)
    ]
    columns = [
        coarsen(curves[place].edges, table.column_edges) for place, table in zip(columns_of, tables, strict=True)
    ]
    return rows + columns
