"""Requests that wait at one moment are heard together.

A pass of numpy costs about as much for twenty accounts as for one. Whoever asks waits for the end of the event loop's
present round, not for a time: a request that is alone is answered at once, and the more there are at once, the less
each of them costs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from serving.answering.bench import Begun, Case, Outcome

__all__ = ["MOST_BYTES", "MOST_CASES", "Sitting"]

MOST_CASES: Final = 64
MOST_BYTES: Final = 131_072
"""What is heard in one go, at most, unless one case alone is more: then the event loop turns to others again."""


class Sitting:
    """Hears together all that wait.

    Parameters
    ----------
    hear : callable
        From cases to what comes of each. It looks once who is in office, so each answer is one model's.
    """

    def __init__(self, hear: Callable[[Sequence[Case]], Sequence[Outcome]]) -> None:
        self._hear = hear
        self._waiting: deque[tuple[Case, asyncio.Future[Begun]]] = deque()

    async def ask(self, case: Case) -> Begun:
        """Have one case heard.

        Raises
        ------
        Refusal, BadInput
            It does not fit.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Begun] = loop.create_future()
        self._waiting.append((case, answer))
        if len(self._waiting) == 1:
            loop.call_soon(self._sit)
        return await answer

    def _sit(self) -> None:
        called = self._call()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._sit)
        for (_, answer), outcome in zip(called, self._outcomes([case for case, _ in called]), strict=True):
            if answer.done():
                # Whoever asked has gone away.
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

    def _call(self) -> list[tuple[Case, asyncio.Future[Begun]]]:
        """Take from those that wait as many as fit, the first first."""
        called = [self._waiting.popleft()]
        size = len(called[0][0].body)
        while self._waiting and len(called) < MOST_CASES:
            size += len(self._waiting[0][0].body)
            if size > MOST_BYTES:
                break
            called.append(self._waiting.popleft())
        return called

    def _outcomes(self, cases: list[Case]) -> Sequence[Begun | Exception]:
        try:
            return self._hear(cases)
        except Exception as error:  # noqa: BLE001 - it goes to whoever asked
            # What nobody foresaw about one account must not fail the others.
            return [error] if len(cases) == 1 else [self._outcomes([case])[0] for case in cases]
