"""`POST /v1/predictions/batch`: many accounts in one request, each answered or refused by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from features.request import check_time
from serving.answering.answers import ENDS
from serving.answering.aside import Aside
from serving.answering.bench import Begun, Bench, Case, Outcome
from serving.answering.body import parse_body, read_body
from serving.answering.elements import NO_END, elements
from serving.answering.keeping import Answered, Keeping, key_id_of
from serving.answering.schemas import AS_OF, batch_form
from serving.answering.sitting import MOST_CASES
from serving.answering.wanted import Wanted, wanted_of
from serving.errors import Flaw, Refusal, problem_document, refusal_of, refuse_body
from serving.settings import Settings

__all__ = ["Batches"]

PIECE: Final = 262_144
"""Bytes of accounts that are judged in one go: many enough for numpy, few enough for the processor's cache."""

_ACCOUNTS: Final = re.compile(rb'"accounts"\s*:\s*(?=\[)')


class Batches:
    """Answers requests for many accounts.

    Parameters
    ----------
    settings : Settings
    bench : Bench
    aside : Aside
    keeping : Keeping
    """

    def __init__(self, settings: Settings, bench: Bench, aside: Aside, keeping: Keeping) -> None:
        self._settings = settings
        self._whole = batch_form(settings.max_batch, settings.max_events)
        self._bench = bench
        self._aside = aside
        self._keeping = keeping

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal, BadInput
            The body is no list of accounts, there are too many, or what is answered cannot be kept.
        """
        wanted, key_id = wanted_of(request.scope["query_string"]), key_id_of(request)
        body = await read_body(request, self._settings.max_batch_bytes)
        answer = partial(self._aside.do, self._answer, body, wanted, key_id)
        return await self._keeping.respond(request, body, wanted, answer)

    def _answer(self, body: bytes, wanted: Wanted, key_id: str | None) -> Answered:
        accounts, as_of = self._open(body)
        # One look at who is in office for all of it.
        session = self._bench.session()
        outcomes: list[Outcome] = []
        for piece in _pieces(accounts):
            heard = session.hear([Case(account, wanted, key_id, as_of) for account in piece])
            if any(isinstance(each, Refusal) and each.name == "invalid-json" for each in heard):
                # If one of them is no JSON, the body is none.
                raise self._refusal(body)
            outcomes += heard
        records = tuple(each.record for each in outcomes if isinstance(each, Begun) and each.record is not None)
        return Answered(records, session.decided_at, partial(_write, outcomes))

    def _open(self, body: bytes) -> tuple[list[bytes], int | None]:
        """Return the accounts, not read yet, and the moment of those that name none."""
        most, found = self._settings.max_batch, _ACCOUNTS.search(body)
        accounts, end = ([], NO_END) if found is None else elements(body, found.end(), most)
        if len(accounts) > most:
            raise Refusal("too-many-accounts", f"A batch may have {most:,} accounts at most.")
        if found is None or end == NO_END:
            raise self._refusal(body)
        try:
            content = parse_body(body[: found.end()] + b"[]" + body[end:], self._whole)
        except Refusal as refusal:
            # Where reading stopped is another place without the accounts.
            raise self._refusal(body) if refusal.name == "invalid-json" else refusal from None
        said = content.get("as_of")
        return accounts, None if said is None else check_time(said, AS_OF)

    def _refusal(self, body: bytes) -> Refusal:
        """Say why a body is no list of accounts."""
        try:
            from_json(body)
        except ValueError as error:
            return Refusal("invalid-json", f"Invalid JSON: {error}.")
        return refuse_body([Flaw(pointer="/accounts", detail=f"expected {self._whole.expected['accounts']}")])


def _pieces(accounts: list[bytes]) -> Iterator[list[bytes]]:
    """Cut a batch into pieces of about `PIECE` bytes."""
    piece: list[bytes] = []
    size = 0
    for each in accounts:
        if piece and (size + len(each) > PIECE or len(piece) == MOST_CASES):
            yield piece
            piece, size = [], 0
        piece.append(each)
        size += len(each)
    yield piece


def _write(outcomes: Sequence[Outcome], kept: bool) -> bytes:
    end = ENDS[kept]
    return (
        b'{"results":['
        + b",".join(
            each.text + end if isinstance(each, Begun) else to_json({"error": problem_document(refusal_of(each))})
            for each in outcomes
        )
        + b"]}"
    )
