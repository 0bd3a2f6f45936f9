"""Where an account stands among others in one signal: two bands and a mark."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Side", "Strip", "strip_of"]

_MIDDLE: Final = (0.25, 0.75)  # the middle half of a class


@dataclass(frozen=True, slots=True)
class Side:
    """Where one class stands.

    Attributes
    ----------
    left, width : float
        Its middle half, in per cent of the strip.
    below : float
        Share of it that has less than the account has, ties by half, in [0, 1].
    """

    left: float
    width: float
    below: float


@dataclass(frozen=True, slots=True)
class Strip:
    """A strip whose scale is rank: further right is more, whatever the unit and however long the tail.

    Attributes
    ----------
    at : float
        The account, in per cent.
    client, customer : Side
    """

    at: float
    client: Side
    customer: Side


def strip_of(value: float, clients: Sequence[float], customers: Sequence[float]) -> Strip:
    """Place an account among clients and customers.

    Either class weighs the same, so a strip does not depend on how many of each there are.

    Parameters
    ----------
    value : float
    clients, customers : sequence of float
        What is known of the classes, ascending: each account's value, or quantiles at equal distances.

    Returns
    -------
    Strip

    Examples
    --------
    >>> strip = strip_of(22.0, range(10, 30), range(20))
    >>> strip.at, strip.client.below, strip.customer.below
    (81.25, 0.625, 1.0)
    """

    def place(x: float) -> float:
        return 50.0 * (_below(x, clients) + _below(x, customers))

    return Strip(place(value), _side(value, clients, place), _side(value, customers, place))


def _side(value: float, known: Sequence[float], place: Callable[[float], float]) -> Side:
    left, right = (place(known[int(share * (len(known) - 1))]) for share in _MIDDLE)
    return Side(left, right - left, _below(value, known))


def _below(x: float, known: Sequence[float]) -> float:
    """Return the share of ascending values below x, ties by half."""
    return (bisect_left(known, x) + bisect_right(known, x)) / 2 / len(known)
