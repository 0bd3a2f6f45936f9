"""Figures of models as tables of Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from models.manifest import Estimate
from training.train import Trained

__all__ = ["decisions_table", "figures_table", "seeds_table", "table"]

FIGURES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier",
    "ece": "calibration error",
}
DECISIONS = {
    "auto_share": "answered automatically",
    "auto_error_client": "wrong among “client”",
    "auto_error_customer": "wrong among “customer”",
    "client_called_customer": "clients called customer",
}

Figures = Mapping[str, Estimate]


def figures_table(trained: Trained) -> Iterator[str]:
    metrics = trained.facts.metrics
    sides: dict[str, Figures] = {f"**the model** ({trained.facts.estimator})": metrics["model"]}
    sides |= trained.facts.yardsticks
    sides |= {"the rules alone": metrics["rules"], "base rate": metrics["base rate"]}
    yield from table(
        ("", *FIGURES.values()), [(side, *(_text(of[each]) for each in FIGURES)) for side, of in sides.items()]
    )


def decisions_table(trained: Trained) -> Iterator[str]:
    found = trained.facts.metrics["decisions"]
    yield "At α = 5 %, β = 10 %:\n"
    yield from table(("decisions", "share"), [(text, _percent(found[name])) for name, text in DECISIONS.items()])


def seeds_table(found: Sequence[Trained]) -> Iterator[str]:
    """Show that one draw of the folds does not decide."""
    names = ("the model", *found[0].facts.yardsticks)
    rows = []
    for figure in ("auroc", "log_loss", "ece"):
        sides = [(one.facts.metrics["model"], *one.facts.yardsticks.values()) for one in found]
        values = np.array([[of[figure].value for of in side] for side in sides], dtype=np.float64)
        rows.append(
            (FIGURES[figure], *(f"{mean:.4f} ± {spread:.4f}" for mean, spread in zip(*_spread(values), strict=True)))
        )
    yield f"Mean and spread over {len(found)} draws of the folds:\n"
    yield from table(("", *names), rows)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * len(heads)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def _spread(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values.mean(axis=0), values.std(axis=0)


def _text(found: Estimate) -> str:
    if found.value is None:
        return "–"
    return f"{found.value:.3f}" + ("" if found.low is None else f" [{found.low:.3f}, {found.high:.3f}]")


def _percent(found: Estimate) -> str:
    if found.value is None:
        return "there are none"
    return f"{found.value:.1%}" + ("" if found.low is None else f" [{found.low:.1%}, {found.high:.1%}]")
