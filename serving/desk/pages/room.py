"""What the pages are made of, and who looks at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request

from models.rules import RuleBook
from reviews.desk import Desk
from reviews.ledger import Ledger
from serving.clock import Clock
from serving.reading.archive import Archive
from serving.recording.records import Records
from serving.times import micros_of

__all__ = ["Room", "Viewer"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a page.

    Attributes
    ----------
    id : str
        Of their API key.
    name : str
    lead : bool
        They are a team lead.
    """

    id: str
    name: str
    lead: bool


@dataclass(frozen=True)
class Room:
    """What the pages are made of.

    Attributes
    ----------
    desk : Desk
    records : Records
        Through which the desk's database is reached.
    archive : Archive
    rules : RuleBook
        Those in use.
    clock : callable
        Returns the present moment.
    viewer_of : callable
        Says who sent a request; raises Refusal where nobody has signed in.
    """

    desk: Desk
    records: Records
    archive: Archive
    rules: RuleBook
    clock: Clock
    viewer_of: Callable[[Request], Viewer]

    @property
    def now(self) -> int:
        """The present moment, microseconds since 1970 UTC."""
        return micros_of(self.clock())

    async def read(self, job: Callable[[Desk, Ledger], T]) -> T:
        """Ask the database something, in a thread.

        Raises
        ------
        Refusal
            It does not answer.
        """
        return await self.records.read(lambda ledger: job(self.desk, ledger))

    async def write(self, job: Callable[[Desk], T]) -> T:
        """Change something in the database.

        Raises
        ------
        Refusal
            It does not answer.
        """
        return await self.records.write(lambda _: job(self.desk))
