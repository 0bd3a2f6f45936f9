"""Where reviewers disagree: the team lead's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from reviews.desk import Desk, Dispute
from serving.desk.pages.answers import page
from serving.desk.pages.notices import notice_of
from serving.desk.pages.room import Room
from serving.desk.words.heads import name_in
from serving.errors import Refusal

__all__ = ["DisputesPage", "said_by_others"]

HERE: Final = "/desk/disputes"


class DisputesPage:
    """Shows the cases that wait for the team lead.

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
            Nobody has signed in, it is not the team lead, or the database does not answer.
        """
        room, now = self._room, self._room.now
        viewer, query = room.viewer_of(request), dict(request.query_params)
        if not viewer.lead:
            raise Refusal("forbidden", "This page is the team lead's.")

        def look(desk: Desk) -> tuple[Sequence[Dispute], dict[str, str], dict[str, Any] | None]:
            return desk.lead(viewer.id, now), desk.reviewers(), notice_of(desk, viewer.id, query)

        found, names, notice = await room.read(lambda desk, _: look(desk))
        content = {"disputes": [_dispute(each, names) for each in found], "notice": notice}
        return await page("disputes", content, viewer, HERE, now)


def _dispute(dispute: Dispute, names: Mapping[str, str]) -> dict[str, Any]:
    line = dispute.line
    return {
        "address": f"/desk/cases/{line.id}",
        "name": name_in(line.account_id, line.packed),
        "opened_at": line.opened_at,
        "answers": said_by_others(dispute, names),
    }


def said_by_others(dispute: Dispute, names: Mapping[str, str]) -> Sequence[Mapping[str, Any]]:
    """Return who said what."""
    return [
        {"name": names.get(given.reviewer, "somebody"), "at": given.at, "answer": given.answer}
        for given in dispute.answers
        if given.answer is not None
    ]
