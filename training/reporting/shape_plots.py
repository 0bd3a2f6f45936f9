"""The report's plots of what was learned: curves with the accounts behind them, and tables of pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from features.catalogue import Signal
from models.drawing import BASE, CLIENT, CUSTOMER, FAINT, INK, MODEL, Plot, draw, drawing, signed
from training.reporting.pair_shapes import PairShape
from training.reporting.plots import WIDTH, add_axes, figure_of
from training.reporting.shapes import Shape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_pair", "plot_shape"]

THIN: Final = 10
"""Accounts below which a stretch of a curve is drawn as uncertain ground."""

_ACROSS: Final = np.array([-1.0, 1.0, 1.0, -1.0])  # corners of a cell
_UP: Final = np.array([-1.0, -1.0, 1.0, 1.0])
_HALF_WIDE: Final = 0.48
_HALF_HIGH: Final = 0.47
_KNOWN: Final = (0.66, 3.2)  # inches: where the axes of known values begin, and how wide they are
_UNKNOWN: Final = (4.12, 0.44)
_MANY: Final = 5  # powers of ten that fill an axis
_LETTER: Final = 0.078  # inches
_ROOM: Final = 3.2  # inches for the names of a table's columns


def plot_shape(shape: Shape, reach: tuple[float, float]) -> Plot:
    """Plot a curve, the level of what is not known, and how many accounts stand behind each stretch.

    Parameters
    ----------
    shape : Shape
    reach : tuple of float
        Least and greatest log-odds of the axis, the same for all curves so that they can be compared.

    Returns
    -------
    Plot
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(WIDTH, 3.3))
        curve, unknown = (add_axes(figure, (left, 1.22), (width, 2.0)) for left, width in (_KNOWN, _UNKNOWN))
        accounts, not_known = (add_axes(figure, (left, 0.52), (width, 0.62)) for left, width in (_KNOWN, _UNKNOWN))
        _draw_curve(curve, shape)
        _draw_accounts(accounts, shape)
        _draw_unknown(unknown, not_known, shape)
        for axes in (curve, unknown):
            axes.set_ylim(*reach)
        _set_scale(curve, accounts, shape)
        return draw(figure, f"curve-{shape.signal.name.replace('_', '-')}", shape.signal.meaning, _in_words(shape))


def _draw_curve(axes: Axes, shape: Shape) -> None:
    axes.axhline(0, color=BASE, linewidth=0.9)
    axes.fill_between(shape.values, shape.log_odds, 0, where=shape.log_odds >= 0, color=CLIENT, alpha=0.16, linewidth=0)
    axes.fill_between(
        shape.values, shape.log_odds, 0, where=shape.log_odds <= 0, color=CUSTOMER, alpha=0.16, linewidth=0
    )
    axes.plot(shape.values, shape.log_odds, color=INK, linewidth=1.7, solid_joinstyle="round")
    for start, end in _thin_stretches(shape):
        axes.axvspan(start, end, color=BASE, alpha=0.14, linewidth=0)
    axes.set_ylabel("← customer · log-odds · client →", fontsize=8.0)
    axes.tick_params(axis="x", length=0, labelbottom=False)


def _thin_stretches(shape: Shape) -> list[tuple[float, float]]:
    """Return where fewer than `THIN` accounts are, neighbours joined."""
    thin = np.concatenate(([0], (shape.counts < THIN).astype(np.int8), [0]))
    starts, ends = np.flatnonzero(np.diff(thin) == 1), np.flatnonzero(np.diff(thin) == -1)
    return [(float(shape.bounds[start]), float(shape.bounds[end])) for start, end in zip(starts, ends, strict=True)]


def _draw_unknown(above: Axes, below: Axes, shape: Shape) -> None:
    below.set_ylim(0, _tallest(shape))
    for axes in (above, below):
        axes.set_xlim(-1, 1)
        axes.tick_params(axis="both", length=0, labelleft=False, labelbottom=axes is below)
        axes.spines["left"].set_visible(False)
    above.axhline(0, color=BASE, linewidth=0.9)
    below.set_xticks([0], ["not\nknown"], fontsize=8.0)
    if shape.n_unknown:
        above.plot([0], [shape.unknown], marker="D", markersize=6, color=CLIENT if shape.unknown > 0 else CUSTOMER)
        below.bar([0], [shape.n_unknown], width=1.1, color=MODEL, alpha=0.35)
    else:
        above.text(0, 0, "none", ha="center", va="bottom", fontsize=8.0, color=FAINT)


def _draw_accounts(axes: Axes, shape: Shape) -> None:
    axes.stairs(shape.counts, shape.bounds, fill=True, color=MODEL, alpha=0.35, linewidth=0)
    axes.set_ylim(0, _tallest(shape))
    axes.set_ylabel("accounts", fontsize=8.0)
    axes.locator_params(axis="y", nbins=3, integer=True)


def _tallest(shape: Shape) -> float:
    return 1.1 * max(int(shape.counts.max()), shape.n_unknown, 1)


