"""Whether the database answers, also when nobody asks it for anything."""

from __future__ import annotations

from serving.errors import Refusal
from serving.recording.records import Records

__all__ = ["Pulse"]


class Pulse:
    """Feels for the database.

    Parameters
    ----------
    records : Records

    Attributes
    ----------
    wrong : str or None
        Why it does not answer, in a sentence; None where it does.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.wrong: str | None = None

    async def look(self) -> None:
        """Ask it for almost nothing."""
        try:
            await self._records.read(lambda ledger: ledger.ping(), urgent=True)
        except Refusal:
            self.wrong = "The database does not answer; predictions are given all the same. The log says why."
        else:
            self.wrong = None
