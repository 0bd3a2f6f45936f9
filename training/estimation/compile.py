"""From a fitted estimator to a scorecard that gives the same log-odds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from models.curves import Curve, Floats, PairTable, coarsen
from models.scorecard import Scorecard
from training.estimation.binary import BinaryClassifier, sign_of
from training.estimation.estimator import PairwiseTrees, RelationshipClassifier, SplineLogistic
from training.estimation.leaves import Leaves
from training.estimation.purify import centre_curve, purify_table


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
    total = _sum_of(estimator)
    _scale(total, 1 if positive is None else sign_of(estimator.classes_, positive))
    masses = [bin_masses(column, edges) for column, edges in zip(values.T, total.edges, strict=True)]
    return _assemble(total, signal_names, masses, values)


def bin_masses(column: Floats, edges: Floats) -> Floats:
    """Give the share of accounts in each of the k + 2 bins between k edges."""
    bins = np.where(np.isnan(column), len(edges) + 1, np.searchsorted(edges, column))
    return np.bincount(bins, minlength=len(edges) + 2) / len(column)


def _sum_of_trees(model: PairwiseTrees) -> Sum:
    leaves = model.leaves_
    first, other = leaves.signals.T
    edges = [_edges_of(leaves, signal) for signal in range(model.n_features_in_)]
    total = Sum(
        base=model.base_ + float(leaves.values[first < 0].sum()),
        edges=edges,
        levels=[np.zeros(len(one) + 2) for one in edges],
        slopes=[np.zeros(len(one) + 2) for one in edges],
        anchors=[np.zeros(len(one) + 2) for one in edges],
    )
    for signal in range(model.n_features_in_):
        alone = leaves.of_rows(np.flatnonzero((first == signal) & (other < 0)))
        total.levels[signal] += alone.values @ alone.reach(0, edges[signal])
    keys = first * model.n_features_in_ + other
    paired = np.flatnonzero(other >= 0)
    order = paired[np.argsort(keys[paired], kind="stable")]
    for rows in np.split(order, np.flatnonzero(np.diff(keys[order])) + 1) if len(order) else ():
        members = leaves.of_rows(rows)
        row, column = (int(signal) for signal in members.signals[0])
        cuts = _edges_of(members, row), _edges_of(members, column)
        heights = members.reach(0, cuts[0]) * members.values[:, None]
        total.cuts[row, column], total.tables[row, column] = cuts, heights.T @ members.reach(1, cuts[1])
    return total


def _edges_of(leaves: Leaves, signal: int) -> Floats:
    bounds = np.concatenate([side[leaves.signals == signal] for side in (leaves.low, leaves.high)])
    # A split of the missing from the known has an infinite threshold, which separates no two known values.
    return np.unique(bounds[np.isfinite(bounds)])


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


def _sum_of(estimator: BinaryClassifier) -> Sum:
    if isinstance(estimator, PairwiseTrees):
        return _sum_of_trees(estimator)
    if isinstance(estimator, SplineLogistic):
        return _sum_of_ramps(estimator)
    if not isinstance(estimator, RelationshipClassifier):
        raise TypeError(f"Expected an estimator of `training.estimation.estimator`, got {type(estimator).__name__}.")
    parts = []
    for name, model in estimator.models_.items():
        parts.append(_sum_of(model))
        _scale(parts[-1], estimator.calibration_.slope * estimator.shares()[name])
    total = parts[0] if len(parts) == 1 else _join(*parts)
    total.base += estimator.calibration_.intercept
    return total


def _join(trees: Sum, ramps: Sum) -> Sum:
    """Add a sum whose curves slope to one whose curves are steps, on the edges of both."""
    total = Sum(trees.base + ramps.base, [], [], [], [], trees.cuts, trees.tables)
    for place, (ours, theirs) in enumerate(zip(trees.edges, ramps.edges, strict=True)):
        edges = np.union1d(ours, theirs)
        steps, slopes = coarsen(edges, ours), coarsen(edges, theirs)
        total.edges.append(edges)
        total.levels.append(trees.levels[place][steps] + ramps.levels[place][slopes])
        total.slopes.append(ramps.slopes[place][slopes])
        total.anchors.append(ramps.anchors[place][slopes])
    return total


def _scale(total: Sum, factor: float) -> None:
    total.base *= factor
    total.levels = [factor * levels for levels in total.levels]
    total.slopes = [factor * slopes for slopes in total.slopes]
    total.tables = {signals: factor * table for signals, table in total.tables.items()}


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
