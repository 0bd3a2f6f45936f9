"""What a signal is, and the decorator that declares one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from features.expressions import Log, Ratio, Sum

__all__ = ["UNITS", "Signal", "Unit", "signal"]

Definition = Callable[[Log], Sum | Ratio]
Side = Literal["client", "customer"]


@dataclass(frozen=True, slots=True)
class Unit:
    """What a signal is counted in, and the values that can be.

    Attributes
    ----------
    name : str
    low, high : float
        Bounds of a possible value, both included.
    whole : bool
        It counts, so that every value is a whole number.
    """

    name: str
    low: float = 0.0
    high: float = float("inf")
    whole: bool = False


UNITS: dict[str, Unit] = {
    unit.name: unit
    for unit in (
        *(Unit(name, whole=True) for name in ("purchases", "contracts", "deals", "meetings", "calls", "emails")),
        *(Unit(name, whole=True) for name in ("visits", "events", "contacts", "deliveries", "tickets", "answers")),
        *(Unit(name, whole=True) for name in ("uses", "referrals", "months")),
        *(Unit(name) for name in ("days", "money", "ratio")),
        Unit("share", high=1.0),
        Unit("yes/no", high=1.0, whole=True),
        Unit("points", high=10.0),
    )
}


@dataclass(frozen=True, slots=True)
class Signal:
    """One engagement signal.

    Attributes
    ----------
    name : str
    unit : Unit
    meaning : str
        One sentence, the docstring of its definition.
    criteria : tuple of str
        What it answers to among the domain's criteria, such as G10.
    window_days : int or None
        It looks back so many days; None = over all that is known.
    treatment : bool
        It is a consequence of being treated as a client, so it may leak the label.
    direction : {"client", "customer"} or None
        The only side that more of it can speak for; the trained model is held to it.
    expression : Sum or Ratio
        What it is made of.
    """

    name: str
    unit: Unit
    meaning: str
    criteria: tuple[str, ...]
    window_days: int | None
    treatment: bool
    direction: Side | None
    expression: Sum | Ratio


def signal(
    unit: str,
    criteria: str,
    *,
    window_days: int | None = None,
    treatment: bool = False,
    direction: Side | None = None,
) -> Callable[[Definition], Signal]:
    """Declare a signal; its name is the function's, its meaning the docstring.

    Examples
    --------
    >>> @signal("meetings", "G10", window_days=90)
    ... def sales_meetings_90d(log):
    ...     '''Sales meetings held in the last 90 days.'''
    ...     return log.of("meeting", "sales").within(days=90).count()
    >>> sales_meetings_90d.name, sales_meetings_90d.unit.name
    ('sales_meetings_90d', 'meetings')
    """

    def declare(definition: Definition) -> Signal:
        return Signal(
            name=definition.__name__,
            unit=UNITS[unit],
            meaning=" ".join((definition.__doc__ or "").split()),
            criteria=tuple(criteria.split()),
            window_days=window_days,
            treatment=treatment,
            direction=direction,
            expression=definition(Log()),
        )

    return declare
