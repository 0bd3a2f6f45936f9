"""Bringing to the database what dead processes left in their spools."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from serving.recording.slots import leftovers
from serving.recording.spool import Spool

__all__ = ["Takeover"]


class Takeover:
    """Drains the spools that nobody has, a group at a time, so that what is asked meanwhile need not wait for all.

    Parameters
    ----------
    folder : Path
        Of the spools.
    drain : callable
        Moves a group of what a spool holds to the database.
    """

    def __init__(self, folder: Path, drain: Callable[[Spool], None]) -> None:
        self._folder = folder
        self._drain = drain
        self._spool: Spool | None = None

    def step(self, _: object = None) -> bool:
        """Take a group over; whether there is more.

        Raises
        ------
        DatabaseDown
            It is all still there.
        """
        if self._spool is None:
            self._spool = next(leftovers(self._folder), None)
        if self._spool is None:
            return False
        self._drain(self._spool)
        if self._spool.empty:
            self.close()
        return True

    def close(self) -> None:
        """Let go of the spool at hand, with whatever it holds."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None
