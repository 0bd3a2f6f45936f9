"""How much at once: what is beyond it is told so at once, in place of making all others wait."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.errors import Refusal, answer_problem

__all__ = ["Capacity", "Load"]

_ALWAYS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Whoever watches over the service has to see it most when it has too much in hand."""


class Load:
    """How much one process has in hand.

    Attributes
    ----------
    in_hand : int
        Requests that are being answered.
    """

    def __init__(self) -> None:
        self.in_hand = 0


class Capacity:
    """Takes so many requests in hand and no more.

    Parameters
    ----------
    app : ASGI application
    load : Load
        Where it is counted.
    most : int
        Requests in hand.
    """

    def __init__(self, app: ASGIApp, load: Load, most: int) -> None:
        self._app = app
        self._load = load
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        load = self._load
        if scope["type"] != "http" or scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
        elif load.in_hand >= self._most:
            refusal = Refusal("overloaded", f"{self._most:,} requests are in hand, which is all that fit.")
            await answer_problem(refusal, scope)(scope, receive, send)
        else:
            load.in_hand += 1
            try:
                await self._app(scope, receive, send)
            finally:
                load.in_hand -= 1
