"""Times as requests write them: ISO 8601, in UTC where no zone is named."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from features.events import FIRST_TIME, LAST_TIME
from features.log import IntColumn

__all__ = ["is_time", "micros_of", "read_times"]

_USUAL: Final = len("2026-03-02T09:00:00Z")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def micros_of(text: str) -> int:
    """Return a time as microseconds since 1970 UTC.

    Raises
    ------
    ValueError
        It cannot be read.

    Examples
    --------
    >>> micros_of("1970-01-02"), micros_of("1970-01-01T02:00:00+02:00")
    (86400000000, 0)
    """
    time = datetime.fromisoformat(text)
    gap = (time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH
    return (gap.days * 86_400 + gap.seconds) * 1_000_000 + gap.microseconds


def is_time(text: str) -> bool:
    """Say whether a text is a time within the bounds of all times."""
    try:
        return _FIRST <= micros_of(text) < _LAST
    except ValueError:
        return False


def read_times(texts: Sequence[str]) -> IntColumn | None:
    """Return times as microseconds since 1970 UTC, or None where not all of them are such as `is_time` says."""
    if not texts:
        return np.empty(0, dtype=np.int64)
    try:
        micros = _read(texts)
    except ValueError:
        return None
    return micros if micros.min() >= _FIRST and micros.max() < _LAST else None


def _read(texts: Sequence[str]) -> IntColumn:
    if set(map(len, texts)) == {_USUAL} and "".join(texts)[_USUAL - 1 :: _USUAL] == "Z" * len(texts):
        # As most CRMs write times; numpy reads such a column as a whole, but knows no zones.
        return np.array(texts, dtype=f"S{_USUAL - 1}").astype("datetime64[us]").view(np.int64)
    return np.array([micros_of(text) for text in texts], dtype=np.int64)


_FIRST, _LAST = micros_of(FIRST_TIME), micros_of(LAST_TIME)
