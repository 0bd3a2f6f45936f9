"""`POST /v1/predictions`: from the bytes of a request to the bytes of its answer, without an object a row."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from serving.answering.answers import ENDS
from serving.answering.aside import LARGE, Aside
from serving.answering.bench import Begun, Bench, Case
from serving.answering.body import read_body
from serving.answering.keeping import Answered, Keeping, key_id_of
from serving.answering.sitting import Sitting
from serving.answering.wanted import wanted_of

__all__ = ["Predictions"]


class Predictions:
    """Answers requests for one account.

    Parameters
    ----------
    bench : Bench
    aside : Aside
    keeping : Keeping
    """

    def __init__(self, bench: Bench, aside: Aside, keeping: Keeping) -> None:
        self._bench = bench
        self._aside = aside
        self._keeping = keeping
        self._sitting = Sitting(bench.hear)

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal, BadInput
            What the request says does not fit, or it cannot be kept.
        """
        wanted, key_id = wanted_of(request.scope["query_string"]), key_id_of(request)
        body = await read_body(request, self._bench.most)
        return await self._keeping.respond(request, body, wanted, partial(self._answer, Case(body, wanted, key_id)))

    async def _answer(self, case: Case) -> Answered:
        hear = self._sitting.ask if len(case.body) < LARGE else self._hear_alone
        begun = await hear(case)
        records = () if begun.record is None else (begun.record,)
        return Answered(records, begun.decided_at, lambda kept: begun.text + ENDS[kept])

    async def _hear_alone(self, case: Case) -> Begun:
        (outcome,) = await self._aside.do(self._bench.hear, [case])
        if isinstance(outcome, Exception):
            raise outcome
        return outcome
