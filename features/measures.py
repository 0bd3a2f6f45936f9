"""The rows of measures: everything that the signals are made of, and where it stands in an account's row.

Signals name the measures they need (:mod:`features.expressions`); the kernel fills an account's row in one pass
over its events and forms all signals from it (:mod:`features.kernel`).
"""

from __future__ import annotations

from typing import Final

from features.slots import KIND_NAMES, N_SLOTS

__all__ = ["DAY", "LAYOUT", "MONTH_DAYS", "N_MEASURES", "WINDOWS"]

DAY: Final = 86_400_000_000
"""Microseconds of a day."""

MONTH_DAYS: Final = 30
"""Months are counted back from `as_of` in steps of so many days, so that the calendar's lengths do not matter."""

WINDOWS: tuple[int | None, ...] = (90, 365, None)
"""The days that a signal may look back, ascending; None = over all that is known."""

_KINDS = len(KIND_NAMES)
_SIZES: dict[str, int] = {
    "count": len(WINDOWS) * N_SLOTS,
    "total": len(WINDOWS) * N_SLOTS,
    "priced": N_SLOTS,
    "in_force": N_SLOTS,
    "days_with": _KINDS,
    "gaps": _KINDS,
    "gap_total": _KINDS,
    "gap_spread": _KINDS,
    "gap_longest": _KINDS,
    "days_since": _KINDS,
    "ended": _KINDS,
    "duration": _KINDS,
    "duration_longest": _KINDS,
    "valued": 1,
    "value_in_force": 1,
    "renewals": 1,
    "open": 1,
    "yearly": 1,
    "largest": 1,
    "scored": 1,
    "score_total": 1,
    "contacts": 1,
    "contacts_365d": 1,
    "first_days": 1,
    "last_days": 1,
    "active_months": 1,
    "months_known": 1,
    "is_organisation": 1,
    "has_owner": 1,
    "owner_days": 1,
}

LAYOUT: dict[str, int] = {name: sum(list(_SIZES.values())[:i]) for i, name in enumerate(_SIZES)}
"""First position of each block of measures."""

N_MEASURES: int = sum(_SIZES.values())
