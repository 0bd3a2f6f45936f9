"""Keeping what was answered, and answering the same request once."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final
from uuid import UUID

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from reviews.record import CATALOGUE, Entry, Record, Repeat
from reviews.sample import inclusion_of
from serving.answering.judgement import Judged
from serving.answering.question import Question
from serving.recording.records import Records
from serving.recording.repeats import REPLAYED, Repeats, first_answer

__all__ = ["LARGE", "Answered", "Keeping", "record_of"]

_KEY: Final = b"idempotency-key"

LARGE: Final = 65_536
"""Bytes of a body from which on the event loop does not wait for what is done with it."""

_QUICK: Final = 1
"""How hard zlib tries: each further step costs the event loop more than it saves the disk."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What a request is answered with.

    Attributes
    ----------
    records : tuple of Record
        What is to be kept of it; empty where nothing is.
    at : int
        When it was decided, microseconds since 1970 UTC.
    write : callable
        From whether it was kept to the answer's body.
    """

    records: tuple[Record, ...]
    at: int
    write: Callable[[bool], bytes]


class Keeping:
    """Keeps what was answered before it is sent.

    Parameters
    ----------
    records : Records
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._repeats = Repeats(records)

    async def respond(self, request: Request, body: bytes, answer: Callable[[], Awaitable[Answered]]) -> Response:
        """Answer a request, once if it bears an `Idempotency-Key`, and keep what was answered.

        Raises
        ------
        Refusal
            It cannot be kept anywhere, or its key is no key, in use or used up.
        """
        keys = [value for name, value in request.scope["headers"] if name == _KEY]
        if keys:
            # Of several the whole is one key, which is then found to be none.
            return await self._respond_once(request, body, b", ".join(keys).decode("latin-1"), answer)
        answered = await answer()
        kept = bool(answered.records) and (await self._records.keep(Entry(answered.records))).recorded
        return _response(answered.write(kept))

    async def _respond_once(
        self, request: Request, body: bytes, key: str, answer: Callable[[], Awaitable[Answered]]
    ) -> Response:
        key_id = key_id_of(request) or ""
        digest = _digest(request, body) if len(body) < LARGE else await anyio.to_thread.run_sync(_digest, request, body)
        async with self._repeats.claim(key_id, key, digest) as first:
            if first is not None:
                return _response(first, again=True)
            answered = await answer()
            some = bool(answered.records)
            repeat = Repeat(key, key_id, digest, answered.write(some), answered.at)
            # In the spool lies the answer that is given then, since it is what a second request gets ever after.
            spooled = replace(repeat, answer=answered.write(False))
            kept = await self._records.keep(Entry(answered.records, repeat), Entry(answered.records, spooled))
        if kept.repeat is not None:
            return _response(first_answer(kept.repeat, digest), again=True)
        return _response(answered.write(some and kept.recorded))


def key_id_of(request: Request) -> str | None:
    """Return the id of the API key that was shown."""
    key = request.scope.get("key")
    return None if key is None else key.id


def record_of(
    identity: UUID, question: Question, judged: Judged, key_id: str | None, secret: bytes | None, share: float
) -> Record:
    """Put together what is kept of an answer.

    Parameters
    ----------
    identity : UUID
    question : Question
    judged : Judged
    key_id : str or None
        Of the API key that asked.
    secret : bytes or None
        Key of the audit sample; None where it is not known yet, and nothing is drawn.
    share : float
        Of the automatic answers, so many are drawn into it.

    Returns
    -------
    Record
        With the request's own words as evidence, where a person will have to see what the machine saw.
    """
    decision, account_id = judged.decision, question.account["account_id"]
    review, told = decision.route == "review", decision.decided_by == "reviewer"
    drawn = None
    if secret is not None and not review and not told:
        drawn = inclusion_of(secret, account_id, judged.decided_at, share)
    return Record(
        id=identity,
        account_id=account_id,
        decided_at=judged.decided_at,
        as_of=judged.as_of,
        catalogue=CATALOGUE,
        signals=judged.signals.astype("<f8", copy=False).tobytes(),
        relationship=decision.relationship,
        confidence=decision.confidence,
        probability_client=decision.probability_client,
        hybrid=decision.hybrid,
        engagement_model=decision.engagement_model,
        strategic_services=decision.strategic_services,
        decided_by=decision.decided_by,
        route=decision.route,
        review_reasons=decision.review_reasons,
        model=decision.versions.model,
        rules=decision.versions.rules,
        key_id=key_id,
        inclusion=drawn,
        evidence=zlib.compress(question.said, _QUICK) if review or judged.reopens or drawn is not None else None,
    )


def _digest(request: Request, body: bytes) -> bytes:
    """Name what was asked: method, path, query and body."""
    scope = request.scope
    head = b"\n".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"]))
    return sha256(head + b"\n\n" + body).digest()


def _response(body: bytes, *, again: bool = False) -> Response:
    return Response(body, media_type="application/json", headers=dict(REPLAYED) if again else None)
