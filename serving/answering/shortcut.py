"""The busiest addresses, answered without the routing of all the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from features.events import BadInput
from serving.errors import Refusal, answer_problem, refusal_of

__all__ = ["Shortcut"]


class Shortcut:
    """Answers POST at some addresses by itself, and leaves everything else to the app.

    FastAPI's way to a route passes nine calls, each with a frame and some with a task group of their own: a fifth of
    what an answer costs.

    Parameters
    ----------
    app : ASGI application
    routes : mapping of str to callable
        By path, from a request to its answer. The app has the same routes, for other methods and the description.
    """

    def __init__(self, app: ASGIApp, routes: Mapping[str, Callable[[Request], Awaitable[Response]]]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        respond = self._routes.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if respond is None:
            await self._app(scope, receive, send)
            return
        try:
            response = await respond(Request(scope, receive, send))
        except (Refusal, BadInput) as error:
            response = answer_problem(refusal_of(error), scope)
        await response(scope, receive, send)
