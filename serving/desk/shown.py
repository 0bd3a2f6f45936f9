"""What stood, or is about to stand, before a reviewer's eyes, for the ledger."""

from __future__ import annotations

from typing import Final
from uuid import UUID

import anyio.to_thread

from reviews.desk import Shown
from reviews.ledger import Ledger
from reviews.record import Record
from serving.desk.pages.opinions import opinions_of, shown_of
from serving.desk.pages.room import Room
from serving.errors import Refusal

__all__ = ["shown_by"]

_ERASED: Final = "What was shown is no longer kept: its account was erased."
_UNKNOWN: Final = "There is no such prediction, or it is no longer kept: load the case again."


async def shown_by(room: Room, prediction_id: UUID) -> Shown:
    """Return what the reveal of a prediction shows.

    Raises
    ------
    Refusal
        It is no longer kept, or the database does not answer.
    """

    def find(ledger: Ledger) -> tuple[Record, str | None]:
        record = ledger.prediction(prediction_id)
        if not isinstance(record, Record):
            raise Refusal("not-found", _UNKNOWN if record is None else _ERASED)
        return record, None if room.archive.has_rules(record.rules) else ledger.rules(record.rules)

    record, text = await room.read(lambda _, ledger: find(ledger))
    opinions = await anyio.to_thread.run_sync(opinions_of, record, text, room.archive)
    return shown_of(record, *opinions)
