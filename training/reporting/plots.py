"""The report's plots of how good the answers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from models.drawing import BASE, FAINT, GRID, GROUND, INK, MODEL, RULES, YARDSTICK, Plot, draw, drawing
from models.manifest import Estimate
from training.reporting.diagrams import Coverage, Reliability

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["METRICS", "Metric", "add_axes", "figure_of", "plot_coverage", "plot_metric", "plot_reliability"]

WIDTH: Final = 4.6
"""Inches of every plot: about what a telephone is wide, so that letters keep their size there."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure of probabilities, as people know it.

    Attributes
    ----------
    name : str
        As in :func:`training.judging.metrics.probability_figures`.
    title : str
    higher_is_better : bool
    meaning : str
        One sentence.
    """

    name: str
    title: str
    higher_is_better: bool
    meaning: str

    @property
    def better(self) -> str:
        """Which way is better, in words."""
        return "higher is better" if self.higher_is_better else "lower is better"


METRICS: Final = (
    Metric("auroc", "AUROC", True, "How often a client ranks above a customer; 0.5 is guessing."),
    Metric(
        "average_precision", "Average precision", True, "How pure the list is when clients are sought from the top."
    ),
    Metric("log_loss", "Log loss", False, "What the probabilities cost in surprise, in nats an account."),
    Metric("brier", "Brier score", False, "Mean squared error of the probability."),
    Metric("ece", "Calibration error", False, "Mean distance of what was said from what came true, ten equal bins."),
)
"""In the order in which they are shown."""

_NARROW: Final = 3.9  # inches: three of these stand side by side
_COLOURS: Final = {"model": MODEL, "rules": RULES, "base rate": BASE}


def figure_of(height: float, left: float = 0.74, below: float = 0.5, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Make a figure with one set of axes; call it under `drawing`.

    Parameters
    ----------
    height : float
        Inches.
    left, below : float
        Inches for the names beside and beneath the axes. Measuring them instead would double the time of a report.
    width : float
        Inches of the whole.

    Returns
    -------
    figure : Figure
    axes : Axes
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    return figure, add_axes(figure, (left, below), (width - left - 0.2, height - below - 0.1))


def add_axes(figure: Figure, corner: tuple[float, float], size: tuple[float, float]) -> Axes:
    """Add axes at a lower left corner, of a width and a height, all in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes((corner[0] / width, corner[1] / height, size[0] / width, size[1] / height))


def plot_metric(metric: Metric, sides: Mapping[str, Estimate]) -> Plot | None:
    """Set one figure of model, rules, base rate and yardsticks beside each other, with intervals (a forest plot).

    Parameters
    ----------
    metric : Metric
    sides : mapping of str to Estimate
        By who said it, from the top down.

    Returns
    -------
    Plot or None
        None where the accounts leave it undefined for all.
    """
    shown = {side: found for side, found in sides.items() if found.value is not None}
    if not shown:
        return None
    with drawing():
        figure, axes = figure_of(0.78 + 0.27 * len(shown), left=1.4, width=_NARROW)
        for row, (side, found) in enumerate(shown.items()):
            _mark(axes, row, side, found)
        axes.set_yticks(range(len(shown)), list(shown))
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(len(shown) - 0.5, -0.5)
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.12)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.set_xlabel(f"{metric.title}, {metric.better}")
        axes.locator_params(axis="x", nbins=5)
        return draw(figure, f"metric-{metric.name.replace('_', '-')}", metric.title, _forest_in_words(shown))


def _mark(axes: Axes, row: int, side: str, found: Estimate) -> None:
    value = found.value
    if value is None:
        return
    colour = _COLOURS.get(side, YARDSTICK)
    if found.low is not None and found.high is not None:
        axes.plot([found.low, found.high], [row, row], color=colour, linewidth=2.2, alpha=0.55)
    axes.plot(
        [value], [row], marker="o" if side in _COLOURS else "D", markersize=6 if side == "model" else 4.5, color=colour
    )
    axes.annotate(
        f"{value:.3f}",
        (value, row),
        (0, 5.5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=8.0,
        color=colour,
    )


def _forest_in_words(shown: Mapping[str, Estimate]) -> str:
    return "; ".join(
        f"{side} {found.value:.3f}" + ("" if found.low is None else f" ({found.low:.3f} to {found.high:.3f})")
        for side, found in shown.items()
    )


def plot_reliability(found: Reliability) -> Plot:
    """Plot what the model said against what came true."""
    with drawing():
        figure, axes = figure_of(4.0)
        axes.plot([0, 1], [0, 1], color=BASE, linewidth=1.0, linestyle=(0, (4, 3)))
        axes.vlines(found.said, found.low, found.high, color=MODEL, linewidth=2.2, alpha=0.45)
        axes.plot(found.said, found.came_true, marker="o", markersize=5, color=MODEL, linewidth=1.2)
        axes.text(0.6, 0.565, "as said", rotation=43, rotation_mode="anchor", va="top", color=FAINT, fontsize=8.5)
        _as_shares(axes, "x", "share of clients that the model expects")
        _as_shares(axes, "y", "share that are clients")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        words = "; ".join(
            f"expected {said:.0%}, were {true:.0%} of {count}"
            for said, true, count in zip(found.said, found.came_true, found.counts, strict=True)
        )
        return draw(figure, "reliability", "Reliability of the probabilities", words)


def plot_coverage(model: Coverage, rules: Coverage, chosen: Sequence[tuple[float, float]]) -> Plot:
    """Plot the share wrong against the share answered, the surest first.

    Parameters
    ----------
    model, rules : Coverage
    chosen : sequence of (float, float)
        The share answered automatically and the share wrong among those, where there are any.

    Returns
    -------
    Plot
    """
    with drawing():
        figure, axes = figure_of(4.0)
        axes.fill_between(model.answered, model.low, model.high, color=MODEL, alpha=0.13, linewidth=0)
        axes.plot(model.answered, model.wrong, color=MODEL, linewidth=1.9, label="model")
        axes.plot(rules.answered, rules.wrong, color=RULES, linewidth=1.9, linestyle=(0, (5, 2)), label="rules")
        ground = {"boxstyle": "square,pad=0.1", "facecolor": GROUND, "edgecolor": "none", "alpha": 0.85}
        for answered, wrong in chosen:
            axes.plot(
                [answered], [wrong], marker="o", markersize=7, color=INK, markerfacecolor="none", markeredgewidth=1.6
            )
            axes.annotate(
                "answered automatically",
                (answered, wrong),
                (0, 10),
                textcoords="offset points",
                ha="center",
                fontsize=8.5,
                bbox=ground,
            )
        _as_shares(axes, "x", "share of accounts answered, the surest first")
        _as_shares(axes, "y", "share wrong among those answered")
        axes.set_xlim(0, 1.02)
        top = max(float(model.wrong.max()), float(rules.wrong.max()), 0.05)
        axes.set_ylim(0, min(1.08 * top, 1.0))
        axes.legend(frameon=False, loc="upper left", fontsize=9)
        words = (
            f"With all accounts answered, {model.wrong[-1]:.1%} of the model's answers and {rules.wrong[-1]:.1%} of "
            f"the rules' are wrong."
        )
        return draw(figure, "risk-coverage", "Share wrong against share answered", words)


def _as_shares(axes: Axes, side: Literal["x", "y"], label: str) -> None:
    axis = axes.xaxis if side == "x" else axes.yaxis
    axes.locator_params(axis=side, nbins=5, steps=[1, 2, 2.5, 5, 10])
    axis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")
    axis.grid(visible=True, color=GRID)
    axis.set_label_text(label)
    axes.set_axisbelow(True)
