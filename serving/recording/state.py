"""What came of keeping something, and how keeping goes, for those who ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reviews.record import Repeat

__all__ = ["Kept", "Mode", "State"]

Mode = Literal["direct", "spooling"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of asking to keep an entry.

    Attributes
    ----------
    recorded : bool
        It is in the database. False: it is in the spool, on disk, and reaches the database later.
    repeat : Repeat or None
        Another request had used this `Idempotency-Key`: nothing of the entry was kept, and here is the first answer.
    """

    recorded: bool
    repeat: Repeat | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How keeping goes.

    Attributes
    ----------
    mode : {"direct", "spooling"}
        Whether entries go to the database, or to the spool while it is away or catching up.
    why : str or None
        Why they are spooled, in a sentence without an account's data.
    queued : int
        Predictions that wait for an answer to whether they are kept.
    spooled, spool_bytes, spool_limit : int
        Predictions in this process's spool, its size and the most it may have.
    kept, diverted, drained, set_aside : int
        Predictions since the start: written at once, put into the spool, moved from it to the database, and those that
        the database refused for what they hold.
    """

    mode: Mode = "direct"
    why: str | None = None
    queued: int = 0
    spooled: int = 0
    spool_bytes: int = 0
    spool_limit: int = 0
    kept: int = 0
    diverted: int = 0
    drained: int = 0
    set_aside: int = 0
