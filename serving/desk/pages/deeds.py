"""What a reviewer does with a case: each deed is a form that is sent, and then another page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from reviews.desk import Answer, Case, CaseRefused, Desk, Shown
from serving.desk.pages.answers import HOME, go
from serving.desk.pages.case import case_id_of
from serving.desk.pages.forms import answer_of, prediction_of, read_form
from serving.desk.pages.room import Room, Viewer
from serving.desk.shown import shown_by
from serving.errors import Refusal

__all__ = ["Deeds"]

T = TypeVar("T")

_DISPUTES: Final = "/desk/disputes"


class Deeds:
    """Does what reviewers ask.

    Each raises Refusal where nobody has signed in, the form does not fit or the database does not answer. What cannot
    be done with a case is told on the page that comes next.

    Parameters
    ----------
    room : Room
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._engagement_models = frozenset(each.name for each in room.rules.engagement_models)

    async def next(self, request: Request) -> Response:
        """Give the reviewer the next case."""
        return await self._go_on(self._room.viewer_of(request))

    async def claim(self, request: Request) -> Response:
        """Give the reviewer this case."""
        viewer, case_id, now = self._room.viewer_of(request), case_id_of(request), self._room.now
        return await self._do(case_id, lambda desk: desk.claim_one(case_id, viewer.id, now), lambda _: _to(case_id))

    async def answer(self, request: Request) -> Response:
        """Keep the first answer, and show what the machine thinks."""
        viewer, case_id, now = self._room.viewer_of(request), case_id_of(request), self._room.now
        answer, shown = await self._read(request)
        return await self._do(
            case_id, lambda desk: desk.answer(case_id, viewer.id, answer, now, shown), lambda _: _to(case_id)
        )

    async def revise(self, request: Request) -> Response:
        """Keep another answer, if it is another one, and go on."""
        room = self._room
        viewer, case_id, now = room.viewer_of(request), case_id_of(request), room.now
        answer, shown = await self._read(request)

        def revise(desk: Desk) -> None:
            current = desk.case(case_id, viewer.id).current
            if current is None or current.answer != answer:
                desk.revise(case_id, viewer.id, answer, now, shown)

        done = await self._try(revise, case_id)
        return done if isinstance(done, Response) else await self._go_on(viewer, after=str(case_id))

    async def rule(self, request: Request) -> Response:
        """Keep the team lead's answer to a case on which reviewers disagree."""
        viewer, case_id, now = self._room.viewer_of(request), case_id_of(request), self._room.now
        if not viewer.lead:
            raise Refusal("forbidden", "The team lead decides where reviewers disagree.")
        answer, shown = await self._read(request)
        return await self._do(
            case_id,
            lambda desk: desk.rule(case_id, viewer.id, answer, now, shown),
            lambda _: go(_DISPUTES, after=str(case_id)),
        )

    async def skip(self, request: Request) -> Response:
        """Pass a case by, and go on."""
        viewer, case_id, now = self._room.viewer_of(request), case_id_of(request), self._room.now
        done = await self._try(lambda desk: desk.skip(case_id, viewer.id, now), case_id)
        return done if isinstance(done, Response) else await self._go_on(viewer, skipped=str(case_id))

    async def undo(self, request: Request) -> Response:
        """Take back what the reviewer did last with a case, and show it again."""
        viewer, case_id, now = self._room.viewer_of(request), case_id_of(request), self._room.now
        return await self._do(
            case_id, lambda desk: desk.undo(case_id, viewer.id, now), lambda _: _to(case_id, undone="yes")
        )

    async def _go_on(self, viewer: Viewer, **query: str) -> Response:
        now = self._room.now
        case: Case | None = await self._room.write(lambda desk: desk.claim(viewer.id, now))
        return go(HOME, none="yes", **query) if case is None else _to(case.id, **query)

    async def _do(self, case_id: UUID, deed: Callable[[Desk], T], then: Callable[[T], Response]) -> Response:
        done = await self._try(deed, case_id)
        return done if isinstance(done, Response) else then(done)

    async def _try(self, deed: Callable[[Desk], T], case_id: UUID) -> T | Response:
        try:
            return await self._room.write(deed)
        except CaseRefused as refused:
            if refused.why == "no-case":
                raise Refusal("not-found", "There is no such case, or its account was erased.") from None
            return _to(case_id, refused=refused.why)

    async def _read(self, request: Request) -> tuple[Answer, Shown]:
        """Read what the reviewer says, and find out what stood, or is about to stand, before their eyes."""
        form = await read_form(request)
        answer, prediction_id = answer_of(form, self._engagement_models), prediction_of(form)
        return answer, await shown_by(self._room, prediction_id)


def _to(case_id: UUID, **query: str) -> Response:
    return go(f"/desk/cases/{case_id}", **query)
