"""Verdicts: what reviewers settled on, how long that stands, and the labels that come of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from models.decision import Relationship
from reviews.answer import Opinion

__all__ = ["ENDINGS", "Ending", "LabelGiven", "Standing", "Verdict"]

Ending = Literal["revised", "withdrawn", "expired", "moved", "superseded"]

ENDINGS: Final[dict[Ending, str]] = {
    "revised": "The reviewer changed their mind.",
    "withdrawn": "The reviewer took it back.",
    "expired": "It grew too old.",
    "moved": "The account's signals moved far from what the reviewer saw.",
    "superseded": "A later case was decided.",
}
"""Why a verdict no longer stands. The first two were mistakes and are no labels; the others were true when given."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What reviewers settled on.

    Attributes
    ----------
    id : int
        Later verdicts have greater ones.
    account_id : str
    case_id : UUID
    answer_id : int
        The answer that it is.
    relationship : {"client", "customer", "prospect", "unclear"}
        "unclear" decides nothing; it only keeps the same case from being asked about at once again.
    hybrid : bool
    engagement_model : str or None
    strategic_services : bool or None
    reviewer : str
        Id of the API key; of several who agree, of the first.
    at, until : int
        Microseconds since 1970 UTC.
    ended_at : int or None
        None while it stands.
    ended_why : str or None
        One of `ENDINGS`.
    inclusion : float or None
        Where the audit sample drew the account: the chance with which it did.
    """

    id: int
    account_id: str
    case_id: UUID
    answer_id: int
    relationship: Opinion
    hybrid: bool
    engagement_model: str | None
    strategic_services: bool | None
    reviewer: str
    at: int
    until: int
    ended_at: int | None
    ended_why: Ending | None
    inclusion: float | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How the verdict on an account changed, for a service that keeps the standing ones in memory.

    Attributes
    ----------
    seq : int
        Ask for what comes after it next time.
    account_id : str
    relationship : {"client", "customer", "prospect", "unclear"} or None
        None: no verdict stands any more, or the account was erased; forget it.
    hybrid : bool
    engagement_model : str or None
    strategic_services : bool or None
    at, until : int
        See :func:`reviews.lasting.lasts`.
    catalogue : str
    signals : bytes
        What the reviewer saw.
    """

    seq: int
    account_id: str
    relationship: Opinion | None
    hybrid: bool = False
    engagement_model: str | None = None
    strategic_services: bool | None = None
    at: int = 0
    until: int = 0
    catalogue: str = ""
    signals: bytes = b""


@dataclass(frozen=True, slots=True)
class LabelGiven:
    """A verdict as a label to learn from; see `features.events.LABEL_COLUMNS`.

    Attributes
    ----------
    seq : int
        Ask for what comes after it next time.
    account_id : str
    relationship : {"client", "customer", "prospect"}
    labelled_at : int
        The moment of which it speaks: what was known before it, the reviewer saw. Signals are learned from as of then.
    given_at : int
        When the reviewer said so. Both in microseconds since 1970 UTC.
    labeller : str
        Name of the reviewer's API key.
    inclusion : float or None
    """

    seq: int
    account_id: str
    relationship: Relationship
    labelled_at: int
    given_at: int
    labeller: str
    inclusion: float | None
