"""The report of a training run: one HTML file that opens anywhere and asks nothing of the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from features.signals import CATALOGUE
from models.drawing import Plot
from models.manifest import Estimate
from models.scorecard import Scorecard
from training.judging.slices import slices_of
from training.reporting.diagrams import Bargain, alpha_table, reliability, risk_coverage
from training.reporting.disagreement import Disagreement, disagreement
from training.reporting.numbers import FILTERS
from training.reporting.pair_shapes import PairShape, pair_shapes
from training.reporting.plain_words import (
    how_good,
    next_steps,
    of_whom,
    promise,
    signal_in_words,
    what_changed,
)
from training.reporting.plots import METRICS, Metric, plot_coverage, plot_metric, plot_reliability
from training.reporting.purpose import INTENDED, LIMITS, NOT_FOR, caveats
from training.reporting.shape_plots import THIN, plot_pair, plot_shape
from training.reporting.shapes import Shape, shapes_of, strengths
from training.tracking.compare import Comparison

if TYPE_CHECKING:
    from training.train import Trained

__all__ = ["plot_files", "write_report"]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_ROOM: Final = 1.06  # the strongest curve does not touch the frame
_MOST_MOVED: Final = 5
_WORST: Final = 10

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Moved:
    """How far a signal's say moved from the champion to this model, mean absolute log-odds an account."""

    meaning: str
    name: str
    move: float
    before: float
    after: float


@dataclass(frozen=True, slots=True, eq=False)
class _Findings:
    """All that the page shows besides what the trained model carries itself."""

    shapes: list[Shape]
    pairs: list[PairShape]
    bargains: list[Bargain]
    parted: Disagreement
    moved: list[_Moved]


def write_report(
    trained: Trained, comparison: Comparison | None, created_at: str | None, champion: Scorecard | None = None
) -> str:
    """Write the report of a trained model.

    Parameters
    ----------
    trained : Trained
    comparison : Comparison or None
        Against the champion; None where there is none.
    created_at : str or None
        When, UTC; None where the report shall not depend on it.
    champion : Scorecard, optional
        To show which signals' say changed.

    Returns
    -------
    str
        HTML without a script and without anything from elsewhere. The same model gives the same text.
    """
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    found = _find(trained, champion)
    page = environment.get_template("report.html.j2")
    return page.render(
        trained=trained,
        facts=trained.facts,
        comparison=comparison,
        created_at=created_at,
        found=found,
        plots=_plot(trained, found),
        words=_words(trained, comparison, found),
        sides=_sides(trained),
        metrics=METRICS,
        thin=THIN,
        worst=_WORST,
        judged=bool(trained.cross_fitted.weights.any()),
        weights=_weights(trained.cross_fitted.weights),
    )


def _find(trained: Trained, champion: Scorecard | None) -> _Findings:
    crossed, X = trained.cross_fitted, trained.dataset.X
    judged = crossed.weights > 0 if crossed.weights.any() else np.ones(len(crossed.rows), dtype=bool)
    rows = crossed.rows[judged]
    parts = {name: values[rows] for name, values in slices_of(trained.dataset).items()}
    return _Findings(
        shapes=shapes_of(trained.scorecard, X),
        pairs=pair_shapes(trained.scorecard, X),
        bargains=alpha_table(crossed),
        parted=disagreement(X[rows], crossed.y[judged], crossed.answers.model[judged], trained.rules, parts),
        moved=[] if champion is None else _most_moved(trained.scorecard, champion, X),
    )


def _weights(weights: Floats) -> dict[str, Any]:
    """Return how many accounts each judged account stands for, and whether that differs."""
    judged = weights[weights > 0]
    least, most = (float(judged.min()), float(judged.max())) if len(judged) else (1.0, 1.0)
    return {"least": least, "most": most, "uneven": most > least}


