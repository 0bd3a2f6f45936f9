"""How much at once, and how slowly: what is beyond it is told so at once, in place of making all others wait."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
    """Takes so many requests in hand and no more, and waits so long for a body and no longer.

    Parameters
    ----------
    app : ASGI application
    load : Load
        Where it is counted.
    most : int
        Requests in hand.
    seconds : float
        In which a body has to arrive.
    """

    def __init__(self, app: ASGIApp, load: Load, most: int, seconds: float) -> None:
        self._app = app
        self._load = load
        self._most = most
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, as ASGI has it."""
        if scope["type"] != "http" or scope["path"] in _ALWAYS:
            await self._app(scope, receive, send)
        elif self._load.in_hand >= self._most:
            refusal = Refusal("overloaded", f"{self._most:,} requests are in hand, which is all that fit.")
            await answer_problem(refusal, scope)(scope, receive, send)
        else:
            self._load.in_hand += 1
            try:
                await self._app(scope, _Body(receive, self._seconds).receive, send)
            finally:
                self._load.in_hand -= 1


class _Body:
    """Receives a body, and gives up where it does not arrive in time."""

    __slots__ = ("_deadline", "_late", "_receive", "_seconds", "_task", "_whole")

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._deadline = 0.0
        self._whole = False
        self._late = False

    async def receive(self) -> Message:
        if self._whole:
            return await self._receive()
        loop = asyncio.get_running_loop()
        if not self._deadline:
            self._deadline = loop.time() + self._seconds
            self._task = asyncio.current_task()
        # What asyncio.timeout does, at a tenth of its cost: nearly every body is there already.
        alarm = loop.call_at(self._deadline, self._give_up)
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            if not self._late or (self._task is not None and self._task.uncancel() > 0):
                raise
            detail = f"A body has to arrive within {self._seconds:g} seconds."
            # Of what still arrives, nothing could be told apart from the next request.
            raise Refusal("too-slow", detail, headers={"Connection": "close"}) from None
        finally:
            alarm.cancel()
        self._whole = not message.get("more_body", False)
        return message

    def _give_up(self) -> None:
        self._late = True
        if self._task is not None:
            self._task.cancel()