def _set_scale(above: Axes, axes: Axes, shape: Shape) -> None:
    unit = shape.signal.unit
    if shape.geometric:
        for each in (above, axes):
            each.set_xscale("symlog", linthresh=float(shape.bounds[1]), linscale=0.3)
        axes.set_xticks(_round_marks(shape), minor=False)
        axes.set_xticks([], minor=True)
    elif unit.name == "yes/no":
        axes.set_xticks([0, 1], ["no", "yes"])
    else:
        axes.locator_params(axis="x", nbins=6, integer=unit.whole)
    if unit.name != "yes/no":
        axes.xaxis.set_major_formatter(lambda value, _: _short(value, unit.name))
    for each in (above, axes):
        each.set_xlim(float(shape.bounds[0]), float(shape.bounds[-1]))
    axes.set_xlabel(_axis_name(shape.signal))


def _round_marks(shape: Shape) -> list[float]:
    """Return 0 and powers of ten within the bars, with threefold ones between where there are few."""
    low, high = float(shape.bounds[1]), float(shape.bounds[-1])
    tens = [10.0**power for power in range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)]
    marks = tens if len(tens) > _MANY else [mark for ten in tens for mark in (ten, 3 * ten)]
    start = [0.0] if shape.bounds[0] == 0 else []
    return start + [mark for mark in marks if max(low, float(shape.bounds[0])) <= mark <= high]


def _axis_name(signal: Signal) -> str:
    return {"yes/no": "", "ratio": "ratio", "share": "share"}.get(signal.unit.name, signal.unit.name)


def _short(value: float, unit: str) -> str:
    """Write a mark of an axis."""
    if unit == "share":
        return f"{value:.0%}".replace("%", " %")
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def _in_words(shape: Shape) -> str:
    unit = shape.signal.unit.name
    first, last = float(shape.log_odds[0]), float(shape.log_odds[-1])
    missing = f" Not known of {shape.n_unknown:,} accounts: {signed(shape.unknown)}." if shape.n_unknown else ""
    return (
        f"From {signed(first)} log-odds at {_short(float(shape.values[0]), unit)} to {signed(last)} at "
        f"{_short(float(shape.values[-1]), unit)} ({unit}); highest {signed(float(shape.log_odds.max()))}, lowest "
        f"{signed(float(shape.log_odds.min()))}; {int(shape.counts.sum()):,} accounts.{missing}"
    )


def plot_pair(pair: PairShape, most: float) -> Plot:
    """Plot a table of two signals: colour for what the pair adds, a number for the accounts in the cell.

    Parameters
    ----------
    pair : PairShape
    most : float
        Log-odds of the strongest colour, the same for all tables.

    Returns
    -------
    Plot
    """
    rows, columns = pair.counts.shape
    turned = max(map(len, pair.column_names)) * columns * _LETTER > _ROOM
    left = 0.42 + _LETTER * max(map(len, pair.row_names))
    below = 0.5 + (0.4 * _LETTER * max(map(len, pair.column_names)) if turned else 0.0)
    with drawing():
        figure, axes = figure_of(0.1 + below + 0.44 * rows, left=left, below=below)
        for row in range(rows):
            for column in range(columns):
                _draw_cell(axes, row, column, float(pair.log_odds[row, column]), int(pair.counts[row, column]), most)
        axes.set_xticks(
            range(columns), pair.column_names, rotation=25 if turned else 0, ha="right" if turned else "center"
        )
        axes.set_yticks(range(rows), pair.row_names)
        axes.tick_params(length=0, labelsize=8.5)
        axes.set_xlim(-0.5, columns - 0.5)
        axes.set_ylim(-0.5, rows - 0.5)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set_xlabel(pair.columns.name)
        axes.set_ylabel(pair.rows.name)
        name = f"pair-{pair.rows.name}-{pair.columns.name}".replace("_", "-")
        return draw(figure, name, f"{pair.rows.name} with {pair.columns.name}", _pair_in_words(pair))


def _draw_cell(axes: Axes, row: int, column: int, log_odds: float, count: int, most: float) -> None:
    corners = (column + _HALF_WIDE * _ACROSS, row + _HALF_HIGH * _UP)
    if count == 0:
        axes.fill(*corners, facecolor="none", edgecolor=BASE, alpha=0.35, linewidth=0.7)
        return
    shade = 0.06 + 0.6 * min(abs(log_odds) / most, 1.0)
    axes.fill(*corners, color=CLIENT if log_odds > 0 else CUSTOMER, alpha=shade, linewidth=0)
    axes.text(column, row + 0.02, signed(log_odds), ha="center", va="bottom", fontsize=9.0)
    axes.text(column, row - 0.06, f"{count:,}", ha="center", va="top", fontsize=7.5, color=FAINT)


def _pair_in_words(pair: PairShape) -> str:
    known = np.where(np.isnan(pair.log_odds), 0.0, pair.log_odds)
    row, column = np.unravel_index(int(np.abs(known).argmax()), known.shape)
    return (
        f"Strongest where {pair.rows.name} is {pair.row_names[row]} and {pair.columns.name} is "
        f"{pair.column_names[column]}: {signed(float(known[row, column]))} log-odds, "
        f"{int(pair.counts[row, column]):,} accounts."
    )
