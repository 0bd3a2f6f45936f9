"""The queue: which cases wait, and where a reviewer begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from reviews.desk import STATES, WHYS, CaseLine, Desk, Filters, State, Why
from serving.desk.pages.answers import HOME, page
from serving.desk.pages.notices import notice_of, trouble_of
from serving.desk.pages.room import Room, Viewer
from serving.desk.words.heads import name_in
from serving.desk.words.times import DAY
from serving.desk.words.vocabulary import WHYS_IN_SHORT

__all__ = ["QueuePage", "filters_of"]

_PAGE: Final = 50

_STATES: Final[Mapping[State, str]] = {"open": "Waiting", "lead": "With the team lead", "closed": "Settled"}
_HOLDERS: Final = {"": "Anybody", "me": "Me", "nobody": "Nobody", "somebody": "Somebody"}
_AGES: Final = {"": "Any", "1": "A day or more", "7": "A week or more", "30": "A month or more"}


class QueuePage:
    """Shows the queue.

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
        viewer, query = room.viewer_of(request), dict(request.query_params)
        filters, after = filters_of(query, viewer, now), _after(query)

        def look(desk: Desk) -> tuple[Sequence[CaseLine], dict[str, str], dict[str, Any] | None]:
            # One more than is shown, to learn whether there is more.
            found = desk.queue(filters, viewer.id, now, after=after, limit=_PAGE + 1)
            return found, desk.reviewers(), notice_of(desk, viewer.id, query)

        found, names, notice = await room.read(lambda desk, _: look(desk))
        lines = found[:_PAGE]
        content = {
            "lines": [_line(line, viewer, names) for line in lines],
            "next": _address(query, after=str(lines[-1].id)) if len(found) > _PAGE else "",
            "first": _address(query, after="") if after else "",
            "chosen": {name: query.get(name, "") for name in ("state", "account", "held", "age", "second", "why")},
            "filtered": any(query.get(name) for name in ("state", "account", "held", "age", "second", "why")),
            "choices": {"state": _STATES, "held": _HOLDERS, "age": _AGES, "why": {"": "Any", **WHYS_IN_SHORT}},
            "state": filters.state,
            "notice": notice,
            "trouble": trouble_of(query),
        }
        return await page("queue", content, viewer, HOME, now)


def filters_of(query: Mapping[str, str], viewer: Viewer, now: int) -> Filters:
    """Return which cases an address asks for; what it says wrongly it does not say.

    Parameters
    ----------
    query : mapping
    viewer : Viewer
        Why a case was opened, the team lead alone may ask, since it tells what the machine thinks.
    now : int
        Microseconds since 1970 UTC.

    Examples
    --------
    >>> asked = filters_of({"state": "lead", "age": "7", "why": "audit"}, Viewer("a", "Ann", False), 8 * DAY)
    >>> asked.state, asked.opened_before == DAY, asked.why
    ('lead', True, None)
    """
    held, age, state, why = (query.get(name, "") for name in ("held", "age", "state", "why"))
    known_why: dict[str, Why] = {each: each for each in WHYS} if viewer.lead else {}
    known_state: dict[str, State] = {each: each for each in STATES}
    return Filters(
        state=known_state.get(state, "open"),
        held={"nobody": False, "somebody": True, "me": True}.get(held),
        holder=viewer.id if held == "me" else None,
        account=query.get("account", "").strip().replace("\x00", ""),
        opened_before=now - int(age) * DAY if age and age in _AGES else None,
        why=known_why.get(why),
        second=query.get("second") == "yes",
    )


def _after(query: Mapping[str, str]) -> UUID | None:
    try:
        return UUID(query.get("after_case", ""))
    except ValueError:
        return None


def _address(query: Mapping[str, str], after: str) -> str:
    kept = {name: text for name, text in query.items() if text and name in _KEPT} | (
        {"after_case": after} if after else {}
    )
    return f"{HOME}?{urlencode(kept)}"


_KEPT: Final = frozenset({"state", "account", "held", "age", "second", "why"})


def _line(line: CaseLine, viewer: Viewer, names: Mapping[str, str]) -> dict[str, Any]:
    return {
        "address": f"/desk/cases/{line.id}",
        "account_id": line.account_id,
        "name": name_in(line.account_id, line.packed),
        "opened_at": line.opened_at,
        "holder": "you"
        if line.holder == viewer.id
        else names.get(line.holder or "", "somebody")
        if line.holder
        else "",
        "held_until": line.held_until,
        "answered": line.answered,
        "readers": line.readers,
        "why": WHYS_IN_SHORT.get(line.why or "", ""),
    }
