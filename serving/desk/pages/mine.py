"""A reviewer's own answers, the latest first."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from reviews.desk import Given
from reviews.terms import HOUR, UNDO
from serving.desk.pages.answers import page
from serving.desk.pages.room import Room

__all__ = ["MinePage"]

HERE: Final = "/desk/history"

_PAGE: Final = 50
_UNDO: Final = round(UNDO.value * HOUR)
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
        found = await room.read(lambda desk, _: desk.history(viewer.id, before=before, limit=_PAGE + 1))
        given = found[:_PAGE]
        content = {
            "given": [_row(each, now) for each in given],
            "next": f"{HERE}?before={given[-1].id}" if len(found) > _PAGE else "",
            "first": HERE if before is not None else "",
        }
        return await page("mine", content, viewer, HERE, now)


def _row(given: Given, now: int) -> dict[str, Any]:
    return {
        "address": f"/desk/cases/{given.case_id}",
        "account_id": given.account_id,
        "at": given.at,
        "answer": given.answer,
        "stage": _STAGES[given.stage],
        "fresh": now - given.at < _UNDO,
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - 63 bits
