"""How good a model is on accounts that it never saw, beside the rules on the same accounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.manifest import Estimate
from models.policy import Model, decide
from models.rules import RuleBook
from training.judging.metrics import Figure, estimate, probability_figures, share
from training.judging.slices import SliceFigures
from training.labelled.dataset import Dataset

__all__ = ["Answers", "Figures", "answer", "estimate_sides", "evaluate_bundle", "measure", "probabilities", "summarise"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Figures = dict[str, dict[str, Estimate]]
"""Estimates by name, of `model`, `rules` and `base rate`, and of the `decisions` of model and rules together."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was said of n accounts.

    Attributes
    ----------
    model, rules : ndarray of float64, shape (n,)
        Probability of "client" by each; by the rules in both where there is no model.
    auto_client, auto_customer : ndarray of bool, shape (n,)
        Where the answer is automatic, and which it is. A prospect is neither.
    """

    model: Floats
    rules: Floats
    auto_client: Bools
    auto_customer: Bools

    @property
    def auto(self) -> Bools:
        """Whether the answer is automatic, shape (n,)."""
        return self.auto_client | self.auto_customer


def answer(X: Floats, rules: RuleBook, model: Model | None) -> Answers:
    """Answer accounts as the service does, and note the model's own probability also where another decides."""
    by_rules = probabilities(rules.score(X).log_odds)
    decisions = decide(X, rules, model)
    relationship = decisions.relationship
    return Answers(
        model=by_rules if model is None else probabilities(model.scorecard.score(X)),
        rules=by_rules,
        auto_client=decisions.auto & (relationship == "client"),
        auto_customer=decisions.auto & (relationship == "customer"),
    )


def probabilities(log_odds: Floats) -> Floats:
    """Return the probabilities of log-odds, to the bit as :func:`models.policy.decide` has them."""
    return np.exp(-np.logaddexp(0.0, -log_odds))


def measure(
    y: Bools, answers: Answers, seed: int, weights: Floats | None = None, prior: Floats | None = None
) -> Figures:
    """Measure answers against labels.

    Parameters
    ----------
    y : ndarray of bool, shape (n,)
        True for a client.
    answers : Answers
        Of the same accounts.
    seed : int
        Of the bootstrap behind the intervals.
    weights : ndarray of float64, shape (n,), optional
        How many accounts each stands for; 1 by default. An account with 0 has no say.
    prior : ndarray of float64, shape (n,), optional
        The base rate by which each is judged; that of these accounts by default.

    Returns
    -------
    dict
        Of `model`, `rules` and `base rate` the figures of :func:`training.judging.metrics.probability_figures`; of
        `decisions` the `auto_share` of accounts answered automatically, the shares wrong among those,
        `auto_error_client` and `auto_error_customer`, and `client_called_customer`, the share of true clients
        automatically called customer.
    """
    counted = np.ones(len(y)) if weights is None else weights
    if prior is None:
        prior = np.full(len(y), np.average(y, weights=counted) if counted.any() else np.nan)
    sides = {
        "model": probability_figures(y, answers.model),
        "rules": probability_figures(y, answers.rules),
        "base rate": probability_figures(y, prior),
        "decisions": {
            "auto_share": share(answers.auto, np.ones(len(y), dtype=bool)),
            "auto_error_client": share(~y, answers.auto_client),
            "auto_error_customer": share(y, answers.auto_customer),
            "client_called_customer": share(answers.auto_customer, y),
        },
    }
    return estimate_sides(sides, counted, seed)


def estimate_sides(sides: Mapping[str, Mapping[str, Figure]], weights: Floats, seed: int) -> Figures:
    """Estimate the figures of several sides on one draw of accounts, so that they are paired."""
    together = {(side, name): figure for side, figures in sides.items() for name, figure in figures.items()}
    found = estimate(together, weights, seed)
    return {side: {name: found[side, name] for name in figures} for side, figures in sides.items()}


def evaluate_bundle(dataset: Dataset, model: Model | None, rules: RuleBook, seed: int = 0) -> dict[str, Any]:
    """Evaluate a model, or the rules alone, on labelled accounts that it has not seen.

    Parameters
    ----------
    dataset : Dataset
        One class alone is allowed: figures that need both are None.
    model : Model or None
        None: the rules answer.
    rules : RuleBook
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        See `summarise`.
    """
    figures = measure(dataset.y, answer(dataset.X, rules, model), seed, dataset.weights)
    return summarise(dataset, figures, "rules" if model is None else model.version)


def summarise(
    dataset: Dataset,
    figures: Figures,
    version: str,
    yardsticks: Figures | None = None,
    slices: Sequence[SliceFigures] = (),
) -> dict[str, Any]:
    """Return the figures as `--json` writes them.

    Returns
    -------
    dict
        `version`, `taught_by`, `n_accounts`, `n_client`, `n_customer`; the figures of the model and of the decisions by
        their names, those of the rules with `rules_` before and of the base rate with `base_rate_`, None where
        undefined; under `intervals` the same names with the bounds of their 95 % intervals; `yardsticks` and `slices`
        with figures as value, low, high.
    """
    named = {
        **figures["model"],
        **{f"rules_{name}": value for name, value in figures["rules"].items()},
        **{f"base_rate_{name}": value for name, value in figures["base rate"].items()},
        **figures["decisions"],
    }
    return {
        "version": version,
        "taught_by": "rules" if dataset.distilled else "labels",
        "n_accounts": len(dataset),
        "n_client": dataset.n_client,
        "n_customer": dataset.n_customer,
        **{name: found.value for name, found in named.items()},
        "intervals": {name: [found.low, found.high] for name, found in named.items()},
        "yardsticks": {
            name: {figure: found.model_dump() for figure, found in of.items()}
            for name, of in (yardsticks or {}).items()
        },
        "slices": [
            {
                **{name: getattr(part, name) for name in ("slice", "value", "n", "n_client")},
                **{name: found.model_dump() for name, found in part.figures.items()},
            }
            for part in slices
        ],
        "labels": dataset.labels.model_dump(mode="json"),
    }
