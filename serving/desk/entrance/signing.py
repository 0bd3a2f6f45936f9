"""Signing in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.desk.entrance.cookies import write_cookie
from serving.desk.entrance.reception import Reception
from serving.desk.pages.answers import HOME, go
from serving.desk.pages.forms import read_form
from serving.desk.pages.trouble import SIGN_IN, Unsent, again_page, sign_in_page
from serving.doors.scopes import is_page
from serving.errors import Refusal
from serving.outcomes import OUTCOMES

__all__ = ["SIGN_OUT", "sign_routes"]

SIGN_OUT: Final = "/desk/sign-out"

_TOLD: Final = frozenset({"unauthorized", "forbidden", "too-many-attempts"})
_NO_KEY: Final = "This is no key, or it was revoked."
_NOT_KEPT: Final = (
    "Your browser did not keep that you signed in. The desk needs HTTPS, unless it is opened on the machine that it "
    "runs on: ask whoever runs it."
)


def sign_routes(reception: Reception) -> list[Route]:
    """Make the routes."""
    signing = _Signing(reception)
    return [
        Route("/desk", signing.home, methods=["GET"]),
        Route(SIGN_IN, signing.ask, methods=["GET"]),
        Route(SIGN_IN, signing.sign_in, methods=["POST"]),
        Route(SIGN_OUT, signing.sign_out, methods=["POST"]),
    ]


class _Signing:
    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def home(self, _: Request) -> Response:
        return go(HOME)

    async def ask(self, request: Request) -> Response:
        """Ask for a key; whoever has signed in goes on."""
        query = request.query_params
        if await self._reception.recognise(request.scope) is not None:
            return go(_next(query))
        trouble = _NOT_KEPT if "kept" in query else None
        return await sign_in_page(trouble, self._reception.now, following=_next(query), hours=self._hours)

    async def sign_in(self, request: Request) -> Response:
        """Let in whoever shows a key, and show again what they could not send before."""
        form, reception = await read_form(request), self._reception
        following, unsent = _next(form), Unsent.carried_by(form)
        try:
            text = await reception.sign_in(form.get("key", "").strip())
        except Refusal as refusal:
            if refusal.name not in _TOLD:
                raise
            trouble = _NO_KEY if refusal.name == "unauthorized" else refusal.detail
            status = OUTCOMES[refusal.name].status
            answer = await sign_in_page(trouble, reception.now, status, following, unsent, self._hours)
            answer.headers.update(refusal.headers if refusal.name == "too-many-attempts" else {})
            return answer
        if unsent is not None:
            answer = await again_page(unsent, reception.now)
        else:
            # By way of the sign-in page, which sees whether the browser kept the cookie.
            answer = go(SIGN_IN, next=following, kept="yes")
        write_cookie(answer, request.scope, text, reception.sessions.seconds)
        return answer

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        reception = self._reception
        session = await reception.session_of(request.scope)
        if session is not None:
            reception.sessions.end(session, reception.now)
        answer = go(SIGN_IN)
        write_cookie(answer, request.scope, "", 0)
        return answer

    @property
    def _hours(self) -> float:
        return self._reception.sessions.seconds / 3600


def _next(given: Mapping[str, str]) -> str:
    """Return where to go on: one of the desk's own pages."""
    address = given.get("next", "")
    return address if is_page(address.partition("?")[0]) and "\\" not in address and address.isprintable() else HOME
