"""Whatever is refused behind the desk's addresses is told on a page, and every page has the headers that guard it."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.desk.entrance.origins import header
from serving.desk.entrance.reception import Reception
from serving.desk.pages.answers import HOME, go
from serving.desk.pages.forms import LONGEST
from serving.desk.pages.trouble import SIGN_IN, Unsent, answer_trouble, sign_in_page
from serving.doors.scopes import is_page
from serving.errors import PROBLEM_JSON, Flaw, Refusal

__all__ = ["Troubles"]

_GUARDING: Final = {
    # Scripts and styles are files of the desk's own; nothing else is loaded, run, framed or sent anywhere.
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # Not "no-referrer", under which browsers hide from the desk, too, where its forms come from.
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}
"""Headers of every answer, unless it brings its own."""

_AGAIN: Final = frozenset({"database-unavailable", "overloaded", "internal-error", "too-slow"})
"""Where sending the same once more may help."""

_TOLD: Final = frozenset({"invalid-request"})
"""Where it does not, but what was written may be used."""

_PROBLEM: Final = PROBLEM_JSON.encode()
_LASTING: Final = frozenset({b"allow", b"retry-after"})
_UNTOLD: Final = b'{"type": "#http-error", "detail": ""}'
_OVER: Final = "You were signed out meanwhile. Sign in, and what you sent can be sent again."


class Troubles:
    """Turns refusals into pages.

    Parameters
    ----------
    app : ASGI application
    reception : Reception
    """

    def __init__(self, app: ASGIApp, reception: Reception) -> None:
        self._app = app
        self._reception = reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] != "http" or not is_page(scope["path"]):
            await self._app(scope, receive, send)
            return
        sent, refused = _Sent(receive), _Refused()

        async def answer(message: Message) -> None:
            if not refused.takes(message):
                await send(_guarded(message, scope["method"]))

        await self._app(scope, sent.receive, answer)
        if refused.headers is not None:
            page = await self._page(scope, refused.refusal, sent)
            await page(scope, receive, lambda message: send(_guarded(message, scope["method"])))

    async def _page(self, scope: Scope, refusal: Refusal, sent: _Sent) -> Response:
        now = self._reception.now
        if refusal.name != "unauthorized":
            again = await sent.form(scope) if refusal.name in _AGAIN | _TOLD else None
            if again is not None and refusal.name in _TOLD:
                again = Unsent("", again.fields)
            return await answer_trouble(refusal, scope, await self._reception.recognise(scope), now, again)
        if scope["method"] in {"GET", "HEAD"}:
            return _ask_again(scope) if header(scope, b"sec-fetch-site") == "cross-site" else _sign_in(scope)
        unsent, hours = await sent.form(scope), self._reception.sessions.seconds / 3600
        return await sign_in_page(None if unsent is None else _OVER, now, 401, HOME, unsent, hours)


class _Refused:
    """Holds back a refusal, which is to become a page.

    Attributes
    ----------
    headers : dict or None
        Those of its headers that a page has, too; None where nothing was refused.
    """

    def __init__(self) -> None:
        self.headers: dict[str, str] | None = None
        self._status: int | None = None
        self._body = bytearray()

    def takes(self, message: Message) -> bool:
        if message["type"] == "http.response.start" and (b"content-type", _PROBLEM) in message["headers"]:
            self._status = message["status"]
            self.headers = {name.decode(): text.decode() for name, text in message["headers"] if name in _LASTING}
        elif self.headers is not None:
            self._body.extend(message.get("body", b""))
        return self.headers is not None

    @property
    def refusal(self) -> Refusal:
        """What was refused; of an answer to HEAD only that something was."""
        told: dict[str, Any] = json.loads(self._body or _UNTOLD)
        flaws = [Flaw(**flaw) for flaw in told.get("errors", ())]
        name = told["type"].partition("#")[2]
        return Refusal(name, told["detail"], flaws, self._status, self.headers or {})


class _Sent:
    """Remembers the body of a request while it is read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._body = bytearray()
        self._whole = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._body.extend(message.get("body", b"")[: LONGEST + 1 - len(self._body)])
            self._whole = not message.get("more_body", False)
        else:
            self._whole = True
        return message

    async def form(self, scope: Scope) -> Unsent | None:
        """Return the form that the body is; None where there is nothing in it to be written again."""
        # A key never goes back into a page.
        if scope["method"] != "POST" or scope["path"] == SIGN_IN:
            return None
        while not self._whole and len(self._body) <= LONGEST:
            await self.receive()
        try:
            fields = dict(parse_qsl(self._body.decode("ascii"), errors="strict", max_num_fields=64))
        except ValueError:
            return None
        return Unsent(scope["path"], fields) if fields and len(self._body) <= LONGEST else None


def _guarded(message: Message, method: str) -> Message:
    """Add to an answer the headers that guard it, and take from one to HEAD its body."""
    if message["type"] == "http.response.start":
        present = {name for name, _ in message["headers"]}
        more = [each for each in _GUARDING.items() if each[0] not in present]
        return {**message, "headers": [*message["headers"], *more]}
    return {**message, "body": b""} if method == "HEAD" else message


def _address(scope: Scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return quote(scope["path"]) + (f"?{query}" if query else "")


def _sign_in(scope: Scope) -> Response:
    address = _address(scope)
    return go(SIGN_IN) if address == HOME else go(SIGN_IN, next=address)


def _ask_again(scope: Scope) -> Response:
    """Have the desk's own page ask for the same: to a link on another site browsers add no cookie of ours."""
    return Response(status_code=200, headers={"Refresh": f"0; url={_address(scope)}"}, media_type="text/html")
