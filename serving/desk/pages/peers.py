"""Clients and customers to compare an account with; see :meth:`reviews.desk.Desk.typical` for who they are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from features.signals import SIGNAL_NAMES
from models.decision import Relationship
from reviews.comparison import LEAST, Typical
from serving.desk.charts.strips import Strip, strip_of
from serving.desk.pages.room import Room
from serving.desk.words.times import DAY

__all__ = ["Peers", "Sides", "strips_among", "words_for"]

Floats = npt.NDArray[np.float64]
Sides = Mapping[Relationship, Typical]

_FRESH: Final = DAY // 144
"""Ten minutes: clients and customers as a whole do not change from case to case."""


class Peers:
    """Remembers how clients and customers are spread, and asks anew now and then.

    Parameters
    ----------
    room : Room
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._sides: Sides = {}
        self._stale_at = 0
        self._asking = asyncio.Lock()

    async def sides(self, now: int) -> Sides:
        """Return both sides, or those of which enough accounts are known.

        Parameters
        ----------
        now : int
            Microseconds since 1970 UTC.

        Raises
        ------
        Refusal
            The database does not answer.
        """
        if now >= self._stale_at:
            async with self._asking:
                if now >= self._stale_at:
                    self._sides = await self._room.read(lambda desk, _: desk.typical())
                    # While it is told of few, soon it may be told of enough.
                    self._stale_at = now + (_FRESH if len(self._sides) > 1 else _FRESH // 60)
        return self._sides


def strips_among(sides: Sides, signals: Floats) -> Mapping[str, Strip]:
    """Place an account among both sides.

    Parameters
    ----------
    sides : mapping
    signals : ndarray of float64, shape (n_signals,)
        In the order of the catalogue; nan is unknown.

    Returns
    -------
    dict
        By signal; without those that are unknown, or known of too few others.
    """
    if len(sides) < 2:  # noqa: PLR2004 - both
        return {}
    client, customer = sides["client"], sides["customer"]
    enough = np.minimum(client.known, customer.known) >= LEAST
    return {
        name: strip_of(value, client.quantiles[:, place].tolist(), customer.quantiles[:, place].tolist())
        for place, (name, value) in enumerate(zip(SIGNAL_NAMES, signals.tolist(), strict=True))
        if enough[place] and not np.isnan(value)
    }


def words_for(sides: Sides) -> str:
    """Say who an account is compared with."""
    if len(sides) < 2:  # noqa: PLR2004 - both
        return (
            f"Comparisons begin once {LEAST} clients and {LEAST} customers have been decided automatically; so far "
            "there are fewer."
        )
    client, customer = sides["client"], sides["customer"]
    return (
        f"Compared with the {client.n:,} clients and {customer.n:,} customers that were decided automatically last. "
        "Further right is more."
    )
