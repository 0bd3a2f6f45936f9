"""`POST /v1/predictions/batch`: many accounts in one request, each answered or refused by itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import anyio.to_thread
from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import Response

from features.events import BadInput
from features.request import check_time
from reviews.record import Record
from serving.answering.answers import ENDS
from serving.answering.bench import Bench, Session
from serving.answering.body import check_size, parse_body, read_body
from serving.answering.elements import NO_END, elements
from serving.answering.keeping import Answered, key_id_of
from serving.answering.question import Question, read_question
from serving.answering.schemas import AS_OF, batch_form, request_form
from serving.answering.sitting import MOST_ACCOUNTS
from serving.answering.wanted import Wanted, wanted_of
from serving.errors import Flaw, Refusal, problem_document, refusal_of, refuse_body
from serving.settings import Settings

__all__ = ["Batches"]

PIECE: Final = 65_536
"""Bytes of accounts that are judged in one go; between two pieces the event loop turns to other requests."""

_ACCOUNTS: Final = re.compile(rb'"accounts"\s*:\s*(?=\[)')

Ends = tuple[bytes, bytes]


class Batches:
    """Answers requests for many accounts.

    Parameters
    ----------
    settings : Settings
    bench : Bench
    """

    def __init__(self, settings: Settings, bench: Bench) -> None:
        self._settings = settings
        self._form = request_form(settings.max_events)
        self._whole = batch_form(settings.max_batch, settings.max_events)
        self._bench = bench

    async def respond(self, request: Request) -> Response:
        """Answer over HTTP.

        Raises
        ------
        Refusal, BadInput
            The body is no list of accounts, there are too many, or what is answered cannot be kept.
        """
        wanted, key_id = wanted_of(request), key_id_of(request)
        body = await read_body(request, self._settings.max_batch_bytes)
        return await self._bench.keeping.respond(request, body, partial(self._answer, body, wanted, key_id))

    async def _answer(self, body: bytes, wanted: Wanted, key_id: str | None) -> Answered:
        accounts, as_of = await anyio.to_thread.run_sync(self._open, body)
        # One look at who is in office for all of it.
        session = self._bench.session()
        texts: list[tuple[bytes, Ends]] = []
        records: list[Record] = []
        for piece in _pieces(accounts):
            try:
                questions = [self._read(each, wanted, as_of) for each in piece]
            except _NoJson:
                raise await anyio.to_thread.run_sync(self._refusal, body) from None
            for text, ends, record in self._results(questions, session, wanted, key_id):
                texts.append((text, ends))
                records += [] if record is None else [record]
            await asyncio.sleep(0)
        return Answered(tuple(records), session.decided_at, partial(_write, texts))

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

    def _read(self, body: bytes, wanted: Wanted, as_of: int | None) -> Question | Refusal | BadInput:
        try:
            check_size(len(body), self._settings.max_body_bytes, "An account of a batch")
            return read_question(body, self._form, wanted.reasons, as_of)
        except BadInput as error:
            return error
        except Refusal as refusal:
            if refusal.name == "invalid-json":
                raise _NoJson from None
            return refusal

    def _results(
        self, read: Sequence[Question | Refusal | BadInput], session: Session, wanted: Wanted, key_id: str | None
    ) -> Iterator[tuple[bytes, Ends, Record | None]]:
        """Give each account's answer, and how it ends where it was not kept and where it was."""
        judged = iter(session.judge([each for each in read if isinstance(each, Question)]))
        for each in read:
            outcome = next(judged) if isinstance(each, Question) else each
            if isinstance(outcome, Exception):
                yield to_json({"error": problem_document(refusal_of(outcome))}), (b"", b""), None
            else:
                assert isinstance(each, Question)  # noqa: S101 - for the type checker: only those are judged
                text, record = self._bench.answer(each, outcome, wanted, key_id)
                yield text, ENDS, record


class _NoJson(Exception):
    """An account is no JSON, so the whole body is none."""


def _pieces(accounts: list[bytes]) -> Iterator[list[bytes]]:
    """Cut a batch into pieces of about `PIECE` bytes."""
    piece: list[bytes] = []
    size = 0
    for each in accounts:
        if piece and (size + len(each) > PIECE or len(piece) == MOST_ACCOUNTS):
            yield piece
            piece, size = [], 0
        piece.append(each)
        size += len(each)
    yield piece


def _write(texts: list[tuple[bytes, Ends]], kept: bool) -> bytes:
    return b'{"results":[' + b",".join(text + ends[kept] for text, ends in texts) + b"]}"
