"""The desk as a part of the service: what it is made of, and its addresses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.routing import Route

from models.rules import RuleBook
from reviews.database import Database
from reviews.desk import Desk
from serving.answering.verdicts import Verdicts
from serving.clock import Clock
from serving.desk.api.routes import api_routes
from serving.desk.entrance.proxy import Proxy
from serving.desk.entrance.reception import Reception, viewer_of
from serving.desk.entrance.sessions import Sessions
from serving.desk.entrance.signing import sign_routes
from serving.desk.pages.room import Room
from serving.desk.pages.routes import page_routes
from serving.doors.keyring import Keyring
from serving.errors import Refusal
from serving.reading.archive import Archive
from serving.reading.cursors import Cursors
from serving.recording.records import Records
from serving.settings import Settings

__all__ = ["Front", "open_desk"]

_SWEEP: Final = 600.0


@dataclass(frozen=True)
class Front:
    """The desk, towards the service.

    Attributes
    ----------
    room : Room
    reception : Reception
    verdicts : Verdicts
    rounds : list of tuple of float and callable
        What it does again and again, and seconds in between.
    """

    room: Room
    reception: Reception
    verdicts: Verdicts
    rounds: list[tuple[float, Callable[[], Awaitable[object]]]]

    def routes(self) -> list[Route]:
        """Make the routes of pages and JSON."""
        room = self.room
        return [*sign_routes(self.reception), *page_routes(room), *api_routes(room, Cursors(room.records))]


def open_desk(
    settings: Settings,
    database: Database,
    records: Records,
    keyring: Keyring | None,
    archive: Archive,
    rules: RuleBook,
    clock: Clock,
) -> Front:
    """Put the desk together.

    Raises
    ------
    BadInput
        A setting does not fit.
    """
    desk = Desk(database, second_share=settings.second_share)
    room = Room(desk, records, archive, rules, clock, lambda request: viewer_of(request.scope["key"]))
    proxy = None if settings.proxy_header is None else Proxy(settings.proxy_header, settings.proxy_addresses)
    reception = Reception(keyring, Sessions(records, settings.session_hours), proxy, clock)
    verdicts = Verdicts(records, desk)
    return Front(room, reception, verdicts, [(settings.verdict_seconds, verdicts.look), (_SWEEP, _sweeping(room))])


def _sweeping(room: Room) -> Callable[[], Awaitable[object]]:
    """Return what ends the verdicts that have grown too old, also those on accounts that nobody asks about."""

    async def sweep() -> None:
        now = room.now
        try:
            await room.write(lambda desk: desk.sweep(now))
        except Refusal:
            return  # the next round is soon enough

    return sweep
