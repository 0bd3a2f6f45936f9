"""From a fitted estimator to a scorecard that gives the same log-odds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.curves import Curve, Floats, PairTable, coarsen
from models.scorecard import Scorecard
from training.binary import BinaryClassifier, sign_of
from training.estimator import PairwiseTrees, RelationshipClassifier, SplineLogistic
from training.purify import centre_curve, purify_table

Nodes = NDArray[np.void]


@dataclass(frozen=True)
class Interval:
    """The values of one signal that lead to a leaf: above `low`, up to and including `high`, or missing.

    Attributes
    ----------
    low, high : float
        In the signal's unit; infinite where there is no bound.
    missing : bool
        Whether a missing value leads there too.
    """

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True

    def bins(self, edges: Floats) -> NDArray[np.intp]:
        """Give the numbers of the bins between these edges that lead to the leaf; both bounds are among them."""
        first = 0 if self.low == -np.inf else int(np.searchsorted(edges, self.low)) + 1
        last = len(edges) if self.high == np.inf else int(np.searchsorted(edges, self.high))
        known = np.arange(first, last + 1)
        return np.append(known, len(edges) + 1) if self.missing else known


@dataclass(frozen=True)
class Leaf:
    """A leaf of a tree: its log-odds, and the intervals of the signals that lead to it, by number of the signal."""

    value: float
    box: dict[int, Interval]

    @property
    def signals(self) -> tuple[int, ...]:
        """Numbers of the signals that matter to it, ascending."""
        return tuple(sorted(self.box))


@dataclass
class Sum:
    """A function under construction: base, curves, and tables by the numbers of their two signals."""

    base: float
    edges: list[Floats]
    levels: list[Floats]
    slopes: list[Floats]
    anchors: list[Floats]
    cuts: dict[tuple[int, int], tuple[Floats, Floats]] = field(default_factory=dict)
    tables: dict[tuple[int, int], Floats] = field(default_factory=dict)


def compile_scorecard(
    estimator: BinaryClassifier, signal_names: Sequence[str], X: ArrayLike, positive: object = None
) -> Scorecard:
    """Compile a fitted estimator into a scorecard.

    Parameters
    ----------
    estimator : RelationshipClassifier, PairwiseTrees or SplineLogistic
        Fitted.
    signal_names : sequence of str
        Names of its signals, in order.
    X : array-like of shape (n, n_signals)
        The signals it was fitted on: how many accounts lie in each bin weighs the purification.
    positive : label, optional
        The class whose log-odds the scorecard gives; ``classes_[1]`` by default.

    Returns
    -------
    Scorecard
        Purified; its `score` equals the estimator's `log_odds` of `positive` to rounding, on every row.
    """
    values = np.asarray(X, dtype=np.float64)
    if values.shape[1:] != (len(signal_names),) or not len(values):
        raise ValueError(f"Expected the training signals, a row an account and {len(signal_names)} columns.")
    slope, intercept, model = 1.0, 0.0, estimator
    if isinstance(estimator, RelationshipClassifier):
        slope, intercept = estimator.calibration_.slope, estimator.calibration_.intercept
        model = estimator.model_
    total = _sum_of_trees(model) if isinstance(model, PairwiseTrees) else _sum_of_ramps(model)
    sign = 1 if positive is None else sign_of(estimator.classes_, positive)
    _scale(total, sign * slope, sign * intercept)
    masses = [bin_masses(column, edges) for column, edges in zip(values.T, total.edges, strict=True)]
    return _assemble(total, signal_names, masses, values)


def bin_masses(column: Floats, edges: Floats) -> Floats:
    """Give the share of accounts in each of the k + 2 bins between k edges."""
    bins = np.where(np.isnan(column), len(edges) + 1, np.searchsorted(edges, column))
    return np.bincount(bins, minlength=len(edges) + 2) / len(column)


def walk_leaves(nodes: Nodes) -> Iterator[Leaf]:
    """Give every leaf of a tree of scikit-learn's histogram gradient boosting.

    Parameters
    ----------
    nodes : structured ndarray
        A `TreePredictor`'s nodes; the first is the root.
    """
    waiting: list[tuple[int, dict[int, Interval]]] = [(0, {})]
    while waiting:
        place, box = waiting.pop()
        node = nodes[place]
        if node["is_leaf"]:
            yield Leaf(float(node["value"]), box)
            continue
        signal, threshold, left = (
            int(node["feature_idx"]),
            float(node["num_threshold"]),
            bool(node["missing_go_to_left"]),
        )
        old = box.get(signal, Interval())
        waiting.append(
            (int(node["left"]), {**box, signal: Interval(old.low, min(old.high, threshold), old.missing and left)})
        )
        waiting.append(
            (int(node["right"]), {**box, signal: Interval(max(old.low, threshold), old.high, old.missing and not left)})
        )


def _sum_of_trees(model: PairwiseTrees) -> Sum:
    n_bags = len(model.bags_)
    leaves = [leaf for bag in model.bags_ for trees in bag._predictors for leaf in walk_leaves(trees[0].nodes)]
    base = sum(float(bag._baseline_prediction.item()) for bag in model.bags_) / n_bags
    edges = [_edges_of(leaves, signal) for signal in range(model.n_features_in_)]
    total = Sum(
        base=base,
        edges=edges,
        levels=[np.zeros(len(one) + 2) for one in edges],
        slopes=[np.zeros(len(one) + 2) for one in edges],
        anchors=[np.zeros(len(one) + 2) for one in edges],
    )
    by_signals: dict[tuple[int, ...], list[Leaf]] = {}
    for leaf in leaves:
        by_signals.setdefault(leaf.signals, []).append(leaf)
    for signals, members in sorted(by_signals.items()):
        _add_leaves(total, signals, members, n_bags)
    return total


def _add_leaves(total: Sum, signals: tuple[int, ...], leaves: list[Leaf], n_bags: int) -> None:
    if not signals:
        total.base += sum(leaf.value for leaf in leaves) / n_bags
        return
    if len(signals) == 1:
        for leaf in leaves:
            bins = leaf.box[signals[0]].bins(total.edges[signals[0]])
            total.levels[signals[0]][bins] += leaf.value / n_bags
        return
    row, column = signals
    cuts = (_edges_of(leaves, row), _edges_of(leaves, column))
    table = np.zeros((len(cuts[0]) + 2, len(cuts[1]) + 2))
    for leaf in leaves:
        table[np.ix_(leaf.box[row].bins(cuts[0]), leaf.box[column].bins(cuts[1]))] += leaf.value / n_bags
    total.cuts[row, column], total.tables[row, column] = cuts, table


def _edges_of(leaves: Sequence[Leaf], signal: int) -> Floats:
    bounds = [bound for leaf in leaves if signal in leaf.box for bound in (leaf.box[signal].low, leaf.box[signal].high)]
    edges = np.unique(np.array(bounds, dtype=np.float64))
    # A split of the missing from the known has an infinite threshold, which separates no two known values.
    return edges[np.isfinite(edges)]


def _sum_of_ramps(model: SplineLogistic) -> Sum:
    total = Sum(model.intercept_, [], [], [], [])
    for knots, rises, missing in zip(model.knots_, model.rises_, model.missing_, strict=True):
        edges = knots if len(rises) else np.empty(0)
        heights = np.concatenate([[0.0], np.cumsum(rises)])
        slopes = [rise / (high - low) for rise, (low, high) in zip(rises, pairwise(knots), strict=True)]
        level = [0.0, *heights, missing] if len(edges) else [0.0, missing]
        total.edges.append(edges)
        # The stretch behind an edge starts there: the bin's anchor is the edge below it, the last bin is level.
        total.levels.append(np.array(level, dtype=np.float64))
        total.slopes.append(np.array([0.0, *slopes, 0.0, 0.0][: len(level)], dtype=np.float64))
        total.anchors.append(np.concatenate([[0.0], edges, [0.0]]))
    return total


def _scale(total: Sum, slope: float, intercept: float) -> None:
    total.base = slope * total.base + intercept
    total.levels = [slope * levels for levels in total.levels]
    total.slopes = [slope * slopes for slopes in total.slopes]
    total.tables = {signals: slope * table for signals, table in total.tables.items()}


def _assemble(total: Sum, names: Sequence[str], masses: list[Floats], X: Floats) -> Scorecard:
    base, levels, tables = total.base, list(total.levels), []
    for (row, column), values in total.tables.items():
        cuts = total.cuts[row, column]
        to_rows, to_columns = coarsen(total.edges[row], cuts[0]), coarsen(total.edges[column], cuts[1])
        weights: tuple[Floats, Floats] = (
            np.bincount(to_rows, masses[row]).astype(np.float64),
            np.bincount(to_columns, masses[column]).astype(np.float64),
        )
        pure, rows, columns, mean = purify_table(values, *weights)
        base += mean
        levels[row] = levels[row] + rows[to_rows]
        levels[column] = levels[column] + columns[to_columns]
        tables.append(PairTable((names[row], names[column]), *cuts, pure, *weights))
    curves = []
    for place, name in enumerate(names):
        parts = (total.edges[place], levels[place], total.slopes[place], total.anchors[place], masses[place])
        curve, mean = centre_curve(Curve(name, *parts), X[:, place])
        base += mean
        curves.append(curve)
    return Scorecard(base, tuple(curves), tuple(tables))
