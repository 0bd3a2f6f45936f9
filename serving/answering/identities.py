"""The ids of predictions: UUIDs of version 7 (RFC 9562), which stand in the order of time."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock
from typing import Final
from uuid import UUID

__all__ = ["Identities"]

_START_BYTES: Final = 9
"""Where a millisecond's counter begins is anybody's guess; of its 74 bits two are left, so that it never overflows."""

_AHEAD: Final = 128
"""Starts that are drawn together: asking the system for chance costs more than all the rest."""

_LOW_BITS: Final = 62
_LOW: Final = (1 << _LOW_BITS) - 1
_VERSION: Final = 7 << 76
_VARIANT: Final = 2 << _LOW_BITS


class Identities:
    """Makes ids that ascend within a process, also in one millisecond and while its clock is set back.

    Parameters
    ----------
    chance : callable, optional
        Returns so many random bytes.
    """

    def __init__(self, chance: Callable[[int], bytes] = os.urandom) -> None:
        self._chance = chance
        self._lock = Lock()
        self._drawn = b""
        self._millis = -1
        self._tail = 0

    def make(self, micros: int) -> UUID:
        """Make the id of a prediction.

        Parameters
        ----------
        micros : int
            When it is decided, microseconds since 1970 UTC.
        """
        millis = micros // 1000
        with self._lock:
            if millis > self._millis:
                self._millis, self._tail = millis, self._draw()
            else:
                self._tail += 1
            millis, tail = self._millis, self._tail
        return UUID(int=millis << 80 | _VERSION | tail >> _LOW_BITS << 64 | _VARIANT | tail & _LOW)

    def _draw(self) -> int:
        if not self._drawn:
            self._drawn = self._chance(_START_BYTES * _AHEAD)
        start, self._drawn = self._drawn[:_START_BYTES], self._drawn[_START_BYTES:]
        return int.from_bytes(start, "big")
