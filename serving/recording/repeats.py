"""The `Idempotency-Key` protocol: who sends a request a second time under its key gets the first answer again.

A key stands for one request, address and body, among those of one API key. While it is answered, the same key is told
to wait; afterwards the first answer is given to the same request, and another request is refused. What fails leaves no
trace, so its key is free again. The database decides which answer was the first, when it commits, so this holds across
processes. While it is away, what this process remembers is given again and what it does not know is answered anew.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from reviews.record import Repeat
from serving.errors import Refusal
from serving.recording.records import Records

__all__ = ["REPLAYED", "Repeats", "first_answer"]

REPLAYED: Final[Mapping[str, str]] = {"Idempotent-Replayed": "true"}
"""Headers of an answer that was given before."""

MOST: Final = 255
"""Characters of a key."""


class Repeats:
    """The keys of the requests that this process has in hand.

    Parameters
    ----------
    records : Records
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._in_hand: dict[tuple[str, str], bytes] = {}

    @asynccontextmanager
    async def claim(self, key_id: str, key: str, request: bytes) -> AsyncIterator[bytes | None]:
        """Answer a request within this: nobody else in this process can meanwhile, under its key.

        It yields the first answer's body, where there is one to give again. Else the request is answered, and what is
        kept of it has a `Repeat`; if then `Kept.repeat` is there, another process was first: see `first_answer`.

        Parameters
        ----------
        key_id : str
            Of the API key; empty where nobody has to show one.
        key : str
            As the header has it.
        request : bytes
            SHA-256 of method, path, query and body.

        Raises
        ------
        Refusal
            The key is no key, in hand already, or was used for another request.
        """
        _check(key)
        use = (key_id, key)
        if (other := self._in_hand.get(use)) is not None:
            raise _in_hand() if other == request else _reused()
        self._in_hand[use] = request
        try:
            first = await self._find(key_id, key)
            yield None if first is None else first_answer(first, request)
        finally:
            del self._in_hand[use]

    async def _find(self, key_id: str, key: str) -> Repeat | None:
        """Return what this process remembers, if the database does not know better: the account may be erased since."""
        known = self._records.recent.find(key_id, key)
        if known is None or self._records.state.mode == "spooling":
            return known
        try:
            first = await self._records.read(lambda ledger: ledger.repeat(key_id, key))
        except Refusal:
            return known
        if first is None:
            self._records.recent.forget(key_id, key)
        return first


def first_answer(first: Repeat, request: bytes) -> bytes:
    """Return the body of the answer to give again.

    Raises
    ------
    Refusal
        It was given to another request.
    """
    if first.request != request:
        raise _reused()
    return first.answer


def _check(key: str) -> None:
    if not (0 < len(key) <= MOST and key.isascii() and key.isprintable() and " " not in key):
        raise Refusal(
            "invalid-parameter",
            f"The header Idempotency-Key holds 1 to {MOST} visible ASCII characters, such as a UUID.",
        )


def _in_hand() -> Refusal:
    return Refusal("idempotency-conflict", "The first request with this Idempotency-Key is still being answered.")


def _reused() -> Refusal:
    return Refusal(
        "idempotency-reused", "This Idempotency-Key stands for another request: make a new one for each request."
    )
