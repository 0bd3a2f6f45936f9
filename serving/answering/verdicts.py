"""Reviewers' verdicts in memory, so that one that stands decides without a question to the database."""

from __future__ import annotations

import asyncio
from typing import Final

from reviews.desk import Desk
from reviews.verdict import Standing
from serving.errors import Refusal
from serving.recording.records import Records

__all__ = ["Verdicts"]

_PAGE: Final = 1000
_PATIENCE: Final = 10.0
"""Seconds that the service's start waits for them."""


class Verdicts:
    """Knows every verdict of the database, as of a moment ago.

    While the database is away those that are known go on to stand. Of others the machine decides, and the database sees
    to it that its answer takes no verdict's place when it is kept.

    Parameters
    ----------
    records : Records
    desk : Desk

    Attributes
    ----------
    by_account : dict of str to Standing
    """

    def __init__(self, records: Records, desk: Desk) -> None:
        self.by_account: dict[str, Standing] = {}
        self._records = records
        self._desk = desk
        self._seen = 0

    async def open(self) -> None:
        """Learn them for the first time, if the database gives them in time."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.look()
        except TimeoutError:
            pass  # each later look goes on from there

    async def look(self) -> None:
        """Learn what has changed since the last look; where that cannot be, go on with what is known."""
        try:
            while page := await self._records.read(lambda _: self._desk.standing_verdicts(self._seen, _PAGE)):
                for verdict in page:
                    if verdict.relationship is None:
                        self.by_account.pop(verdict.account_id, None)
                    else:
                        self.by_account[verdict.account_id] = verdict
                self._seen = page[-1].seq
        except Refusal:
            return  # the database is watched elsewhere
