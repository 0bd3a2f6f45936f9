"""What a CRM is told that follows the changes, and what stays of an account that was erased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from models.decision import Decider, Relationship, Route

__all__ = ["FAREWELL_DAYS", "SEAL", "Change", "Tombstone"]

FAREWELL_DAYS: Final = 30
"""For so long the changes name an erased account, so that whoever copied it can erase it too. A reader who was away for
longer starts again from the beginning, and drops what is not there."""

SEAL: Final = "cursor"
"""Name of the secret that cursors are sealed with. A backup leaves it out: a restored database gives the numbers behind
its end anew, and no cursor from before the restore may be taken for one of those."""


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What stays of an account that was erased.

    Attributes
    ----------
    erased_at : int
        Microseconds since 1970 UTC.
    reason : str or None
    key_id : str or None
        Of the API key that asked.
    """

    erased_at: int
    reason: str | None
    key_id: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What holds of an account since its last change; of an erased account only that it was erased.

    Attributes
    ----------
    seq : int
        Grows in the order in which changes became visible.
    account_id : str
    erased : bool
    prediction_id : UUID or None
        The account's latest prediction, which may be later than the change: one that says the same is none.
    decided_at : int
        Of that prediction; of an erased account, when it was erased. Microseconds since 1970 UTC.
    relationship, confidence, hybrid, engagement_model, strategic_services, decided_by, route
        As in :class:`reviews.record.Record`; None where erased.
    """

    seq: int
    account_id: str
    erased: bool
    prediction_id: UUID | None
    decided_at: int
    relationship: Relationship | None
    confidence: float | None
    hybrid: bool | None
    engagement_model: str | None
    strategic_services: bool | None
    decided_by: Decider | None
    route: Route | None
