"""The limits of the policy, each one named object that policy, pages and documentation read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["FEW_EVENTS", "LIMITS", "OUTSIDE", "RULES_CERTAIN", "RULES_FIRM", "Limit"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the policy.

    Attributes
    ----------
    name : str
    value : float
    unit : str
    direction : {"at least", "fewer than", "more than"}
        On which side of the value it applies.
    meaning : str
        What it brings about.
    """

    name: str
    value: float
    unit: str
    direction: Literal["at least", "fewer than", "more than"]
    meaning: str


RULES_CERTAIN: Final = Limit(
    "rules_certain", 2.0, "log-odds", "at least", "Decided by rules, an answer this far from even may be automatic."
)
RULES_FIRM: Final = Limit(
    "rules_firm", 2.0, "log-odds", "at least", "Rules this far on the other side contradict the model: review."
)
FEW_EVENTS: Final = Limit("few_events", 3.0, "events", "fewer than", "An account with fewer events on file: review.")
OUTSIDE: Final = Limit(
    "outside", 1.0, "training ranges", "more than", "A signal this far beyond its range in training: review."
)

LIMITS: Final[dict[str, Limit]] = {limit.name: limit for limit in (RULES_CERTAIN, RULES_FIRM, FEW_EVENTS, OUTSIDE)}
"""Every limit by its name."""
