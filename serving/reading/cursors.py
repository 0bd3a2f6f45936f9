"""Cursors: where a reader of a long list stopped, as a text that only this database understands.

A cursor is sealed with a key that lives in the database. So one that was mistyped, made up or given by another database
is refused and never read as a place that it does not name. After a restore from a backup the key is another: the places
behind the backup's end are given anew then, and a reader who held one of them would miss what happened before it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final, Protocol

from reviews.change import SEAL
from reviews.ledger import Ledger
from serving.parameters import Parameter, refuse_parameter, token

__all__ = ["Cursors", "Writes", "cursor"]

_EXPECTED: Final = "a cursor that this list gave, and since the last restore; without one it begins anew"

_SEAL: Final = 8
_KEY: Final = 32
_LONGEST: Final = 100


class Writes(Protocol):
    """What may be asked to write to the database."""

    async def write(self, job: Callable[[Ledger], bytes]) -> bytes:
        """Do the job after everything that was asked before it."""


def cursor(name: str, meaning: str) -> Parameter:
    """Describe a parameter that is a cursor."""
    return token(name, meaning, _LONGEST, "^[A-Za-z0-9_-]+$", _EXPECTED)


class Cursors:
    """Writes and reads cursors.

    Parameters
    ----------
    records : Writes
        Where the key is kept; it is asked for once.
    make : callable, optional
        Makes the key of a database that has none yet.
    """

    def __init__(self, records: Writes, make: Callable[[], bytes] = lambda: secrets.token_bytes(_KEY)) -> None:
        self._records = records
        self._make = make
        self._key: bytes | None = None

    async def write(self, place: bytes, of: str) -> str:
        """Write a cursor.

        Parameters
        ----------
        place : bytes
        of : str
            Which list it is of.
        """
        return base64.urlsafe_b64encode(place + await self._seal(place, of)).decode().rstrip("=")

    async def read(self, parameter: str, text: str, of: str) -> bytes:
        """Return the place that a cursor names.

        Parameters
        ----------
        parameter : str
            What the refusal points to.
        text : str
        of : str
            Which list it has to be of.

        Raises
        ------
        Refusal
            It is none of this list, or not of this database.
        """
        content = _bytes_of(text)
        place, seal = content[:-_SEAL], content[-_SEAL:]
        if not hmac.compare_digest(seal, await self._seal(place, of)):
            raise refuse_parameter(parameter, f"expected {_EXPECTED}")
        return place

    async def _seal(self, place: bytes, of: str) -> bytes:
        if self._key is None:
            self._key = await self._records.write(lambda ledger: ledger.secret(SEAL, self._make))
        return hashlib.blake2b(
            b" ".join((place.hex().encode(), of.encode())), key=self._key, digest_size=_SEAL
        ).digest()


def _bytes_of(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""
