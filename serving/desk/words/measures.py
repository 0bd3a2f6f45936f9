"""Signals in words, by what they speak of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from features.catalogue import Signal
from features.document import ROOMS
from features.signals import CATALOGUE
from reviews.checklist import CHECKLIST
from serving.desk.charts.strips import Side, Strip
from serving.desk.words.numbers import percent, value_in_words

__all__ = ["Group", "Measure", "by_question", "compare", "group_measures", "measures_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """One signal of one account.

    Attributes
    ----------
    signal : Signal
    subject : str
        What it is, such as "Meetings held in the last 365 days".
    value : str
        In words, such as "4 meetings".
    known : bool
    idle : bool
        It is unknown, nothing, or no: it says something, but not first.
    strip : Strip or None
    comparison : str
        How the account compares with clients and customers; empty where that is not known.
    """

    signal: Signal
    subject: str
    value: str
    known: bool
    idle: bool
    strip: Strip | None
    comparison: str


@dataclass(frozen=True, slots=True)
class Group:
    """Signals that speak of one thing.

    Attributes
    ----------
    name : str
    told : sequence of Measure
        Those that say something.
    idle : sequence of Measure
        Those that are unknown, or of nothing.
    """

    name: str
    told: Sequence[Measure]
    idle: Sequence[Measure]


def measures_of(signals: Floats, strips: Mapping[str, Strip] | None = None) -> Sequence[Measure]:
    """Tell an account's signals.

    Parameters
    ----------
    signals : ndarray of float64, shape (n_signals,)
        In the order of the catalogue; nan is unknown.
    strips : mapping, optional
        By signal, where the account stands among others.

    Returns
    -------
    list of Measure
        In the order of the catalogue.
    """
    strips = strips or {}
    return [
        _measure(signal, value, strips.get(signal.name))
        for signal, value in zip(CATALOGUE, signals.tolist(), strict=True)
    ]


def _measure(signal: Signal, value: float, strip: Strip | None) -> Measure:
    known = value == value  # noqa: PLR0124 - nan is not itself
    return Measure(
        signal=signal,
        # What follows a semicolon in a meaning says how to read the number.
        subject=signal.meaning.partition(";")[0].rstrip("."),
        value=value_in_words(signal, value),
        known=known,
        idle=not known or value == 0,
        strip=strip,
        comparison="" if strip is None else compare(signal, value, strip),
    )


def group_measures(measures: Sequence[Measure]) -> Sequence[Group]:
    """Put measures together as docs/signals.md does."""
    groups = []
    for name, names in _ROOM_OF.items():
        own = [measure for measure in measures if measure.signal.name in names]
        told = [measure for measure in own if not measure.idle]
        groups.append(Group(name, told, [measure for measure in own if measure.idle]))
    return groups


def by_question(measures: Sequence[Measure]) -> Mapping[str, Sequence[Measure]]:
    """Return, for each question of the checklist, the measures that bear on it and are known."""
    return {
        code: [measure for measure in measures if measure.known and code in measure.signal.criteria]
        for code in CHECKLIST
    }


def compare(signal: Signal, value: float, strip: Strip) -> str:
    """Say how an account compares with clients and customers.

    Examples
    --------
    >>> from features.signals import BY_NAME
    >>> strip = Strip(90.0, Side(40.0, 30.0, 0.6), Side(0.0, 20.0, 0.97))
    >>> compare(BY_NAME["meetings_365d"], 4.0, strip)
    'usual for clients, more than 9 in 10 customers'
    """
    if signal.unit.name == "yes/no":
        # Ties count by half, so of a yes the share below is half of the others plus all the noes.
        shares = [2 * (1 - side.below) if value > 0 else 2 * side.below for side in (strip.client, strip.customer)]
        return f"so are {percent(shares[0])} of clients, {percent(shares[1])} of customers"
    client, customer = _rank(strip.client), _rank(strip.customer)
    if client == customer:
        return f"{client} clients and customers alike"
    return f"{client} clients, {customer} customers"


def _rank(side: Side) -> str:
    """Say where the account stands within a class."""
    for end, words in _RANKS:
        if side.below < end:
            return words
    return "more than 9 in 10"


_RANKS: Final = (
    (0.1, "less than 9 in 10"),
    (0.25, "less than most"),
    (0.7500001, "usual for"),
    (0.9, "more than most"),
)
_ROOM_OF: Final = {
    name: frozenset(each.name for each in vars(room).values() if isinstance(each, Signal))
    for name, room in ROOMS.items()
}
