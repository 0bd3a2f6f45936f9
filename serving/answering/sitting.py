"""Requests that wait at one moment are judged together.

A pass of numpy costs about as much for twenty accounts as for one. Whoever asks waits for the end of the event loop's
present round, not for a time: a request that is alone is judged at once, and the more there are at once, the less each
of them costs.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from features.events import BadInput
from serving.answering.judgement import Judged
from serving.answering.question import Question

__all__ = ["MOST_ACCOUNTS", "MOST_EVENTS", "Sitting"]

MOST_ACCOUNTS: Final = 64
MOST_EVENTS: Final = 4_000
"""What is judged in one pass, at most, unless one account alone has more: then the loop turns to others again."""

Judge = Callable[[Sequence[Question]], Sequence[Judged | BadInput]]


class Sitting:
    """Judges together all that wait.

    Parameters
    ----------
    judge : callable
        From questions to what each is answered. It looks once who is in office, so each answer is one model's.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._waiting: deque[tuple[Question, asyncio.Future[Judged]]] = deque()

    async def ask(self, question: Question) -> Judged:
        """Have one account judged.

        Raises
        ------
        BadInput
            What is said of it does not fit.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Judged] = loop.create_future()
        self._waiting.append((question, answer))
        if len(self._waiting) == 1:
            loop.call_soon(self._sit)
        return await answer

    def _sit(self) -> None:
        called = self._call()
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._sit)
        for (_, answer), outcome in zip(called, self._outcomes([each for each, _ in called]), strict=True):
            if answer.done():
                # Whoever asked has gone away.
                continue
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

    def _call(self) -> list[tuple[Question, asyncio.Future[Judged]]]:
        """Take from those that wait as many as fit into one pass, the first first."""
        called = [self._waiting.popleft()]
        events = len(called[0][0].events)
        while self._waiting and len(called) < MOST_ACCOUNTS:
            events += len(self._waiting[0][0].events)
            if events > MOST_EVENTS:
                break
            called.append(self._waiting.popleft())
        return called

    def _outcomes(self, questions: list[Question]) -> Sequence[Judged | Exception]:
        try:
            return self._judge(questions)
        except Exception as error:  # noqa: BLE001 - it goes to whoever asked
            # What nobody foresaw about one account must not fail the others.
            return [error] if len(questions) == 1 else [self._outcomes([each])[0] for each in questions]
