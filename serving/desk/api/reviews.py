"""`/v1/reviews`: the queue, and what a reviewer does with cases, for programs that show them elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from reviews.desk import STATES, WHYS, Answer, Case, CaseRefused, Desk, Filters, Given, Shown
from reviews.ledger import Ledger
from serving.desk.api.bodies import answer_form, answer_of_body, engagement_names
from serving.desk.api.refusals import refusal_for
from serving.desk.api.telling import listed, revealed, told
from serving.desk.entrance.origins import check_program
from serving.desk.pages.opinions import opinions_of
from serving.desk.pages.room import Room, Viewer
from serving.desk.shown import shown_by
from serving.errors import Refusal
from serving.parameters import Parameter, number, read_query, text, token, truth
from serving.reading.wire import json_response

__all__ = ["QUERY", "ReviewsApi"]

T = TypeVar("T")

_SIMILAR: Final = 5
_UUID: Final = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


def _word(name: str, meaning: str, words: tuple[str, ...], default: str | None = None) -> Parameter:
    known = {word: word for word in words}
    expected = f"one of {', '.join(words)}"
    return Parameter(name, meaning, expected, {"type": "string", "enum": list(words)}, known.__getitem__, default)


QUERY: Final = (
    _word("state", "Open cases, those that wait for the team lead, or closed ones.", STATES, "open"),
    _word("held", "Cases that somebody has claimed, that nobody has, or that this reviewer has.", ("yes", "no", "me")),
    text("account", "The account's id begins so.", 200),
    truth("second", "Cases alone that a second reviewer answers, too.", default=False),
    _word("why", "Why they were opened; for the team lead alone.", WHYS),
    token("after", "The `next` of the page before.", 36, _UUID, "the next of an earlier page"),
    number("limit", "Cases of a page, at most.", 1, 200, 50),
)
_HELD: Final = {"yes": True, "no": False, "me": True}


class ReviewsApi:
    """Does in JSON what the pages do.

    Each raises Refusal where a body or a parameter does not fit, something cannot be done with a case, or the database
    does not answer.

    Parameters
    ----------
    room : Room
    """

    def __init__(self, room: Room) -> None:
        self._room = room
        self._form = answer_form(engagement_names(room.rules))

    async def queue(self, request: Request) -> Response:
        """List cases."""
        viewer, wanted = self._room.viewer_of(request), read_query(request.query_params, QUERY)
        filters, now, limit = _filters(wanted, viewer), self._room.now, wanted["limit"]
        after = None if wanted["after"] is None else UUID(wanted["after"])
        found, names = await self._room.read(
            lambda desk, _: (desk.queue(filters, viewer.id, now, after=after, limit=limit + 1), desk.reviewers())
        )
        page = [listed(line, names, lead=viewer.lead) for line in found[:limit]]
        return json_response({"reviews": page, "next": page[-1]["case_id"] if len(found) > limit else None})

    async def claim_next(self, request: Request) -> Response:
        """Give the reviewer the case that they hold, else the next."""
        check_program(request.scope)
        read_query(request.query_params, ())
        viewer, now = self._room.viewer_of(request), self._room.now
        case: Case | None = await self._room.write(lambda desk: desk.claim(viewer.id, now))
        return json_response({"review": None if case is None else await self._tell(case, viewer, now)})

    async def show(self, request: Request) -> Response:
        """Tell of one case."""
        return await self._after(request, None)

    async def claim(self, request: Request) -> Response:
        """Give the reviewer this case."""
        return await self._after(request, lambda desk, asked: desk.claim_one(asked.case_id, asked.reviewer, asked.at))

    async def release(self, request: Request) -> Response:
        """Give a case back."""
        return await self._after(request, lambda desk, asked: desk.release(asked.case_id, asked.reviewer))

    async def skip(self, request: Request) -> Response:
        """Pass a case by."""
        return await self._after(request, lambda desk, asked: desk.skip(asked.case_id, asked.reviewer, asked.at))

    async def undo(self, request: Request) -> Response:
        """Take back what the reviewer did last with a case."""
        return await self._after(request, lambda desk, asked: desk.undo(asked.case_id, asked.reviewer, asked.at))

    async def answer(self, request: Request) -> Response:
        """Keep a first answer."""
        said, shown = await self._read(request)
        return await self._after(
            request, lambda desk, asked: desk.answer(asked.case_id, asked.reviewer, said, asked.at, shown)
        )

    async def revise(self, request: Request) -> Response:
        """Keep another answer."""
        said, shown = await self._read(request)
        return await self._after(
            request, lambda desk, asked: desk.revise(asked.case_id, asked.reviewer, said, asked.at, shown)
        )

    async def rule(self, request: Request) -> Response:
        """Keep the team lead's answer, which decides."""
        said, shown = await self._read(request)
        return await self._after(
            request, lambda desk, asked: desk.rule(asked.case_id, asked.reviewer, said, asked.at, shown)
        )

    async def reveal(self, request: Request) -> Response:
        """Tell what the machine thinks."""
        room, asked = self._room, self._asked(request)
        read_query(request.query_params, ())

        def find(desk: Desk, ledger: Ledger) -> tuple[Any, ...]:
            record = desk.reveal(asked.case_id, asked.reviewer)
            text = None if room.archive.has_rules(record.rules) else ledger.rules(record.rules)
            return record, text, desk.similar(asked.case_id, asked.reviewer, _SIMILAR)

        record, rules, similar = await self._try(room.read(find))
        opinions = await anyio.to_thread.run_sync(opinions_of, record, rules, room.archive)
        return json_response(revealed(record, opinions, similar))

    async def _after(self, request: Request, deed: Callable[[Desk, _Asked], object] | None) -> Response:
        """Do something and tell of the case as it is then."""
        read_query(request.query_params, ())
        asked, viewer = self._asked(request), self._room.viewer_of(request)
        if deed is not None:
            await self._try(self._room.write(lambda desk: deed(desk, asked)))
        case = await self._try(self._room.read(lambda desk, _: desk.case(asked.case_id, asked.reviewer)))
        return json_response(await self._tell(case, viewer, asked.at))

    async def _tell(self, case: Case, viewer: Viewer, now: int) -> dict[str, Any]:
        disputed = viewer.lead and case.state == "lead"

        def look(desk: Desk) -> tuple[dict[str, str], Sequence[Given] | None]:
            found = desk.lead(viewer.id, now) if disputed else ()
            others = next((each.answers for each in found if each.line.id == case.id), None)
            return desk.reviewers(), others

        names, others = await self._room.read(lambda desk, _: look(desk))
        return told(case, names, now, others)

    async def _read(self, request: Request) -> tuple[Answer, Shown]:
        self._asked(request)
        answer, prediction_id = await answer_of_body(request, self._form)
        return answer, await shown_by(self._room, prediction_id)

    def _asked(self, request: Request) -> _Asked:
        check_program(request.scope)
        try:
            case_id = UUID(request.path_params["case_id"])
        except ValueError:
            raise Refusal("not-found", "A case's id is a UUID, as the list of reviews gives it.") from None
        return _Asked(case_id, self._room.viewer_of(request).id, self._room.now)

    @staticmethod
    async def _try(work: Awaitable[T]) -> T:
        try:
            return await work
        except CaseRefused as refused:
            raise refusal_for(refused) from None


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who asks about which case, and when."""

    case_id: UUID
    reviewer: str
    at: int


def _filters(wanted: Mapping[str, Any], viewer: Viewer) -> Filters:
    if wanted["why"] is not None and not viewer.lead:
        raise Refusal("forbidden", "Why cases were opened tells what the machine thinks: only an admin may ask for it.")
    held = wanted["held"]
    return Filters(
        state=wanted["state"],
        held=None if held is None else _HELD[held],
        holder=viewer.id if held == "me" else None,
        account=wanted["account"] or "",
        why=wanted["why"],
        second=wanted["second"],
    )
