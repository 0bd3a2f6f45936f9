"""Events as the machine saw them, told in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from features.events import KINDS, check_records
from features.log import NEVER, EventLog, FloatColumn, IntColumn
from features.request import log_of_one
from features.slots import KIND_NAMES, KIND_OF_SLOT, KIND_STARTS
from reviews.evidence import Evidence
from serving.desk.words.numbers import money

__all__ = ["PLURALS", "Happening", "happenings_of"]

_NAMES: Final = {
    "purchase": ("Purchase", "Purchases"),
    "refund": ("Refund", "Refunds"),
    "contract": ("Contract", "Contracts"),
    "deal": ("Deal", "Deals"),
    "meeting": ("Meeting", "Meetings"),
    "call": ("Call", "Calls"),
    "email": ("E-mail", "E-mails"),
    "visit": ("Visit", "Visits"),
    "ticket": ("Ticket", "Tickets"),
    "delivery": ("Delivery", "Deliveries"),
    "feedback": ("Feedback", "Feedback"),
    "usage": ("Use", "Usage"),
    "referral": ("Referral", "Referrals"),
}

PLURALS: Final = {kind: plural for kind, (_, plural) in _NAMES.items()}
"""What several of a kind are called."""

_PLANNED: Final = frozenset({"contract"})
"""Kinds whose end is known from the start; another's is not until it has come."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One event of an account.

    Attributes
    ----------
    at : int
        When it happened, microseconds since 1970 UTC.
    kind : str
    subtype : str
        As far as signals tell it apart; else empty.
    ends_at : int or None
        None where it has no end on file, or none that was known.
    recorded_at : int
        When the CRM learned of it.
    amount, score : float or None
    person : int or None
        Who it was on the account's side: people are numbered in the order in which they appear, from 1.
    """

    at: int
    kind: str
    subtype: str
    ends_at: int | None
    recorded_at: int
    amount: float | None
    score: float | None
    person: int | None

    @property
    def name(self) -> str:
        """What it is called, such as "Meeting, strategic"."""
        noun = _NAMES[self.kind][0]
        return f"{noun}, {self.subtype}" if self.subtype else noun

    @property
    def figures(self) -> str:
        """Its numbers, such as "24,000" or "8 of 10"; empty where it has none."""
        told = [] if self.amount is None else [money(self.amount)]
        told += [] if self.score is None else [f"{self.score:g} of 10"]
        return ", ".join(told)


def happenings_of(evidence: Evidence, as_of: int) -> Sequence[Happening]:
    """Return the events that counted at a moment: those that the signals were measured on, and no others.

    Parameters
    ----------
    evidence : Evidence
    as_of : int
        Microseconds since 1970 UTC.

    Returns
    -------
    list of Happening
        The latest first.

    Raises
    ------
    BadInput
        What was kept is not what a request may say.
    """
    log = log_of_one(evidence.account, evidence.events, check_records(evidence.records)).at(as_of).log
    recorded = log.occurred_at if log.recorded_at is None else log.recorded_at
    log = log.take((log.occurred_at < as_of) & (recorded < as_of))
    return [*_read(log, as_of)][::-1]


def _read(log: EventLog, as_of: int) -> Sequence[Happening]:
    """Read a log of one account, in its order."""
    kinds = [KIND_NAMES[place] for place in KIND_OF_SLOT[log.slot].tolist()]
    columns = zip(
        log.occurred_at.tolist(),
        kinds,
        [_SUBTYPES[slot] for slot in log.slot.tolist()],
        _times(log.ends_at, log),
        log.occurred_at.tolist() if log.recorded_at is None else log.recorded_at.tolist(),
        _numbers(log.amount, log),
        _numbers(log.score, log),
        _people(log.contact, log),
        strict=True,
    )
    found = []
    for at, kind, subtype, ends_at, recorded_at, amount, score, person in columns:
        open_ended = ends_at is not None and ends_at >= as_of and kind not in _PLANNED
        found.append(Happening(at, kind, subtype, None if open_ended else ends_at, recorded_at, amount, score, person))
    return found


def _times(column: IntColumn | None, log: EventLog) -> list[int | None]:
    if column is None:
        return [None] * log.n_events
    return [None if micros == NEVER else micros for micros in column.tolist()]


def _numbers(column: FloatColumn | None, log: EventLog) -> list[float | None]:
    if column is None:
        return [None] * log.n_events
    return [None if np.isnan(value) else value for value in column.tolist()]


def _people(column: IntColumn | None, log: EventLog) -> list[int | None]:
    if column is None:
        return [None] * log.n_events
    numbers: dict[int, int] = {}
    return [None if code < 0 else numbers.setdefault(code, len(numbers) + 1) for code in column.tolist()]


_SUBTYPES: Final = {
    int(start) + place: word
    for kind, start in zip(KINDS.values(), KIND_STARTS, strict=True)
    for place, word in enumerate(("", *kind.subtypes))
}
