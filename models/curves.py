"""The two building blocks of a scorecard: a curve of one signal, a table of two."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Curve:
    """Log-odds that one signal contributes on its own, bin by bin.

    With k edges there are k + 2 bins: bin b holds values above ``edges[b - 1]`` and up to and including ``edges[b]``,
    bin k those above the last edge, and bin k + 1 missing values. In bin b the curve is
    ``levels[b] + slopes[b] * (value - anchors[b])``; trees give steps, so all their slopes are 0.

    Attributes
    ----------
    signal : str
        Name of the signal.
    edges : ndarray of shape (k,)
        Strictly increasing, finite, in the signal's unit.
    levels : ndarray of shape (k + 2,)
        Log-odds at the anchor.
    slopes : ndarray of shape (k + 2,)
        Log-odds a unit; 0 in the missing bin.
    anchors : ndarray of shape (k + 2,)
        In the signal's unit.
    masses : ndarray of shape (k + 2,)
        Share of the training accounts in each bin; they sum to 1.
    """

    signal: str
    edges: Floats
    levels: Floats
    slopes: Floats
    anchors: Floats
    masses: Floats

    @classmethod
    def of_steps(cls, signal: str, edges: Floats, levels: Floats, masses: Floats) -> "Curve":
        """Make a curve that is constant within each bin."""
        flat = np.zeros_like(levels)
        return cls(signal, edges, levels, flat, flat.copy(), masses)

    def at(self, values: Floats) -> Floats:
        """Give the log-odds at each value, for a plot; nan is missing."""
        bins = np.where(np.isnan(values), len(self.edges) + 1, np.searchsorted(self.edges, values))
        slopes = self.slopes[bins]
        runs = np.subtract(values, self.anchors[bins], out=np.zeros(values.shape), where=slopes != 0)
        return self.levels[bins] + slopes * runs


@dataclass(frozen=True, eq=False)
class PairTable:
    """Log-odds that two signals contribute together, beyond what each contributes on its own.

    Attributes
    ----------
    signals : tuple of two str
        Names of the row signal and of the column signal.
    row_edges, column_edges : ndarray of shape (r,) and (c,)
        Edges of the bins, each one of the edges of that signal's curve; bins are counted as in `Curve`.
    values : ndarray of shape (r + 2, c + 2)
        Log-odds of each cell; the last row and the last column are for missing values.
    row_masses, column_masses : ndarray of shape (r + 2,) and (c + 2,)
        Share of the training accounts in each bin. Cells are weighted by their product.
    """

    signals: tuple[str, str]
    row_edges: Floats
    column_edges: Floats
    values: Floats
    row_masses: Floats
    column_masses: Floats

    def transposed(self) -> "PairTable":
        """Give the same table with rows and columns exchanged."""
        return PairTable(
            signals=(self.signals[1], self.signals[0]),
            row_edges=self.column_edges,
            column_edges=self.row_edges,
            values=self.values.T,
            row_masses=self.column_masses,
            column_masses=self.row_masses,
        )


def coarsen(edges: Floats, coarse_edges: Floats) -> NDArray[np.int64]:
    """Map each bin of `edges` to the bin of `coarse_edges` that contains it.

    Parameters
    ----------
    edges : ndarray of shape (k,)
        Strictly increasing edges.
    coarse_edges : ndarray of shape (j,)
        Some of these edges, in order.

    Returns
    -------
    ndarray of shape (k + 2,)
        Bin numbers from 0 to j + 1; missing maps to missing.
    """
    inner = np.searchsorted(coarse_edges, edges, side="left")
    return np.concatenate([inner, [len(coarse_edges), len(coarse_edges) + 1]]).astype(np.int64)
