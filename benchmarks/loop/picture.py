"""The picture of the loop: figures against labels of reviewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.loop.figures import NAMES, Loop
from benchmarks.loop.rounds import Arm
from models.drawing import BASE, MODEL, YARDSTICK, draw, drawing
from training.asking.learning_curve import GAIN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOOKS: dict[Arm, tuple[str, object]] = {
    "random": (YARDSTICK, (0, (5, 2))),
    "desk": (MODEL, "solid"),
}
_TITLES = {"log_loss": "log loss, lower is better", "auroc": "AUROC, higher is better"}


def draw_loop(loop: Loop) -> bytes:
    """Draw the loop as an SVG; the same figures give the same bytes.

    The lines are means over the trials; the bands hold 95 % of a bootstrap over them.
    """
    from matplotlib.figure import Figure

    with drawing():
        figure = Figure(figsize=(9.2, 3.9), layout="constrained")
        for axes, metric in zip(figure.subplots(1, len(_TITLES)), _TITLES, strict=True):
            _plot(axes, loop, metric)
        told = (
            f"Means over {len(loop.trials)} simulated companies. After {loop.labels[-1]} verdicts: "
            + "; ".join(f"{NAMES[arm]} {loop.mean(arm, 'log_loss', -1).value:.4f}" for arm in NAMES)
            + "."
        )
        return draw(figure, "loop", "Log loss and AUROC against labels of reviewers", told).image


def _plot(axes: Axes, loop: Loop, metric: str) -> None:
    from matplotlib.ticker import MaxNLocator

    for arm, (colour, style) in _LOOKS.items():
        found = [loop.mean(arm, metric, turn) for turn in range(len(loop.labels))]
        middle, low, high = np.array([[each.value, each.low, each.high] for each in found], dtype=np.float64).T
        axes.fill_between(loop.labels, low, high, color=colour, alpha=0.13, linewidth=0)
        axes.plot(loop.labels, middle, color=colour, linestyle=style, linewidth=1.9, marker="o", ms=4, label=NAMES[arm])
    if metric == "log_loss":
        _mark(axes, loop)
    axes.set_xticks(loop.labels)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel(f"verdicts, beside {loop.size.start} labels of the CRM")
    axes.set_ylabel(_TITLES[metric])
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    axes.legend(frameon=False, loc="upper right" if metric == "log_loss" else "lower right", fontsize=9)


def _mark(axes: Axes, loop: Loop) -> None:
    """Mark how many labels each takes to nearly all that the rival gains."""
    first, last = (loop.mean("random", "log_loss", turn).value for turn in (0, -1))
    if first is None or last is None:
        return
    goal = first + GAIN * (last - first)
    axes.axhline(goal, color=BASE, linewidth=1.0, linestyle=(0, (1, 2)))
    for arm, (colour, _) in _LOOKS.items():
        reached = loop.needed(arm).value
        if reached is not None:
            axes.plot([reached], [goal], marker="o", markersize=7, color=colour, markerfacecolor="none")
            # Each number on its own side of its point, so that two close to each other can both be read.
            x, y, place = (-5, -14, "right") if arm == "desk" else (5, 6, "left")
            axes.annotate(f"{reached:.0f}", (reached, goal), (x, y), textcoords="offset points", color=colour, ha=place)
