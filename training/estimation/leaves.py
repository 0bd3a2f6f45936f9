"""The leaves of trees limited to pairs of signals: boxes in one or two signals, each with its log-odds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from training.estimation.binary import Floats

__all__ = ["Leaves"]

Nodes = NDArray[np.void]
"""Of scikit-learn's `TreePredictor`; the first is the root."""

_SIDES = 2


@dataclass(frozen=True, slots=True)
class _Reach:
    """Which values of a signal lead to a leaf: above `low`, up to and including `high`, missing ones or not."""

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True


@dataclass(frozen=True, eq=False)
class Leaves:
    """Leaves of any number of trees.

    An account is in a leaf where the value of each of its signals is above `low`, up to and including `high`, or
    missing where `missing` says so. Each account is in one leaf of each tree.

    Attributes
    ----------
    signals : ndarray of int64, shape (n_leaves, 2)
        Numbers of its signals, the lower one first; -1 for none.
    low, high : ndarray of float64, shape (n_leaves, 2)
        In the signals' units; infinite where there is no bound.
    missing : ndarray of bool, shape (n_leaves, 2)
    values : ndarray of float64, shape (n_leaves,)
        Log-odds.
    """

    signals: NDArray[np.int64]
    low: Floats
    high: Floats
    missing: NDArray[np.bool_]
    values: Floats

    @classmethod
    def of_trees(cls, trees: Iterable[Nodes], share: float) -> Self:
        """Read the leaves of scikit-learn's trees, `share` of whose log-odds is to count.

        Raises
        ------
        ValueError
            A leaf is reached by more than two signals.
        """
        found = [leaf for nodes in trees for leaf in _walk(nodes)]
        signals = np.full((len(found), _SIDES), -1)
        low, high = np.full((len(found), _SIDES), -np.inf), np.full((len(found), _SIDES), np.inf)
        missing, values = np.ones((len(found), _SIDES), dtype=bool), np.empty(len(found))
        for row, (value, box) in enumerate(found):
            if len(box) > _SIDES:
                raise ValueError("A tree joins more than two signals, which no pair table can hold.")
            values[row] = share * value
            for side, (signal, reach) in enumerate(sorted(box.items())):
                signals[row, side], missing[row, side] = signal, reach.missing
                low[row, side], high[row, side] = reach.low, reach.high
        return cls(signals, low, high, missing, values)

    def of_rows(self, rows: NDArray[np.intp]) -> Self:
        """Give some of the leaves."""
        return type(self)(self.signals[rows], self.low[rows], self.high[rows], self.missing[rows], self.values[rows])

    def reach(self, side: int, edges: Floats) -> Floats:
        """Say which bins between these edges lead to each leaf, by its first signal or its second.

        Parameters
        ----------
        side : int
            0 or 1.
        edges : ndarray of shape (k,)
            Ascending; all finite bounds of the leaves on that side are among them.

        Returns
        -------
        ndarray of shape (n_leaves, k + 2)
            1 where it does, else 0; bins are counted as in `models.curves.Curve`.
        """
        low, high = self.low[:, side, None], self.high[:, side, None]
        inside = (np.append(-np.inf, edges) >= low) & (np.append(edges, np.inf) <= high)
        return np.column_stack([inside, self.missing[:, side]]).astype(np.float64)


def _walk(nodes: Nodes) -> Iterator[tuple[float, dict[int, _Reach]]]:
    """Give the value of every leaf of a tree, and the signals that lead to it."""
    waiting: list[tuple[Any, dict[int, _Reach]]] = [(nodes[0], {})]
    while waiting:
        node, box = waiting.pop()
        if node["is_leaf"]:
            yield float(node["value"]), box
            continue
        signal, threshold = int(node["feature_idx"]), float(node["num_threshold"])
        to_left = bool(node["missing_go_to_left"])
        old = box.get(signal, _Reach())
        left = replace(old, high=min(old.high, threshold), missing=old.missing and to_left)
        right = replace(old, low=max(old.low, threshold), missing=old.missing and not to_left)
        waiting.append((nodes[node["left"]], {**box, signal: left}))
        waiting.append((nodes[node["right"]], {**box, signal: right}))
