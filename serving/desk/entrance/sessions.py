"""Sessions: who signed in, for how long, and that nobody made that up.

A session is a text in the browser's cookie: the id of the key that signed in, when, and a seal that only this
database's secret makes. So every process knows it, and a restart signs nobody out. It ends with its time; when its key
is revoked, which is looked up at each request; and when somebody signs out: then the browser forgets it, and the
process that took the request refuses it, even if somebody has a copy.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reviews.ledger import Ledger
from reviews.terms import HOUR
from serving.recording.records import Records

__all__ = ["Session", "Sessions"]

_NAME: Final = "sessions"
_BYTES: Final = 32
_FORM: Final = struct.Struct(">6sq16s")
"""Id of the key, when it signed in, and what no other session has."""

_SEAL: Final = 32
_LATER: Final = HOUR // 60
"""How far the clock of another process may be ahead."""


@dataclass(frozen=True, slots=True)
class Session:
    """That somebody signed in.

    Attributes
    ----------
    key_id : str
    began : int
        Microseconds since 1970 UTC.
    mark : bytes
        No other session has it.
    """

    key_id: str
    began: int
    mark: bytes


class Sessions:
    """Begins, reads and ends sessions.

    Parameters
    ----------
    records : Records
        Where the secret is kept; it is asked for once.
    hours : float
        How long a session lasts.
    make : callable, optional
        Gives so many random bytes.

    Attributes
    ----------
    seconds : int
        How long a session lasts.
    """

    def __init__(self, records: Records, hours: float, make: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self.seconds = round(hours * 3600)
        self._records = records
        self._lasts = round(hours * HOUR)
        self._make = make
        self._secret: bytes | None = None
        self._ended: dict[bytes, int] = {}

    async def begin(self, key_id: str, now: int) -> str:
        """Begin a session of a key and return its text.

        Raises
        ------
        Refusal
            The database does not give the secret.
        """
        content = _FORM.pack(bytes.fromhex(key_id), now, self._make(16))
        return base64.urlsafe_b64encode(content + await self._seal(content)).decode().rstrip("=")

    async def read(self, text: str, now: int) -> Session | None:
        """Return the session that a text is; None where it is none, or over.

        Raises
        ------
        Refusal
            The database does not give the secret.
        """
        sealed = _decode(text)
        content, seal = sealed[: _FORM.size], sealed[_FORM.size :]
        if len(content) != _FORM.size or not hmac.compare_digest(seal, await self._seal(content)):
            return None
        key_id, began, mark = _FORM.unpack(content)
        over = not began - _LATER <= now < began + self._lasts or mark in self._ended
        return None if over else Session(key_id.hex(), began, mark)

    def end(self, session: Session, now: int) -> None:
        """End a session before its time."""
        self._ended = {mark: until for mark, until in self._ended.items() if until > now}
        self._ended[session.mark] = session.began + self._lasts

    async def _seal(self, content: bytes) -> bytes:
        if self._secret is None:
            self._secret = await self._records.write(self._find)
        return hmac.digest(self._secret, content, hashlib.sha256)

    def _find(self, ledger: Ledger) -> bytes:
        return ledger.secret(_NAME, lambda: self._make(_BYTES))


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (ValueError, binascii.Error):
        return b""
