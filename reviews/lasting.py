"""Whether a verdict still stands: not too old, and the account still much like what the reviewer saw."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from features.signals import BY_NAME
from models.decision import Decision
from reviews.record import signals_of
from reviews.terms import FAR
from reviews.verdict import Standing

__all__ = ["Lasting", "as_said", "distance", "lasts"]

Lasting = Literal["stands", "expired", "moved"]

Floats = npt.NDArray[np.float64]

_CLOCKS: Final = np.array(
    [name.startswith("days_since") or name in {"tenure_days", "owner_days"} for name in BY_NAME], dtype=bool
)
"""Signals that move by themselves while nothing happens."""


def lasts(verdict: Standing, signals: Floats | None, at: int) -> Lasting:
    """Say whether a verdict still stands for an account.

    Parameters
    ----------
    verdict : Standing
        Also an "unclear" one, which keeps a case from being opened again.
    signals : ndarray of float64, shape (n_signals,), or None
        The account's now, in the order of the catalogue; None where they were measured by another one.
    at : int
        Now, microseconds since 1970 UTC.

    Returns
    -------
    {"stands", "expired", "moved"}
    """
    if at >= verdict.until:
        return "expired"
    seen = signals_of(verdict.catalogue, verdict.signals)
    if signals is None or seen is None:
        # They were not measured in the same way, and how far they are from each other nobody can tell.
        return "stands"
    return "moved" if distance(seen, signals) >= FAR.value else "stands"


def as_said(decision: Decision, verdict: Standing) -> Decision:
    """Return a decision by a verdict that stands with what the reviewer said of the account besides.

    What they left open, whether it is a strategic service or how it engages, is read off the record as for others.
    """
    engagement, strategic = verdict.engagement_model, verdict.strategic_services
    return replace(
        decision,
        hybrid=verdict.hybrid,
        engagement_model=decision.engagement_model if engagement is None else engagement,
        strategic_services=decision.strategic_services if strategic is None else strategic,
    )


def distance(seen: Floats, now: Floats) -> float:
    """Measure how far an account's signals moved.

    Parameters
    ----------
    seen, now : ndarray of float64, shape (n_signals,)
        In the order of the catalogue; nan is unknown.

    Returns
    -------
    float
        In [0, 1]: the mean over the signals of how much each changed of the larger of its two values; 1 for one that
        became known or unknown. Those that only tell how time goes by do not count, nor those that were unknown both
        times or nothing both times.

    Examples
    --------
    >>> before, after = np.zeros(len(BY_NAME)), np.zeros(len(BY_NAME))
    >>> before[:2], after[:2] = (4.0, 10.0), (3.0, 5.0)
    >>> distance(before, after)
    0.375
    """
    known, larger = ~(np.isnan(seen) & np.isnan(now)), np.fmax(np.abs(seen), np.abs(now))
    counts = known & (larger > 0) & ~_CLOCKS
    if not counts.any():
        return 0.0
    gap = np.abs(seen - now)[counts] / larger[counts]
    return float(np.where(np.isnan(gap), 1.0, np.minimum(gap, 1.0)).mean())
