"""What it is worth to look at a case, and in which order that puts the queue.

The expected value of looking is how unsure the machine is, times what the account is worth, times how much model and
rules disagree. It doubles with every few days of waiting, so no case waits for ever: whatever its value, one that was
opened `SPREAD` doublings later never comes before it. Doubling has another virtue. How two cases compare never changes
while both wait, so each has one number, its due time, and the first of an index is the next to be looked at.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Final, Literal
from uuid import UUID

from features.signals import SIGNAL_NAMES
from reviews.record import Record, signals_of
from reviews.terms import DAY, DOUBLING

__all__ = ["ORDER", "SECRET_BYTES", "SPREAD", "drawn_value", "due_at", "handed_out", "importance_of", "value_of"]

Sought = Literal["route", "label", "moved", "expired"]
"""Why a case is opened whose value is what looking is worth; that of an audit is drawn."""

ORDER: Final = "order"
"""Name of the secret by which the values of audits are drawn."""

SECRET_BYTES: Final = 32
"""Of that secret."""

SPREAD: Final = 8
"""Doublings between the least and the greatest value that a case can have."""

LEAST, GREATEST = 2.0 ** (-SPREAD / 2), 2.0 ** (SPREAD / 2)

SURE: Final = 0.08
"""The least uncertainty: a machine that is surer than 98 % has seldom earned it."""

_AUDIT: Final = (0.5, 4.0)
"""Between which the value of an audit lies where no other case waits."""

_RANGE: Final = 2**64

_EXPECTED: Final[dict[Sought, float]] = {"label": 1.0, "moved": 0.5, "expired": 0.25}
"""In place of the machine's uncertainty: a contradicted label is wrong about as often as not, and most verdicts that
grew old still hold."""

_DISAGREEMENT: Final = {"rules_contradict": 2.0, "starter_unconfirmed": 1.5, "rules_divided": 1.5}
"""By review reason."""

_MONEY: Final = [SIGNAL_NAMES.index(name) for name in ("spend_365d", "contract_value_active")]


def value_of(record: Record, why: Sought) -> float:
    """Return the expected value of looking at an account, in [LEAST, GREATEST]; of an audit see `drawn_value`.

    Parameters
    ----------
    record : Record
        What the machine says of it.
    why : str
        Why the case is opened.
    """
    unsure = _EXPECTED.get(why, 4.0 * record.probability_client * (1.0 - record.probability_client))
    value = max(unsure, SURE) * importance_of(record)
    return float(min(max(value, LEAST), GREATEST))


def drawn_value(secret: bytes, case_id: UUID, others: Sequence[float]) -> float:
    """Draw the value of a case of the audit sample, as the values of other cases are spread.

    Whatever the machine thinks of the account: a sample whose doubtful part comes first would tell, while it is half
    read, that the machine errs more than it does. And nobody can tell an audit, which was decided automatically, by its
    place in the queue, as they could if all audits had one value.

    Parameters
    ----------
    secret : bytes
        `SECRET_BYTES` random bytes.
    case_id : UUID
    others : sequence of float
        Values of other cases, ascending.

    Examples
    --------
    >>> [round(drawn_value(bytes(32), UUID(int=i), [0.5, 1.0, 4.0]), 2) for i in range(4)]
    [1.82, 1.98, 1.13, 0.74]
    """
    place = int.from_bytes(blake2b(case_id.bytes, key=secret, digest_size=8).digest(), "big") / _RANGE
    known = others or _AUDIT
    below, part = divmod(place * (len(known) - 1), 1.0)
    low, high = known[int(below)], known[min(int(below) + 1, len(known) - 1)]
    return float(low * (high / low) ** part)


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
