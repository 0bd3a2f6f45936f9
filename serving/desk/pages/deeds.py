"""What a reviewer does with a case: each deed is a form that is sent, and then another page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from reviews.desk import Answer, Case, CaseRefused, Desk, Shown
from serving.desk.api.refusals import refusal_for
from serving.desk.pages.answers import HOME, go
from serving.desk.pages.case import case_id_of
from serving.desk.pages.forms import answer_of, prediction_of, read_form
from serving.desk.pages.room import Room, Viewer
from serving.desk.pages.trouble import Unsent, not_kept_page
from serving.desk.shown import shown_by
from serving.errors import Refusal

__all__ = ["Deeds"]

T = TypeVar("T")
K = TypeVar("K")

_DISPUTES: Final = "/desk/disputes"
_AGAIN: Final = {"held": "answer", "not-held": "answer", "not-answered": "answer", "answered": "revise"}
"""By what was in the way, the deed by which the same answer may be kept yet."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What a reviewer sent of a case."""

    viewer: Viewer
    case_id: UUID
    now: int
    form: Mapping[str, str]
    answer: Answer
    shown: Shown


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
        said = await self._read(request)
        return await self._keep(said, lambda desk: _answer(desk, said), lambda _: _to(said.case_id))

    async def revise(self, request: Request) -> Response:
        """Keep another answer, if it is another one, and go on."""
        said = await self._read(request)

        def revise(desk: Desk) -> None:
            if _current(desk, said) != said.answer:
                desk.revise(said.case_id, said.viewer.id, said.answer, said.now, said.shown)

        done = await self._keep(said, revise, lambda _: None)
        return done if done is not None else await self._go_on(said.viewer, after=str(said.case_id))

    async def rule(self, request: Request) -> Response:
        """Keep the team lead's answer to a case on which reviewers disagree."""
        if not self._room.viewer_of(request).lead:
            raise Refusal("forbidden", "The team lead decides where reviewers disagree.")
        said = await self._read(request)
        return await self._keep(
            said,
            lambda desk: desk.rule(said.case_id, said.viewer.id, said.answer, said.now, said.shown),
            lambda _: go(_DISPUTES, after=str(said.case_id)),
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
            _refusal(refused)
            return _to(case_id, refused=refused.why)

    async def _keep(self, said: _Said, deed: Callable[[Desk], T], then: Callable[[T], K]) -> K | Response:
        """Do something with what was said; where it cannot be done, hold on to that and say why."""
        try:
            return then(await self._room.write(deed))
        except CaseRefused as refused:
            refusal = _refusal(refused)
            deed_again, address = _AGAIN.get(refused.why), f"/desk/cases/{said.case_id}"
            unsent = Unsent(f"{address}/{deed_again}" if deed_again else "", said.form)
            return await not_kept_page(refusal, unsent, address, said.viewer, said.now)

    async def _read(self, request: Request) -> _Said:
        """Read what the reviewer says, and find out what stood, or is about to stand, before their eyes."""
        viewer, case_id, now = self._room.viewer_of(request), case_id_of(request), self._room.now
        form = await read_form(request)
        answer, prediction_id = answer_of(form, self._engagement_models), prediction_of(form)
        return _Said(viewer, case_id, now, form, answer, await shown_by(self._room, prediction_id))


def _answer(desk: Desk, said: _Said) -> None:
    """Keep a first answer; one that was sent twice is kept once."""

    def answer() -> None:
        desk.answer(said.case_id, said.viewer.id, said.answer, said.now, said.shown)

    try:
        answer()
    except CaseRefused as refused:
        if refused.why == "not-held":
            # The case was too long in hand, and somebody else's meanwhile: where it is free again it is theirs again.
            desk.claim_one(said.case_id, said.viewer.id, said.now)
            answer()
        elif refused.why not in {"answered", "settled"} or (current := _current(desk, said)) is None:
            raise
        elif current != said.answer:
            # Their own answer may have settled it, and be changed.
            raise CaseRefused("answered") from None


def _current(desk: Desk, said: _Said) -> Answer | None:
    """Return what this reviewer's answer to the case is now."""
    current = desk.case(said.case_id, said.viewer.id).current
    return None if current is None else current.answer


def _refusal(refused: CaseRefused) -> Refusal:
    if refused.why == "no-case":
        raise Refusal("not-found", "There is no such case, or its account was erased.") from None
    return refusal_for(refused)


def _to(case_id: UUID, **query: str) -> Response:
    return go(f"/desk/cases/{case_id}", **query)
