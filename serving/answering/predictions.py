"""`POST /v1/predictions`: from the bytes of a request to the bytes of its answer, without an object a row."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

import anyio.to_thread
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from models.rules import RuleBook
from serving.answering.body import parse_body, read_body
from serving.answering.judgement import Wanted, judge
from serving.answering.schemas import request_form
from serving.clock import Clock
from serving.incumbent import Incumbent
from serving.settings import Settings

__all__ = ["Predictions"]

LARGE: Final = 65_536
"""Bytes of a body from which on it is answered in a thread, so that it does not hold up the others."""

_DEFAULT = Wanted()


class Predictions:
    """Answers requests for one account.

    Parameters
    ----------
    settings : Settings
    rules : RuleBook
    incumbent : Incumbent
    clock : callable
        Returns the present moment.
    """

    def __init__(self, settings: Settings, rules: RuleBook, incumbent: Incumbent, clock: Clock) -> None:
        self._form = request_form(settings.max_events)
        self._most = settings.max_body_bytes
        self._rules = rules
        self._incumbent = incumbent
        self._clock = clock

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal, BadInput
            What the request says does not fit.
        """
        wanted = Wanted.read(request.query_params) if request.scope["query_string"] else _DEFAULT
        body = await read_body(request, self._most)
        if len(body) < LARGE:
            answer = self.answer(body, wanted)
        else:
            answer = await anyio.to_thread.run_sync(self.answer, body, wanted)
        return Response(answer, media_type="application/json")

    def answer(self, body: bytes, wanted: Wanted = _DEFAULT) -> bytes:
        """Return the answer to a body.

        Raises
        ------
        Refusal, BadInput
            What the request says does not fit.
        """
        content = parse_body(body, self._form)
        # One look at who is in office, so that an answer is one model's even while it is replaced.
        model = self._incumbent.office.choice.model
        answer = judge(content, self._rules, model, self._clock(), str(uuid4()), wanted)
        # A sum of enormous amounts can be infinite, which JSON cannot say.
        return to_json(answer, inf_nan_mode="null")
