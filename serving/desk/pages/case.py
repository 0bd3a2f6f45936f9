"""The page of a case: blind until this reviewer has answered, revealed afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final
from uuid import UUID

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from reviews.answer import NOTE
from reviews.comparison import Similar
from reviews.desk import Answer, Case, CaseRefused, Desk, read_evidence
from reviews.ledger import Ledger
from reviews.record import Record
from serving.desk.pages.answers import HOME, page
from serving.desk.pages.disputes import HERE as DISPUTES
from serving.desk.pages.disputes import said_by_others
from serving.desk.pages.notices import notice_of, trouble_of
from serving.desk.pages.opinions import opinions_of
from serving.desk.pages.peers import Peers, Sides
from serving.desk.pages.revealed import revealed_of
from serving.desk.pages.room import Room, Viewer
from serving.desk.pages.seen import View, seen_of
from serving.desk.pages.standpoint import Standpoint, standpoint_of
from serving.desk.words.people import name_of
from serving.errors import Refusal

__all__ = ["CasePage", "case_id_of"]

_SIMILAR: Final = 5
_LATELY: Final = 20  # answers or predictions
_YEARS: Final = range(1970, 2200)


def case_id_of(request: Request) -> UUID:
    """Return the case that an address names.

    Raises
    ------
    Refusal
        It names none.
    """
    try:
        return UUID(request.path_params["case_id"])
    except ValueError:
        raise Refusal("not-found", "There is no such case.") from None


@dataclass(frozen=True, slots=True)
class _Found:
    """What the database says."""

    case: Case
    standpoint: Standpoint
    others: Sequence[Mapping[str, Any]] = ()
    record: Record | None = None
    rules_text: str | None = None
    similar: Sequence[Similar] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    withdrawn: Answer | None = None
    notice: dict[str, Any] | None = None


class CasePage:
    """Shows cases.

    Parameters
    ----------
    room : Room
    peers : Peers
    """

    def __init__(self, room: Room, peers: Peers) -> None:
        self._room = room
        self._peers = peers

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal
            There is none, nobody has signed in, or the database does not answer.
        """
        room, now = self._room, self._room.now
        viewer, case_id = room.viewer_of(request), case_id_of(request)
        query = dict(request.query_params)
        found = await room.read(lambda desk, ledger: self._find(desk, ledger, case_id, viewer, query, now))
        sides = await self._peers.sides(now)
        content = await anyio.to_thread.run_sync(self._content, found, _view(query), sides)
        content |= {"notice": found.notice, "trouble": trouble_of(query)}
        return await page("case", content, viewer, DISPUTES if found.standpoint.deed == "rule" else HOME, now)

    def _find(
        self, desk: Desk, ledger: Ledger, case_id: UUID, viewer: Viewer, query: dict[str, str], now: int
    ) -> _Found:
        try:
            case = desk.case(case_id, viewer.id)
        except CaseRefused as refused:
            absent = "There is no such case, or its account was erased."
            raise Refusal("not-found", absent if refused.why == "no-case" else str(refused)) from None
        standpoint = standpoint_of(case, viewer, desk.reviewers(), now)
        others = _others(desk, case_id, viewer, now) if standpoint.deed == "rule" else ()
        withdrawn = _withdrawn(desk, case, viewer) if "undone" in query and standpoint.deed == "answer" else None
        found = _Found(case, standpoint, others, notice=notice_of(desk, viewer.id, query), withdrawn=withdrawn)
        if not standpoint.revealed:
            return found
        record = desk.reveal(case_id, viewer.id)
        text = None if self._room.archive.has_rules(record.rules) else ledger.rules(record.rules)
        similar = desk.similar(case_id, viewer.id, _SIMILAR)
        names = {each.account_id: _name(ledger, each.account_id) for each in similar}
        return replace(found, record=record, rules_text=text, similar=similar, names=names)

    def _content(self, found: _Found, view: View, sides: Sides) -> dict[str, Any]:
        content = seen_of(found.case, view, sides) | self._form(found)
        if found.record is not None:
            opinions = opinions_of(found.record, found.rules_text, self._room.archive)
            content |= revealed_of(found.record, opinions, found.similar) | {"names": found.names}
        return content

    def _form(self, found: _Found) -> dict[str, Any]:
        case, standpoint = found.case, found.standpoint
        return {
            "case": case,
            "address": f"/desk/cases/{case.id}",
            "prediction_id": case.prediction_id,
            "said": _said(found.withdrawn if case.current is None else case.current.answer),
            "can_answer": standpoint.deed is not None,
            "deed": standpoint.deed,
            "closed": standpoint.closed,
            "revealed": standpoint.revealed,
            "undo": standpoint.undo,
            "others": found.others,
            "engagement_models": [each.name for each in self._room.rules.engagement_models],
            "note_length": NOTE,
        }


def _others(desk: Desk, case_id: UUID, lead: Viewer, now: int) -> Sequence[Mapping[str, Any]]:
    """Return what the reviewers said who disagree."""
    names = desk.reviewers()
    return next((said_by_others(each, names) for each in desk.lead(lead.id, now) if each.line.id == case_id), ())


def _withdrawn(desk: Desk, case: Case, viewer: Viewer) -> Answer | None:
    """Return what the reviewer has just taken back of a case; None where they took back something else."""
    lately = [each for each in desk.history(viewer.id, limit=_LATELY) if each.case_id == case.id]
    if not lately or lately[0].stage != "withdrawn":
        return None
    return next((each.answer for each in lately if each.answer is not None), None)


def _name(ledger: Ledger, account_id: str) -> str:
    """Return what people call an account, from the latest prediction that was kept with what was said of it."""
    kept = (record.evidence for record in ledger.history(account_id, None, _LATELY))
    return next((name_of(account_id, read_evidence(each)) for each in kept if each is not None), account_id)


def _said(answer: Answer | None) -> Mapping[str, Any]:
    """Return what the form begins with: what the reviewer said last, or has taken back; else nothing."""
    return _NOTHING if answer is None else asdict(answer)


def _view(query: dict[str, str]) -> View:
    year = query.get("year", "")
    known = year.isascii() and year.isdigit() and int(year[:4]) in _YEARS
    return View(int(year[:4]) if known else None, query.get("events") == "all")


_NOTHING: Final[Mapping[str, Any]] = {
    "relationship": None,
    "sureness": "fairly",
    "hybrid": False,
    "engagement_model": None,
    "strategic_services": None,
    "note": "",
    "checklist": {},
}
