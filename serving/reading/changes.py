"""`GET /v1/changes`: which accounts changed, so that a CRM keeps itself up to date by asking again and again."""

from __future__ import annotations

import struct
from typing import Any, Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from reviews.change import FAREWELL_DAYS, Change
from reviews.ledger import Ledger
from serving.parameters import number, read_query, refuse_parameter
from serving.reading.cursors import Cursors, cursor
from serving.reading.wire import json_response
from serving.recording.records import Records
from serving.times import time_text

__all__ = ["QUERY", "ChangesFeed"]

_MISSED: Final = (
    f"expected a cursor from the last {FAREWELL_DAYS} days, since for so long accounts are told to be erased: begin "
    "anew without one, and drop what is not told"
)

QUERY: Final = (
    cursor("after", "The `cursor` of the call before; the first call needs none."),
    number("limit", "Accounts of a page, at most.", 1, 1000, 1000),
)

_LIST: Final = "changes"
_PLACE: Final = struct.Struct(">qq")


class Place(NamedTuple):
    """Where a reader stopped, and what its table can be relied upon to know.

    Attributes
    ----------
    seq : int
        Of the last change that it saw.
    since : int
        Of the last farewell that had been forgotten when it began with an empty table, which needed none of those.
    """

    seq: int
    since: int


class ChangesFeed:
    """Tells what changed.

    Parameters
    ----------
    records : Records
    cursors : Cursors
    """

    def __init__(self, records: Records, cursors: Cursors) -> None:
        self._records = records
        self._cursors = cursors

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal
            The cursor does not fit, or the database cannot be reached now.
        """
        wanted = read_query(request.query_params, QUERY)
        stopped = None if wanted["after"] is None else await self._place(wanted["after"])
        place, found = await self._records.read(lambda ledger: _look(ledger, stopped, wanted["limit"]))
        following = await self._cursors.write(_PLACE.pack(*place), _LIST)
        return json_response({"changes": [_told(change) for change in found], "cursor": following})

    async def _place(self, text: str) -> Place:
        return Place(*_PLACE.unpack(await self._cursors.read("after", text, _LIST)))


def _look(ledger: Ledger, stopped: Place | None, limit: int) -> tuple[Place, list[Change]]:
    """Return a page of changes and where it ends.

    Raises
    ------
    Refusal
        The reader missed a farewell.
    """
    if stopped is None:
        return _begin(ledger, limit)
    found = ledger.changes(stopped.seq, limit)
    # After the page is read: what was forgotten in between counts as missed.
    if ledger.last_forgotten() > max(stopped.seq, stopped.since):
        raise refuse_parameter("after", _MISSED)
    return Place(found[-1].seq if found else stopped.seq, stopped.since), found


def _begin(ledger: Ledger, limit: int) -> tuple[Place, list[Change]]:
    """Return the first page, and where it ends."""
    since = ledger.last_forgotten()
    while True:
        found = ledger.changes(0, limit)
        before, since = since, ledger.last_forgotten()
        # Where something was forgotten meanwhile, nobody can say whether the page still told it: it is read once more.
        if since == before:
            return Place(found[-1].seq if found else 0, since), found


def _told(change: Change) -> dict[str, Any]:
    """Return a change as :class:`serving.reading.schemas.ChangeGiven` describes it."""
    return {
        "account_id": change.account_id,
        "relationship": change.relationship,
        "confidence": change.confidence,
        "hybrid": change.hybrid,
        "engagement_model": change.engagement_model,
        "strategic_services": change.strategic_services,
        "decided_by": change.decided_by,
        "route": change.route,
        "prediction_id": None if change.prediction_id is None else str(change.prediction_id),
        "decided_at": time_text(change.decided_at),
        "erased": change.erased,
    }
