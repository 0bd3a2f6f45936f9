"""The terms on which the desk works, each one named limit that desk, pages and documentation read."""

from __future__ import annotations

from typing import Final

from models.limits import Limit

__all__ = [
    "DAY",
    "DOUBLING",
    "FAR",
    "HOUR",
    "LEASE",
    "RETRY",
    "SECOND",
    "SKIPPED",
    "STANDS",
    "TERMS",
    "UNDO",
]

HOUR: Final = 3_600_000_000
DAY: Final = 24 * HOUR
"""In microseconds."""

LEASE: Final = Limit("lease", 0.5, "hours", "at least", "A claimed case is nobody else's for so long.")
STANDS: Final = Limit("stands", 365.0, "days", "at least", "A verdict this old no longer stands: a new case.")
RETRY: Final = Limit(
    "retry", 90.0, "days", "at least", "A case that nobody could tell is asked about again after so long."
)
FAR: Final = Limit(
    "far", 0.35, "mean relative change", "at least", "Signals this far from what the reviewer saw: a new case."
)
SECOND: Final = Limit("second", 0.10, "share of cases", "at least", "So many cases get a second, independent reviewer.")
SKIPPED: Final = Limit("skipped", 7.0, "days", "at least", "A skipped case is not offered to the same reviewer before.")
UNDO: Final = Limit("undo", 12.0, "hours", "at least", "An answer this old can be neither undone nor revised.")
DOUBLING: Final = Limit(
    "doubling", 3.0, "days", "at least", "Each time a case has waited so long, looking at it is worth twice as much."
)

TERMS: Final[dict[str, Limit]] = {
    limit.name: limit for limit in (LEASE, STANDS, RETRY, FAR, SECOND, SKIPPED, UNDO, DOUBLING)
}
"""Every one by its name."""
