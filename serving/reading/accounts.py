"""What was decided of an account over time, and its erasure."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from serving.clock import Clock
from serving.errors import Refusal
from serving.parameters import number, read_query, text
from serving.reading.addresses import account_id_of
from serving.reading.cursors import Cursors, cursor
from serving.reading.wire import json_response, listed
from serving.recording.records import Records
from serving.times import micros_of, time_text

__all__ = ["ERASING", "HISTORY", "Accounts"]

HISTORY: Final = (
    cursor("before", "The cursor `next` of an earlier page; the first page needs none."),
    number("limit", "Predictions of a page, at most.", 1, 200, 50),
)
ERASING: Final = (text("reason", "Why, for the record. It stays, so it should name nobody.", 500, required=True),)

_UNKNOWN: Final = (
    "Nothing was known of this account. What was decided of it until now and still waits for the database will not be "
    "kept."
)


class Accounts:
    """Tells of accounts, and forgets them.

    Parameters
    ----------
    records : Records
    cursors : Cursors
    clock : callable
        Returns the present moment.
    """

    def __init__(self, records: Records, cursors: Cursors, clock: Clock) -> None:
        self._records = records
        self._cursors = cursors
        self._clock = clock

    async def history(self, request: Request) -> Response:
        """Answer with what was decided, the newest first.

        Raises
        ------
        Refusal
            The account was erased and nothing was decided since, or nothing can be reached now.
        """
        wanted = read_query(request.query_params, HISTORY)
        account_id, limit = account_id_of(request), wanted["limit"]
        before = None if wanted["before"] is None else await self._place(wanted["before"], account_id)
        # One more than asked for, to learn whether there is more.
        found, stone = await self._records.read(
            lambda ledger: (ledger.history(account_id, before, limit + 1), ledger.tombstone(account_id))
        )
        if stone is not None and not found:
            raise Refusal("gone", f"This account was erased at {time_text(stone.erased_at)}, and nothing came since.")
        page, more = found[:limit], len(found) > limit
        following = await self._cursors.write(page[-1].id.bytes, _list_of(account_id)) if more else None
        content = {"predictions": [listed(record) for record in page], "next": following}
        return json_response(content, {"Link": f'<?before={following}&limit={limit}>; rel="next"'} if more else None)

    async def erase(self, request: Request) -> Response:
        """Erase an account and answer with what stays of it.

        Raises
        ------
        Refusal
            Nothing was known of it, or the database cannot be reached now.
        """
        reason = read_query(request.query_params, ERASING)["reason"]
        account_id, key, at = account_id_of(request), request.scope.get("key"), micros_of(self._clock())
        key_id = None if key is None else key.id
        stone = await self._records.write(lambda ledger: ledger.erase(account_id, at, reason, key_id))
        # First answers name accounts, and are given again from memory while the database is away.
        self._records.recent.clear()
        if stone is None:
            raise Refusal("not-found", _UNKNOWN)
        return json_response(
            {"account_id": account_id, "erased_at": time_text(stone.erased_at), "reason": stone.reason}
        )

    async def _place(self, text: str, account_id: str) -> UUID:
        return UUID(bytes=await self._cursors.read("before", text, _list_of(account_id)))


def _list_of(account_id: str) -> str:
    return f"predictions of {account_id}"
