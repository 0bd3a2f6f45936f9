"""The answer to what nobody foresaw."""

from __future__ import annotations

import logging

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.errors import answer_problem, refusal_of
from serving.watching.lines import place_of

__all__ = ["LastResort"]

_log = logging.getLogger(__name__)


class LastResort:
    """Answers what nobody foresaw in the one shape, and logs where it happened.

    The message of such an error is not logged: it may quote an account's data.

    Parameters
    ----------
    app : ASGI application
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            # No failure of the service, and nobody is left to answer.
            _log.info("A client went away before all of its body had arrived.")
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            _log.error("%s at %s", type(error).__name__, place_of(error))
            await answer_problem(refusal_of(error), scope)(scope, receive, send)
