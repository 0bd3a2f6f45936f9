"""What a rules file holds: rules, which vote, and properties, which are read off the record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["LARGEST_WEIGHT", "SIDES", "SINGLE", "Property", "Rule", "RuleTables", "Side"]

Side = Literal["client", "customer"]

SIDES: Final[tuple[Side, Side]] = ("client", "customer")
"""What a rule may vote for. Log-odds above 0 speak for the first."""

LARGEST_WEIGHT: Final = 100.0
"""Log-odds that no evidence is worth; a weight beyond is a typing error."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that speaks for a side.

    Attributes
    ----------
    name : str
    when : str
        A condition over signals, see :mod:`models.conditions`. The rule votes where it is true and abstains where it is
        false or unknown.
    vote : {"client", "customer"}
    weight : float
        Log-odds that the vote is worth, from 0 to `LARGEST_WEIGHT`; 0 leaves a rule that is measured but silent.
    text : str
        One sentence for the reviewer.
    criteria : tuple of str
        Which criteria of the domain it answers, such as R03.
    """

    name: str
    when: str
    vote: Side
    weight: float
    text: str
    criteria: tuple[str, ...] = ()

    @property
    def conditions(self) -> dict[str, str]:
        """Its conditions by their key."""
        return {"when": self.when}

    @property
    def log_odds(self) -> float:
        """What the vote adds to the log-odds of "client"."""
        return self.weight if self.vote == SIDES[0] else -self.weight


@dataclass(frozen=True, slots=True)
class Property:
    """A property that is read off the record, not weighed.

    Attributes
    ----------
    name : str
    when : str
        It holds where this condition is true …
    unless : str
        … and this one is not: false or unknown. Empty where there is no exception.
    text : str
        One sentence for the reviewer.
    """

    name: str
    when: str
    unless: str = ""
    text: str = ""

    @property
    def conditions(self) -> dict[str, str]:
        """Its conditions by their key."""
        return {"when": self.when, "unless": self.unless} if self.unless else {"when": self.when}


SINGLE: Final = ("strategic_services", "hybrid", "prospect")
"""Properties that a rules file defines once, or not at all."""


@dataclass(frozen=True)
class RuleTables:
    """What a rules file says.

    Attributes
    ----------
    rules : tuple of Rule
        One at least, each with a name of its own.
    engagement_models : tuple of Property
        The first that holds is the account's.
    strategic_services, hybrid, prospect : Property or None
        None never holds.
    prior_log_odds : float
        Where a business starts from before any vote, in log-odds of "client"; smaller than the smallest weight, so that
        votes that all point one way are never reversed.
    """

    rules: tuple[Rule, ...]
    engagement_models: tuple[Property, ...] = ()
    strategic_services: Property | None = None
    hybrid: Property | None = None
    prospect: Property | None = None
    prior_log_odds: float = 0.0

    @property
    def single(self) -> tuple[Property | None, ...]:
        """The properties that are defined once, in the order of `SINGLE`."""
        return self.strategic_services, self.hybrid, self.prospect

    def tables(self) -> Iterator[tuple[str, Rule | Property]]:
        """Give every table with the title that messages give it."""
        yield from ((f"rule '{rule.name}'", rule) for rule in self.rules)
        yield from ((f"engagement_model '{each.name}'", each) for each in self.engagement_models)
        yield from ((f"[{name}]", each) for name, each in zip(SINGLE, self.single, strict=True) if each)
