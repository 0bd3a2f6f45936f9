"""The one door through which serving reaches the database (names first; the inside follows)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from reviews.record import Entry
from serving.recording.state import Kept, State

if TYPE_CHECKING:
    from reviews.ledger import Ledger  # type: ignore[import-not-found, unused-ignore]

__all__ = ["Kept", "Records", "State"]

T = TypeVar("T")


class Records:
    """Keeps what was answered, and reads it back.

    `Records(database, settings, clock)`; `start()` inside the event loop, `await stop()` at the end.
    """

    @property
    def state(self) -> State:
        """How keeping goes."""
        raise NotImplementedError

    @property
    def audit_secret(self) -> bytes | None:
        """Key of the audit sample; None until the database has answered for the first time."""
        raise NotImplementedError

    async def keep(self, entry: Entry) -> Kept:
        """Keep an entry; answered when it is on disk. Refusal overloaded, spool-full."""
        raise NotImplementedError

    async def read(self, job: Callable[[Ledger], T]) -> T:
        """Read from the database. Refusal database-unavailable."""
        raise NotImplementedError

    async def write(self, job: Callable[[Ledger], T]) -> T:
        """Change the database, after everything that was asked before. Refusal database-unavailable."""
        raise NotImplementedError

    def later(self, job: Callable[[Ledger], Any]) -> None:
        """Have something done as soon as the database answers, such as keeping the text of the rules."""
        raise NotImplementedError
