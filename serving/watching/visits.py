"""Every request has a number, a line in the log and a place in the metrics."""

from __future__ import annotations

import logging
import re
import secrets
import time
from itertools import count
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.clock import stamp
from serving.doors.scopes import is_page
from serving.watching.metrics import Metrics

__all__ = ["GONE", "Visits"]

GONE: Final = 499
"""Status in log and metrics of a request whose caller went away before it was answered, as proxies have it."""

_REQUEST_ID: Final = b"x-request-id"
_SAFE: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_SNIFF: Final = (b"x-content-type-options", b"nosniff")
_REFERRER: Final = (b"referrer-policy", b"no-referrer")
_UNSTORED: Final = (b"cache-control", b"no-store")
_CACHED: Final = "/static-offline-docs/{path:path}"

_log = logging.getLogger("serving.requests")


class Visits:
    """Numbers, times, counts and logs each request, and gives its answer the headers that all have.

    What is logged of a request names no account: its route by its template, no query, no body.

    Parameters
    ----------
    app : ASGI application
    metrics : Metrics
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        # Unlike any other process's, before and after: numbers themselves need not be hard to guess.
        self._series = secrets.token_hex(6)
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        identity, page = self._identify(scope), is_page(scope["path"])
        status = GONE

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), _SNIFF, (_REQUEST_ID, identity)]
                if not page:  # those say for themselves what a browser may do with them
                    headers.append(_REFERRER)
                    if scope["template"] != _CACHED:
                        headers.append(_UNSTORED)
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _identify(self, scope: Scope) -> bytes:
        """Take the caller's number where it is harmless, else give one."""
        scope["template"] = ""
        for name, value in scope["headers"]:
            if name == _REQUEST_ID and _SAFE.fullmatch(value):
                identity: bytes = value
                break
        else:
            identity = b"%s-%d" % (self._series.encode(), next(self._numbers))
        scope["request_id"] = identity.decode("ascii")
        return identity

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        template, method, key = scope["template"], scope["method"], scope.get("key")
        self._metrics.count_request(template, method, status, seconds)
        if _log.isEnabledFor(logging.INFO):
            facts = {
                "request_id": scope["request_id"],
                "method": method,
                "path": template,
                "status": status,
                "milliseconds": round(seconds * 1000, 3),
                "key": None if key is None else key.id,
            }
            _log.handle(_record(stamp(), facts))


def _record(moment: float, facts: dict[str, Any]) -> logging.LogRecord:
    """Make a line's record without looking for caller, thread and process, which costs more than all the rest."""
    record = logging.LogRecord.__new__(logging.LogRecord)
    record.__dict__.update(_BLANK, created=moment, facts=facts)
    return record


_BLANK: Final = vars(logging.LogRecord(_log.name, logging.INFO, "", 0, "request", (), None))
