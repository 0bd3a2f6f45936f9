"""How an export is read: how much at once, within how much memory, and from which account on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from features.memory import MEMORY, parse_memory, sorting_share
from features.spills import Spills

__all__ = ["BATCH_EVENTS", "EVERYTHING", "Reading"]

BATCH_EVENTS: Final = 250_000
"""Events of a batch: the working set stays near the processor's cache."""

_SHARES: Final = {"events": 0.75, "accounts": 0.25}
"""Events and accounts are sorted at the same time."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How an export is read.

    Attributes
    ----------
    size : int
        About how many events, and at most how many accounts, a batch holds.
    memory : int
        Bytes that the process may take. What an export that is not sorted needs beyond them is sorted on disk. One
        batch is always held, and an account is never parted: of one that is larger than memory all events are held.
    after : str or None
        Accounts up to this id are left out, and not even read where that can be told before: they are done.
    scratch : Path or None
        A folder for what is sorted on disk. What lies there already, of the same export, is taken up. None: a
        temporary one.
    """

    size: int = BATCH_EVENTS
    memory: int = parse_memory(MEMORY)
    after: str | None = None
    scratch: Path | None = None

    def sorting_of(self, table: str) -> int:
        """Return the bytes that sorting a table of the export may hold."""
        return max(int(sorting_share(self.memory) * _SHARES[table]), 1)

    def spills(self, table: str) -> Spills | None:
        """Return where a table of the export is sorted on disk, None if in a temporary folder."""
        if self.scratch is None:
            return None
        folder = self.scratch / table
        folder.mkdir(exist_ok=True)
        return Spills(folder)


EVERYTHING: Final = Reading()
"""All accounts, with nothing said about how."""
