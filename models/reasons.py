"""Reasons: why a score, in the same words for rules and model, and why a review."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from features.catalogue import Signal
from features.signals import CATALOGUE
from models.rule import SIDES
from models.rules import RuleBook

__all__ = [
    "REVIEW_REASONS",
    "Explanation",
    "Reason",
    "ReviewReason",
    "RuleExplanation",
    "SignalExplanation",
    "show_value",
    "strongest",
]

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Reason:
    """One contribution to a score.

    Attributes
    ----------
    name : str
        The rule or the signal.
    value : float or None
        Of the signal, None where unknown; 1 for a rule that holds.
    unit : str
        Of the value.
    log_odds : float
        What it adds to the log-odds of "client".
    text : str
        One sentence for the reviewer.
    """

    name: str
    value: float | None
    unit: str
    log_odds: float
    text: str

    def __str__(self) -> str:
        """Render as a sentence with its weight, `An active retainer is in force. (+2.50)`."""
        return _weighed(self.text, self.log_odds)


def _weighed(text: str, log_odds: float) -> str:
    return f"{text} ({log_odds:+.2f})"


@dataclass(frozen=True, slots=True)
class ReviewReason:
    """Why an answer goes to a reviewer.

    Attributes
    ----------
    code : str
        As in `review_reasons`; stable.
    text : str
        One sentence.
    """

    code: str
    text: str


REVIEW_REASONS: Final[tuple[ReviewReason, ...]] = (
    ReviewReason("few_events", "There are too few events to judge by."),
    ReviewReason("between_thresholds", "The probability lies between the certified thresholds."),
    ReviewReason("no_certificate", "For this answer no threshold could be certified."),
    ReviewReason("rules_contradict", "The rules firmly say the opposite of the model."),
    ReviewReason("outside_training", "A signal lies far outside what the model saw in training."),
    ReviewReason("starter_unconfirmed", "The starter model's answer is not confirmed by the rules."),
    ReviewReason("rules_uncertain", "The rules, which decide, speak too weakly for one side."),
    ReviewReason("rules_divided", "The rules, which decide, do not all speak for the same side."),
)
"""Every reason for a review, in the order in which a decision lists them."""


class Explanation(Protocol):
    """How the scores of n accounts come about: a base and contributions, each with a name."""

    @property
    def base(self) -> float:
        """Log-odds before any contribution."""

    @property
    def contributions(self) -> Floats:
        """Log-odds, shape (n, m); base and contributions add up to the score."""

    def reason(self, row: int, column: int) -> Reason:
        """Put one contribution into words."""

    def sentences(self, rows: Positions, columns: Positions) -> list[str]:
        """Put many contributions into words, each as its reason is rendered."""


@dataclass(frozen=True, slots=True, eq=False)
class RuleExplanation:
    """Scores by rules: a contribution is a vote.

    Attributes
    ----------
    book : RuleBook
    contributions : ndarray of float64, shape (n, n_rules)
    """

    book: RuleBook
    contributions: Floats

    @property
    def base(self) -> float:
        """The prior."""
        return self.book.prior_log_odds

    def reason(self, row: int, column: int) -> Reason:
        """Give a rule's own sentence."""
        rule = self.book.rules[column]
        return Reason(rule.name, 1.0, "yes/no", self.contributions.item(row, column), rule.text)

    def sentences(self, rows: Positions, columns: Positions) -> list[str]:
        """Give rules' own sentences."""
        votes = self.contributions[rows, columns].tolist()
        return [_weighed(self.book.rules[c].text, vote) for c, vote in zip(columns.tolist(), votes, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class SignalExplanation:
    """Scores by a model: a contribution is a signal's.

    Attributes
    ----------
    base : float
    contributions, X : ndarray of float64, shape (n, n_signals)
        In the order of the catalogue.
    """

    base: float
    contributions: Floats
    X: Floats

    def reason(self, row: int, column: int) -> Reason:
        """Make a sentence of the signal's meaning, its value and the side it speaks for."""
        value, log_odds = self.X.item(row, column), self.contributions.item(row, column)
        signal, text = CATALOGUE[column], _told(column, value, log_odds)
        return Reason(signal.name, None if math.isnan(value) else value, signal.unit.name, log_odds, text)

    def sentences(self, rows: Positions, columns: Positions) -> list[str]:
        """Make sentences of meanings, values and the sides they speak for."""
        told = (columns, self.X[rows, columns], self.contributions[rows, columns])
        rows_of = zip(*(each.tolist() for each in told), strict=True)
        return [_weighed(_told(column, value, weight), weight) for column, value, weight in rows_of]


def _told(column: int, value: float, log_odds: float) -> str:
    side = SIDES[0] if log_odds > 0 else SIDES[1]
    return f"{_SUBJECTS[column]}: {show_value(CATALOGUE[column], value)}, which speaks for {side}."


# What follows a semicolon in a meaning says how to read the number, which the sentence does by its side.
_SUBJECTS = [signal.meaning.partition(";")[0].rstrip(".") for signal in CATALOGUE]


def show_value(signal: Signal, value: float) -> str:
    """Write a value as people do.

    Parameters
    ----------
    signal : Signal
    value : float
        In the signal's unit; nan is unknown.

    Examples
    --------
    >>> from features.signals import BY_NAME
    >>> [show_value(BY_NAME[name], 0.5) for name in ("advice_share", "days_since_meeting", "spend")]
    ['50 %', '0.5 days', '0.50']
    >>> show_value(BY_NAME["retainer_active"], 1.0), show_value(BY_NAME["spend"], float("nan"))
    ('yes', 'not known')
    """
    return "not known" if math.isnan(value) else _SHOWN.get(signal.unit.name, _show_number)(value)


def _show_number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


_SHOWN: Final[dict[str, Callable[[float], str]]] = {
    "yes/no": lambda value: "yes" if value > 0 else "no",
    "share": lambda value: f"{100 * value:.0f} %",
    "money": "{:,.2f}".format,
    "days": lambda value: f"{value:,.1f}".removesuffix(".0") + " days",
    "points": lambda value: f"{value:,.1f}".removesuffix(".0") + " points",
}


def strongest(contributions: Floats, most: int | None = None) -> Any:
    """Order contributions by strength.

    Parameters
    ----------
    contributions : ndarray of float64, shape (..., m)
    most : int, optional
        So many; default all.

    Returns
    -------
    nested list of int
        Along the last axis the positions, the strongest first and the earlier of equals.
    """
    return (-np.abs(contributions)).argsort(axis=-1, kind="stable")[..., :most].tolist()
