"""The vocabulary of an answer: a decision and its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from models.reasons import REVIEW_REASONS, Reason, ReviewReason

__all__ = [
    "DECIDERS",
    "RELATIONSHIPS",
    "REVIEW_REASONS",
    "Decider",
    "Decision",
    "Reason",
    "Relationship",
    "ReviewReason",
    "Route",
    "Versions",
]

Relationship = Literal["client", "customer", "prospect"]
Decider = Literal["reviewer", "rules", "model"]
Route = Literal["auto", "review"]

RELATIONSHIPS: Final[tuple[Relationship, ...]] = ("client", "customer", "prospect")
DECIDERS: Final[tuple[Decider, ...]] = ("reviewer", "rules", "model")


@dataclass(frozen=True, slots=True)
class Versions:
    """What decided: the model's version, None where there is none, and the digest of the rules."""

    model: str | None
    rules: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one account.

    Attributes
    ----------
    relationship : {"client", "customer", "prospect"}
    confidence : float
        Calibrated probability of that relationship, 0 to 1; 1 for a reviewer's verdict and for a prospect, which are
        read off the record and not estimated.
    probability_client : float
        What the machine says, also beside a verdict: log-odds `base` plus those of all reasons.
    hybrid : bool
        Both sides are strongly present.
    engagement_model : str or None
        None for a prospect, and where nothing on file says how the account engages.
    strategic_services : bool
    decided_by : {"reviewer", "rules", "model"}
    route : {"auto", "review"}
    review_reasons : tuple of str
        Codes of `REVIEW_REASONS`; empty where the route is auto.
    base : float
        Log-odds of "client" before any reason.
    reasons : tuple of Reason
        The strongest first, perhaps not all. A verdict, or what makes a prospect, stands before them with log-odds 0.
    versions : Versions
    """

    relationship: Relationship
    confidence: float
    probability_client: float
    hybrid: bool
    engagement_model: str | None
    strategic_services: bool
    decided_by: Decider
    route: Route
    review_reasons: tuple[str, ...]
    base: float
    reasons: tuple[Reason, ...]
    versions: Versions
