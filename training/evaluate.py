"""How good a model is on accounts that it never saw, beside the rules on the same accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.manifest import Estimate
from models.policy import Model, decide
from models.rules import RuleBook
from training.dataset import Dataset
from training.metrics import estimate, probability_figures, share

__all__ = ["Answers", "Figures", "answer", "evaluate_bundle", "measure", "probabilities", "summarise"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

Figures = dict[str, dict[str, Estimate]]
"""Estimates by name, of `model`, of `rules`, and of the `decisions` of both together."""


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
    """Return the probabilities of log-odds."""
    odds = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1.0, odds) / (1.0 + odds)


def measure(y: Bools, answers: Answers, seed: int) -> Figures:
    """Measure answers against labels.

    Parameters
    ----------
    y : ndarray of bool, shape (n,)
        True for a client.
    answers : Answers
        Of the same accounts.
    seed : int
        Of the bootstrap behind the intervals.

    Returns
    -------
    dict
        Of `model` and `rules` the figures of :func:`training.metrics.probability_figures`; of `decisions` the
        `auto_share` of accounts answered automatically, the shares wrong among those, `auto_error_client` and
        `auto_error_customer`, and `client_called_customer`, the share of true clients automatically called customer.
    """
    everyone = np.ones(len(y), dtype=bool)
    sides = {
        "model": probability_figures(y, answers.model),
        "rules": probability_figures(y, answers.rules),
        "decisions": {
            "auto_share": share(answers.auto, everyone),
            "auto_error_client": share(~y, answers.auto_client),
            "auto_error_customer": share(y, answers.auto_customer),
            "client_called_customer": share(answers.auto_customer, y),
        },
    }
    together = {f"{side} {name}": figure for side, figures in sides.items() for name, figure in figures.items()}
    found = estimate(together, len(y), seed)
    return {side: {name: found[f"{side} {name}"] for name in figures} for side, figures in sides.items()}


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
    figures = measure(dataset.y, answer(dataset.X, rules, model), seed)
    return summarise(dataset, figures, "rules" if model is None else model.version)


def summarise(dataset: Dataset, figures: Figures, version: str) -> dict[str, Any]:
    """Return the figures as `--json` writes them.

    Returns
    -------
    dict
        `version`, `n_accounts`, `n_client`, `n_customer`; the figures of the model and of the decisions by their names,
        those of the rules with `rules_` before, None where undefined; and under `intervals` the same names with the
        bounds of their 95 % intervals.
    """
    named = {
        **figures["model"],
        **{f"rules_{name}": value for name, value in figures["rules"].items()},
        **figures["decisions"],
    }
    return {
        "version": version,
        "n_accounts": len(dataset),
        "n_client": dataset.n_client,
        "n_customer": dataset.n_customer,
        **{name: found.value for name, found in named.items()},
        "intervals": {name: [found.low, found.high] for name, found in named.items()},
        "labels": dataset.labels.model_dump(mode="json"),
    }
