"""Keeping what was answered, and answering the same request once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from reviews.record import Entry, Record, Repeat
from serving.answering.aside import LARGE, Aside
from serving.answering.wanted import Wanted
from serving.recording.records import Records
from serving.recording.repeats import REPLAYED, Repeats, first_answer

__all__ = ["Answered", "Keeping", "key_id_of"]

_KEY: Final = b"idempotency-key"


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
    aside : Aside
    """

    def __init__(self, records: Records, aside: Aside) -> None:
        self._records = records
        self._aside = aside
        self._repeats = Repeats(records)

    async def respond(
        self, request: Request, body: bytes, wanted: Wanted, answer: Callable[[], Awaitable[Answered]]
    ) -> Response:
        """Answer a request, once if it bears an `Idempotency-Key`, and keep what was answered.

        A dry run may be repeated as it is: its key counts for nothing.

        Raises
        ------
        Refusal
            It cannot be kept anywhere, or its key is no key, in use or used up.
        """
        keys = [value for name, value in request.scope["headers"] if name == _KEY]
        if keys and wanted.record:
            # Of several the whole is one key, which is then found to be none.
            return await self._respond_once(request, body, b", ".join(keys).decode("latin-1"), answer)
        answered = await answer()
        kept = bool(answered.records) and (await self._records.keep(Entry(answered.records))).recorded
        return _response(answered.write(kept))

    async def _respond_once(
        self, request: Request, body: bytes, key: str, answer: Callable[[], Awaitable[Answered]]
    ) -> Response:
        key_id = key_id_of(request) or ""
        digest = _digest(request, body) if len(body) < LARGE else await self._aside.do(_digest, request, body)
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


def _digest(request: Request, body: bytes) -> bytes:
    """Name what was asked: method, path, query and body."""
    scope = request.scope
    head = b"\n".join((scope["method"].encode(), scope["path"].encode(), scope["query_string"]))
    return sha256(head + b"\n\n" + body).digest()


def _response(body: bytes, *, again: bool = False) -> Response:
    return Response(body, media_type="application/json", headers=dict(REPLAYED) if again else None)
