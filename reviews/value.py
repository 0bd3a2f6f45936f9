"""What it is worth to look at a case, and in which order that puts the queue.

The expected value of looking is how unsure the machine is, times what the account is worth, times how much model and
rules disagree. It doubles with every few days of waiting, so no case waits for ever: whatever its value, one that was
opened `SPREAD` doublings later never comes before it. Doubling has another virtue. How two cases compare never changes
while both wait, so each has one number, its due time, and the first of an index is the next to be looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from features.signals import SIGNAL_NAMES
from reviews.case import Why
from reviews.record import Record, signals_of
from reviews.terms import DAY, DOUBLING

__all__ = ["SPREAD", "due_at", "handed_out", "importance_of", "value_of"]

SPREAD: Final = 8
"""Doublings between the least and the greatest value that a case can have."""

LEAST, GREATEST = 2.0 ** (-SPREAD / 2), 2.0 ** (SPREAD / 2)

SURE: Final = 0.08
"""The least uncertainty: a machine that is surer than 98 % has seldom earned it."""

AUDIT: Final = 1.0
"""Of a case of the audit sample, whatever the account: they are looked at in the order in which they were drawn. A
sample whose doubtful part comes first would tell, while it is half done, that the machine errs more than it does."""

_EXPECTED: Final[dict[Why, float]] = {"label": 1.0, "moved": 0.5, "expired": 0.25}
"""In place of the machine's uncertainty: a contradicted label is wrong about as often as not, and most verdicts that
grew old still hold."""

_DISAGREEMENT: Final = {"rules_contradict": 2.0, "starter_unconfirmed": 1.5, "rules_divided": 1.5}
"""By review reason."""

_MONEY: Final = [SIGNAL_NAMES.index(name) for name in ("spend_365d", "contract_value_active")]


def value_of(record: Record, why: Why) -> float:
    """Return the expected value of looking at an account, in [LEAST, GREATEST].

    Parameters
    ----------
    record : Record
        What the machine says of it.
    why : str
        Why the case is opened.
    """
    if why == "audit":
        return AUDIT
    unsure = _EXPECTED.get(why, 4.0 * record.probability_client * (1.0 - record.probability_client))
    value = max(unsure, SURE) * importance_of(record)
    return float(min(max(value, LEAST), GREATEST))


def importance_of(record: Record) -> float:
    """Return what a doubt about an account is multiplied by: what it is worth, times how much model and rules disagree.

    1 or more.
    """
    return _worth(record) * _disagreement(record.review_reasons)


def handed_out(values: Mapping[str, float], first: Sequence[str]) -> dict[str, float]:
    """Hand values out anew, the greatest to those that are to come first.

    Parameters
    ----------
    values : mapping of str to float
    first : sequence of str
        Who comes first, in this order; who has no value is passed by.

    Returns
    -------
    dict of str to float
        The same values. The others come behind the first, in the order that they had.

    Examples
    --------
    >>> handed_out({"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}, ["c"])
    {'c': 4.0, 'a': 3.0, 'b': 2.0, 'd': 1.0}
    """
    ranked = sorted(values, key=lambda name: (-values[name], name))
    order = dict.fromkeys([*(name for name in first if name in values), *ranked])
    return dict(zip(order, (values[name] for name in ranked), strict=True))


def due_at(opened_at: int, value: float) -> int:
    """Return when a case is due, in microseconds since 1970 UTC; the earlier, the sooner it is looked at.

    It is when a case of value 1 would have had to be opened to be worth as much at any time.

    Examples
    --------
    >>> [due_at(0, value) / DAY for value in (0.5, 1.0, 4.0)]
    [3.0, 0.0, -6.0]
    """
    return opened_at - round(math.log2(value) * DOUBLING.value * DAY)


def _worth(record: Record) -> float:
    """Say what an account is worth: 1 where no money is on file, one more for each thousandfold of what is."""
    signals = signals_of(record.catalogue, record.signals)
    if signals is None:
        return 1.0
    money = sum(amount for amount in signals[_MONEY].tolist() if amount > 0)  # nan is not
    return 1.0 + math.log10(1.0 + min(money, 1e15)) / 3.0


def _disagreement(reasons: Sequence[str]) -> float:
    return max((_DISAGREEMENT.get(reason, 1.0) for reason in reasons), default=1.0)
