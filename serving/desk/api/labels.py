"""`GET /v1/labels`: verdicts to learn from."""

from __future__ import annotations

import struct
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from serving.desk.api.telling import label_told
from serving.desk.pages.room import Room
from serving.parameters import number, read_query
from serving.reading.cursors import Cursors, cursor
from serving.reading.wire import json_response

__all__ = ["QUERY", "LabelsApi"]

QUERY: Final = (
    cursor("after", "The `cursor` of the call before; the first call needs none."),
    number("limit", "Labels of a page, at most.", 1, 1000, 1000),
)

_LIST: Final = "labels"
_PLACE: Final = struct.Struct(">q")


class LabelsApi:
    """Gives labels.

    Parameters
    ----------
    room : Room
    cursors : Cursors
    """

    def __init__(self, room: Room, cursors: Cursors) -> None:
        self._room = room
        self._cursors = cursors

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal
            The cursor does not fit, or the database does not answer.
        """
        wanted = read_query(request.query_params, QUERY)
        text, after = wanted["after"], 0
        if text is not None:
            (after,) = _PLACE.unpack(await self._cursors.read("after", text, _LIST))
        found, names = await self._room.read(lambda desk, _: (desk.labels(after, wanted["limit"]), desk.labellers()))
        following = await self._cursors.write(_PLACE.pack(found[-1].seq if found else after), _LIST)
        content = {"labels": [label_told(each) for each in found], "reviewers": sorted(names), "cursor": following}
        return json_response(content)
