"""A reviewer's own answers, the latest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from reviews.desk import Desk, Given, read_evidence
from reviews.ledger import Ledger
from reviews.record import Record
from serving.desk.pages.answers import page
from serving.desk.pages.room import Room
from serving.desk.words.people import name_of

__all__ = ["MinePage"]

HERE: Final = "/desk/history"

_PAGE: Final = 25
_STAGES: Final = {
    "blind": "blind",
    "revealed": "after the reveal",
    "lead": "as team lead",
    "withdrawn": "",
}


class MinePage:
    """Shows what a reviewer said.

    Parameters
    ----------
    room : Room
    """

    def __init__(self, room: Room) -> None:
        self._room = room

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal
            Nobody has signed in, or the database does not answer.
        """
        room, now = self._room, self._room.now
        viewer, before = room.viewer_of(request), _number(request.query_params.get("before", ""))

        def look(desk: Desk, ledger: Ledger) -> tuple[list[Given], dict[UUID, str]]:
            found = desk.history(viewer.id, before=before, limit=_PAGE + 1)
            return found, _names(ledger, found)

        found, names = await room.read(look)
        given = found[:_PAGE]
        content = {
            "given": [_row(each, names) for each in given],
            "next": f"{HERE}?before={given[-1].id}" if len(found) > _PAGE else "",
            "first": HERE if before is not None else "",
        }
        return await page("mine", content, viewer, HERE, now)


def _names(ledger: Ledger, given: Sequence[Given]) -> dict[UUID, str]:
    """Return what accounts are called, by the prediction that was shown."""
    names = {}
    for prediction_id, account_id in {each.prediction_id: each.account_id for each in given}.items():
        record = ledger.prediction(prediction_id)
        said = record.evidence if isinstance(record, Record) else None
        names[prediction_id] = name_of(account_id, None if said is None else read_evidence(said))
    return names


def _row(given: Given, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "address": f"/desk/cases/{given.case_id}",
        "name": names[given.prediction_id],
        "at": given.at,
        "answer": given.answer,
        "stage": _STAGES[given.stage],
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - 63 bits
