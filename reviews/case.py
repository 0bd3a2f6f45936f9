"""Cases: accounts that somebody has to look at, and what a reviewer may know of them before they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args
from uuid import UUID

from reviews.answer import Given

__all__ = ["STATES", "WHYS", "Case", "CaseLine", "CaseRefused", "Dispute", "Filters", "Refusal", "State", "Why"]

Why = Literal["route", "label", "audit", "moved", "expired"]
State = Literal["open", "lead", "closed"]
Refusal = Literal[
    "no-case", "pruned", "held", "not-held", "settled", "not-answered", "answered", "too-late", "other-account"
]

WHYS: Final[tuple[Why, ...]] = get_args(Why)
"""Why a case was opened: the machine routed it to a review; it contradicts the CRM's label; the audit sample drew it;
the account's signals moved far from what a reviewer saw; a verdict grew too old."""

STATES: Final[tuple[State, ...]] = get_args(State)
"""Waits for an answer; waits for the team lead, since two reviewers disagree; is settled."""


class CaseRefused(Exception):
    """What a reviewer asks cannot be done with this case now.

    Parameters
    ----------
    why : str
        "no-case": there is none of this id. "pruned": it is settled, and what it showed is no longer kept. "held":
        another reviewer holds it. "not-held": the reviewer does not hold it, or no longer. "settled": it is closed, or
        the team lead's. "not-answered": the reviewer has not answered yet. "answered": the reviewer has, and may only
        revise. "too-late": the answer is too old to be undone or revised.
        "other-account": what is said to have been shown is not a prediction of this case's account.
    """

    def __init__(self, why: Refusal) -> None:
        super().__init__(_TEXTS[why])
        self.why = why


_TEXTS: Final[dict[Refusal, str]] = {
    "no-case": "There is no such case.",
    "pruned": "This case is settled, and what it showed is no longer kept: old predictions were pruned.",
    "held": "Another reviewer holds this case.",
    "not-held": "You do not hold this case, or no longer: claim it again.",
    "settled": "This case is settled, or waits for the team lead.",
    "not-answered": "Answer first: what the machine thinks is shown afterwards.",
    "answered": "You have answered this case; you may revise your answer or undo it.",
    "too-late": "This answer is too old to be undone or revised.",
    "other-account": "What was shown is no prediction of this case's account: load the case again.",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A case as a reviewer sees it. Nothing in it tells what model or rules think of the account.

    Attributes
    ----------
    id : UUID
    account_id : str
    state : {"open", "lead", "closed"}
    opened_at : int
        Microseconds since 1970 UTC, as all times.
    holder : str or None
        Who has claimed it, until `held_until`.
    held_until : int or None
    prediction_id : UUID
        What is shown: the account's history and signals when this prediction was made.
    as_of : int
        What was known before this moment counted.
    catalogue : str
        Digest of the signals' names; see :func:`reviews.record.catalogue_digest`.
    signals : bytes
        Little-endian float64.
    evidence : bytes or None
        See :mod:`reviews.evidence`; None where none was kept.
    mine : tuple of Given
        What this reviewer said of the case so far, also what was taken back, the oldest first.
    current : Given or None
        Of those, what they say now.
    """

    id: UUID
    account_id: str
    state: State
    opened_at: int
    holder: str | None
    held_until: int | None
    prediction_id: UUID
    as_of: int
    catalogue: str
    signals: bytes
    evidence: bytes | None
    mine: tuple[Given, ...] = ()
    current: Given | None = None


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case in the queue.

    Attributes
    ----------
    id, account_id, state, opened_at, holder, held_until
        As in :class:`Case`.
    packed : bytes or None
        The evidence as :func:`reviews.record.pack` packs it: a list of fifty needs the head of each alone.
    answered : bool
        The reviewer who asks has answered it.
    readers : int
        How many have.
    why : str or None
        One of `WHYS`; None unless the team lead asks, since it tells what the machine thinks.
    """

    id: UUID
    account_id: str
    state: State
    opened_at: int
    holder: str | None
    held_until: int | None
    packed: bytes | None
    answered: bool
    readers: int
    why: Why | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases of the queue are wanted; each None or False asks for nothing.

    Attributes
    ----------
    state : {"open", "lead", "closed"}
    held : bool or None
        Claimed now, or not.
    holder : str or None
        Claimed by this reviewer.
    account : str
        The account's id begins so.
    opened_before, opened_from : int or None
    why : str or None
        One of `WHYS`, for the team lead.
    second : bool
        Those that wait for a second reviewer.
    """

    state: State = "open"
    held: bool | None = None
    holder: str | None = None
    account: str = ""
    opened_before: int | None = None
    opened_from: int | None = None
    why: Why | None = None
    second: bool = False


@dataclass(frozen=True, slots=True)
class Dispute:
    """A case on which reviewers disagree.

    Attributes
    ----------
    line : CaseLine
    answers : tuple of Given
        What each of them says now, the oldest first.
    """

    line: CaseLine
    answers: tuple[Given, ...]
