"""How often something comes again a year later; numba compiles it with the kernel (:mod:`features.kernel`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba

__all__ = ["YEAR_DAYS", "YEAR_SLACK", "count_yearly", "note_day"]

YEAR_DAYS: Final = 365
YEAR_SLACK: Final = 15
"""Days by which a yearly thing may come early or late: half a month, so that holidays and paperwork do not matter."""

_EARLIEST, _LATEST = YEAR_DAYS - YEAR_SLACK, YEAR_DAYS + YEAR_SLACK

_jit: Callable[[Callable[..., Any]], Callable[..., Any]] = numba.njit(error_model="numpy")


@_jit
def note_day(days, n, day):
    """Put a day behind the first n, unless it is the last of them; return how many there are then."""
    if n > 0 and days[n - 1] == day:
        return n
    days[n] = day
    return n + 1


@_jit
def count_yearly(days, n):
    """Count the days, among the first n distinct ones in order of time, that lie about a year from another of them.

    `days` are counted back, so that they descend. Both searches only go forward: the time grows with n, not its square.
    """
    found, older, newer = 0.0, 0, 0
    for i in range(n):
        while days[older] - days[i] > _LATEST:
            older += 1
        while newer < n and days[i] - days[newer] < _EARLIEST:
            newer += 1
        after = newer < n and days[i] - days[newer] <= _LATEST
        if after or days[older] - days[i] >= _EARLIEST:
            found += 1.0
    return found
