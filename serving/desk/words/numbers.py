"""Numbers with their units, in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from features.catalogue import Signal
from models.reasons import show_value

__all__ = ["count", "decimal", "money", "percent", "times_the_odds", "value_in_words"]

_MANY: Final = 1000

_SINGULAR: Final = {"deliveries": "delivery"}
"""Where taking off the s is wrong."""


def count(n: float, many: str) -> str:
    """Write how many of something there are.

    Parameters
    ----------
    n : float
    many : str
        Its name where there are several.

    Examples
    --------
    >>> count(1, "deliveries"), count(1200, "purchases"), count(0, "meetings")
    ('1 delivery', '1,200 purchases', '0 meetings')
    """
    return f"{n:,.0f} {_singular(many) if n == 1 else many}"


def _singular(many: str) -> str:
    return _SINGULAR.get(many, many.removesuffix("s"))


def money(amount: float) -> str:
    """Write an amount in the account's own currency, which is not on file; cents only where they matter.

    Examples
    --------
    >>> money(12.5), money(24000.0), money(1234.56)
    ('12.50', '24,000', '1,235')
    """
    return f"{amount:,.0f}" if abs(amount) >= _MANY or amount == int(amount) else f"{amount:,.2f}"


def decimal(value: float) -> str:
    """Write a number with two digits, a minus as wide as a plus.

    Examples
    --------
    >>> decimal(0.666), decimal(-0.11)
    ('0.67', '−0.11')
    """
    return f"{value:.2f}".replace("-", "−")


def percent(share: float) -> str:
    """Write a share.

    Examples
    --------
    >>> percent(0.732), percent(0.004), percent(1.0), percent(0.9999)
    ('73 %', '0.4 %', '100 %', '99.9 %')
    """
    edge = min(share, 1.0 - share)
    if 0.0 < edge < 0.01:  # noqa: PLR2004 - where a whole per cent would say none, or all
        return f"{math.floor(1000 * share) / 10 if share > edge else max(100 * share, 0.1):.1f} %"
    return f"{100 * share:.0f} %"


def times_the_odds(log_odds: float) -> str:
    """Say what log-odds do to the odds of the side that they speak for.

    Examples
    --------
    >>> times_the_odds(0.6931), times_the_odds(-2.3026)
    ('2.0 times the odds of client', '10 times the odds of customer')
    """
    side = "client" if log_odds > 0 else "customer"
    factor = math.exp(min(abs(log_odds), 20.0))
    return f"{factor:,.0f} times the odds of {side}" if factor >= 9.95 else f"{factor:.1f} times the odds of {side}"  # noqa: PLR2004 - two digits tell all


def value_in_words(signal: Signal, value: float) -> str:
    """Write a signal's value with its unit.

    Parameters
    ----------
    signal : Signal
    value : float
        nan is unknown.

    Examples
    --------
    >>> from features.signals import BY_NAME
    >>> told = {"meetings_365d": 1, "days_since_meeting": 16.04, "spend": 1250.5, "advice_share": 0.5, "contracts": 0}
    >>> [value_in_words(BY_NAME[name], value) for name, value in told.items()]
    ['1 meeting', '16 days', '1,250', '50 %', 'none']
    >>> value_in_words(BY_NAME["spend"], float("nan"))
    'not known'
    """
    if math.isnan(value):
        return "not known"
    return _WRITERS.get(signal.unit.name, _write_count if signal.unit.whole else _write_plain)(signal, value)


def _write_count(signal: Signal, value: float) -> str:
    return "none" if value == 0 else count(value, signal.unit.name)


def _write_days(_: Signal, value: float) -> str:
    if value >= 10 or value == int(value):  # noqa: PLR2004 - hours of a day matter while days are few
        return count(round(value), "days")
    return f"{value:,.1f} days"


def _write_plain(signal: Signal, value: float) -> str:
    return show_value(signal, value)


_WRITERS: Final[dict[str, Callable[[Signal, float], str]]] = {
    "days": _write_days,
    "money": lambda _, value: money(value),
    "share": lambda _, value: percent(value),
    "yes/no": _write_plain,
}