def _most_moved(now: Scorecard, before: Scorecard, X: Floats) -> list[_Moved]:
    """Compare what two scorecards of the same signals say of the same accounts, signal by signal."""
    if before.signal_names != now.signal_names:
        return []
    moves = np.abs(now.explain(X)[1] - before.explain(X)[1]).mean(axis=0)
    old, new = strengths(before, X), strengths(now, X)
    order = np.argsort(-moves, kind="stable")[:_MOST_MOVED]
    return [
        _Moved(
            CATALOGUE[place].meaning, CATALOGUE[place].name, float(moves[place]), float(old[place]), float(new[place])
        )
        for place in order
        if moves[place] > 0
    ]


def plot_files(trained: Trained) -> dict[str, bytes]:
    """Draw how good a model is, an SVG a plot, by the names of the files."""
    drawn, judging = _plot_quality(trained, [])
    return {f"plots/{plot.name}.svg": plot.file for plot in (*(plot for _, plot in drawn), *judging)}


def _plot_quality(trained: Trained, today: list[tuple[float, float]]) -> tuple[list[tuple[Metric, Plot]], list[Plot]]:
    drawn = [(metric, plot_metric(metric, _of_all(_sides(trained), metric.name))) for metric in METRICS]
    judging: list[Plot] = []
    crossed = trained.cross_fitted
    if crossed.weights.any():
        model, rules = crossed.answers.model, crossed.answers.rules
        by_model, by_rules = (risk_coverage(crossed.y, said, crossed.weights) for said in (model, rules))
        coverage = plot_coverage(by_model, by_rules, today)
        judging = [plot_reliability(reliability(crossed.y, model, crossed.weights)), coverage]
    return [(metric, plot) for metric, plot in drawn if plot is not None], judging


def _plot(trained: Trained, found: _Findings) -> dict[str, Any]:
    """Draw everything; lists of plots where there are several of a kind."""
    metrics, judging = _plot_quality(trained, _today(found))
    reach = _reach(found.shapes)
    most = max((float(np.nanmax(np.abs(pair.log_odds))) for pair in found.pairs), default=1.0)
    return {
        "metrics": metrics,
        "judging": judging,
        "shapes": [(shape, plot_shape(shape, reach)) for shape in found.shapes],
        "pairs": [(pair, plot_pair(pair, most)) for pair in found.pairs],
    }


def _today(found: _Findings) -> list[tuple[float, float]]:
    """Return how much the chosen limit answers, and which share of that is wrong."""
    chosen = [row for row in found.bargains if row.chosen and row.auto > 0]
    return [
        (
            row.auto,
            (row.auto_client * (row.wrong_client or 0.0) + row.auto_customer * (row.wrong_customer or 0.0)) / row.auto,
        )
        for row in chosen
    ]


def _reach(shapes: Sequence[Shape]) -> tuple[float, float]:
    """Return one range of log-odds for all curves, even about 0 by a tenth at least."""
    heights = [level for shape in shapes for level in (shape.log_odds.min(), shape.log_odds.max())]
    heights += [shape.unknown for shape in shapes if shape.n_unknown]
    return _ROOM * min(float(min(heights, default=0.0)), -0.1), _ROOM * max(float(max(heights, default=0.0)), 0.1)


def _sides(trained: Trained) -> dict[str, Mapping[str, Estimate]]:
    metrics = trained.facts.metrics
    sides: dict[str, Mapping[str, Estimate]] = {
        "model": metrics.get("model", {}),
        "rules": metrics.get("rules", {}),
        "base rate": metrics.get("base rate", {}),
        **trained.facts.yardsticks,
    }
    return {side: figures for side, figures in sides.items() if figures}


def _of_all(sides: Mapping[str, Mapping[str, Estimate]], name: str) -> dict[str, Estimate]:
    return {side: figures[name] for side, figures in sides.items() if name in figures}


def _words(trained: Trained, comparison: Comparison | None, found: _Findings) -> dict[str, Any]:
    facts = trained.facts
    return {
        "caveats": caveats(facts),
        "of_whom": of_whom(facts),
        "how_good": how_good(facts),
        "promise": promise(facts),
        "signals": [signal_in_words(shape) for shape in found.shapes[:3]],
        "next": next_steps(trained, comparison, found.shapes, found.parted),
        "changed": None if comparison is None else what_changed(comparison),
        "intended": INTENDED,
        "not_for": NOT_FOR,
        "limits": LIMITS,
    }
