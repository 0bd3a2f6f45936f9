"""The team lead's overview, counted anew at most twice a minute and shared by its page and its charts."""

from __future__ import annotations

import asyncio
from typing import Final, NamedTuple

from reviews.overview import Overview
from serving.desk.pages.room import Room
from serving.desk.words.times import DAY

__all__ = ["PERIODS", "Overviews", "Seen"]

PERIODS: Final = {1: "A month", 3: "Three months", 6: "Six months", 12: "A year"}
"""Months that an overview looks back, and their names."""

_FRESH: Final = DAY // 2880
"""Half a minute."""

_MONTH: Final = round(30.44 * DAY)


class Seen(NamedTuple):
    """An overview, and the names of those who appear in it.

    Attributes
    ----------
    overview : Overview
    names : dict
        Of reviewers, by id.
    since, at : int
        From when on it counts, and when it was counted; microseconds since 1970 UTC.
    """

    overview: Overview
    names: dict[str, str]
    since: int
    at: int


class Overviews:
    """Counts, and remembers for a moment.

    Parameters
    ----------
    room : Room
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._seen: dict[int, Seen] = {}
        self._counting = asyncio.Lock()

    async def look(self, months: int, now: int) -> Seen:
        """Return what happened in the last so many months.

        Parameters
        ----------
        months : int
            One of `PERIODS`.
        now : int
            Microseconds since 1970 UTC.

        Raises
        ------
        Refusal
            The database does not answer.
        """
        async with self._counting:
            seen = self._seen.get(months)
            if seen is None or not 0 <= now - seen.at < _FRESH:
                since = now - months * _MONTH
                seen = await self._room.read(
                    lambda desk, _: Seen(desk.overview(since, now + 1, now), desk.reviewers(), since, now)
                )
                self._seen[months] = seen
        return seen
