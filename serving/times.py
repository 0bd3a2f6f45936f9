"""Times as the service counts them, microseconds since 1970 UTC, and as it writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

__all__ = ["micros_of", "time_text"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def micros_of(time: datetime) -> int:
    """Return a time in microseconds since 1970 UTC."""
    return (time - _EPOCH) // _MICROSECOND


@lru_cache(maxsize=64)
def time_text(micros: int) -> str:
    """Write a time as answers do; those of one moment bear the same.

    Examples
    --------
    >>> time_text(1_772_442_000_000_000)
    '2026-03-02T09:00:00Z'
    """
    return (_EPOCH + micros * _MICROSECOND).isoformat().replace("+00:00", "Z")
