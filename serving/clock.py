"""The service's one clock; everything else takes the time as an argument."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

__all__ = ["Clock", "now", "stamp"]

Clock = Callable[[], datetime]
"""Returns the present moment, aware of its zone."""


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


def stamp() -> float:
    """Return the present moment in seconds since 1970, as lines of a log carry it."""
    return time.time()
