"""The picture of a learning curve: figures against labels, in either order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from models.drawing import BASE, FAINT, MODEL, YARDSTICK, drawing
from training.asking.learning_curve import GAIN, METRICS, ORDERS, LearningCurve
from training.reporting.plots import METRICS as KNOWN
from training.reporting.plots import Metric

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SUFFIXES", "write_curve"]

SUFFIXES: Final = (".svg", ".png", ".pdf")
"""Of the files that can be written."""

# The same curve gives the same bytes.
_UNDATED: Final = {".svg": {"Date": None}, ".png": {}, ".pdf": {"CreationDate": None}}
_LOOKS: Final = {"random": (YARDSTICK, (0, (5, 2)), "random order"), "desk": (MODEL, "solid", "the desk's order")}
_TITLES: Final[dict[str, Metric]] = {metric.name: metric for metric in KNOWN}


def write_curve(curve: LearningCurve, path: Path) -> None:
    """Draw a curve and write it; its suffix, one of `SUFFIXES`, says how.

    The lines are means over the repeats, the bands the middle half of them, the points where `GAIN` is reached.

    Parameters
    ----------
    curve : LearningCurve
    path : Path
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with drawing(), mpl.rc_context({"svg.hashsalt": "learning-curve"}):
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        for axes, metric in zip(figure.subplots(1, len(METRICS)), METRICS, strict=True):
            _plot(axes, curve, _TITLES[metric])
        figure.savefig(path, dpi=160, metadata=_UNDATED[path.suffix])


def _plot(axes: Axes, curve: LearningCurve, metric: Metric) -> None:
    nothing = float(curve.nothing[metric.name].mean())
    goal = nothing + GAIN * (float(curve.values["desk"][metric.name][:, -1].mean()) - nothing)
    axes.axhline(goal, color=BASE, linewidth=1.0, linestyle=(0, (1, 2)))
    axes.text(curve.sizes[0], goal, f"{GAIN:.0%} of the gain", color=FAINT, fontsize=8.5, va="bottom")
    for order in ORDERS:
        colour, style, name = _LOOKS[order]
        side, place = (-4, "right") if order == "desk" else (4, "left")
        values = curve.values[order][metric.name]
        low, high = np.quantile(values, (0.25, 0.75), axis=0)
        axes.fill_between(curve.sizes, low, high, color=colour, alpha=0.13, linewidth=0)
        axes.plot(curve.sizes, values.mean(axis=0), color=colour, linestyle=style, linewidth=1.9, label=name)
        reached = curve.needed(order, metric.name).value
        if reached is not None:
            axes.plot([reached], [goal], marker="o", markersize=6, color=colour)
            # Each number on its own side of its point, so that two close to each other can both be read.
            axes.annotate(
                f"{reached:,.0f}", (reached, goal), (side, -14), textcoords="offset points", color=colour, ha=place
            )
    _dress(axes, curve, metric)


def _dress(axes: Axes, curve: LearningCurve, metric: Metric) -> None:
    from matplotlib.ticker import FuncFormatter, NullLocator

    axes.set_xscale("log")
    first, last = curve.sizes[[0, -1]]
    round_ones = [size for size in (20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000) if first <= size <= last]
    axes.set_xticks(round_ones or [first, last])
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"labels, of {int(curve.sizes[-1]):,}")
    axes.set_ylabel(f"{metric.title}, {metric.better}")
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="lower right" if metric.higher_is_better else "upper right", fontsize=9)
