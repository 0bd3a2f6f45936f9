"""`POST /v1/predictions`: from the bytes of a request to the bytes of its answer, without an object a row."""

from __future__ import annotations

from functools import partial

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from serving.answering.answers import ENDS
from serving.answering.bench import Bench
from serving.answering.body import read_body
from serving.answering.judgement import Judged
from serving.answering.keeping import LARGE, Answered, key_id_of
from serving.answering.question import Question, read_question
from serving.answering.schemas import request_form
from serving.answering.sitting import Sitting
from serving.answering.wanted import Wanted, wanted_of
from serving.settings import Settings

__all__ = ["Predictions"]


class Predictions:
    """Answers requests for one account.

    Parameters
    ----------
    settings : Settings
    bench : Bench
    """

    def __init__(self, settings: Settings, bench: Bench) -> None:
        self._form = request_form(settings.max_events)
        self._most = settings.max_body_bytes
        self._bench = bench
        self._sitting = Sitting(bench.judge)

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal, BadInput
            What the request says does not fit, or it cannot be kept.
        """
        wanted, key_id = wanted_of(request), key_id_of(request)
        body = await read_body(request, self._most)
        answer = self._answer if len(body) < LARGE else self._answer_large
        return await self._bench.keeping.respond(request, body, partial(answer, body, wanted, key_id))

    async def _answer(self, body: bytes, wanted: Wanted, key_id: str | None) -> Answered:
        question = read_question(body, self._form, wanted.reasons)
        return self._answered(question, await self._sitting.ask(question), wanted, key_id)

    async def _answer_large(self, body: bytes, wanted: Wanted, key_id: str | None) -> Answered:
        return await anyio.to_thread.run_sync(self._answer_alone, body, wanted, key_id)

    def _answer_alone(self, body: bytes, wanted: Wanted, key_id: str | None) -> Answered:
        question = read_question(body, self._form, wanted.reasons)
        (outcome,) = self._bench.judge([question])
        if isinstance(outcome, Exception):
            raise outcome
        return self._answered(question, outcome, wanted, key_id)

    def _answered(self, question: Question, judged: Judged, wanted: Wanted, key_id: str | None) -> Answered:
        begun, record = self._bench.answer(question, judged, wanted, key_id)
        records = () if record is None else (record,)
        return Answered(records, judged.decided_at, lambda kept: begun + ENDS[kept])
