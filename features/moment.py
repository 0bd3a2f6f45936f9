"""The moment as of which an export is read where nobody names one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.events import EVENT_COLUMNS, BadInput
from features.log import IntColumn
from features.pieces import checked_pieces, refuse_bad_rows

__all__ = ["default_moment", "known_days", "moment_of"]

DAY = 86_400_000_000
YEAR = 365 * DAY

PERCENTILE = 0.999
"""The share of times that are taken to be usual."""

FEW_EVENTS = 50
"""An export of fewer events says nothing about which of its times stand apart."""

PIECE = 250_000


def default_moment(events: Path) -> int:
    """Return 1 µs after the latest `occurred_at` or `recorded_at`, in microseconds since 1970 UTC.

    Parameters
    ----------
    events : Path
        An export's file of events.

    Raises
    ------
    BadInput
        No event is there, a time cannot be read, or the latest lies more than a year past the 99.9th percentile.
    """
    columns = [column for column in EVENT_COLUMNS if column.name in ("occurred_at", "recorded_at")]
    pieces = refuse_bad_rows(checked_pieces(events, columns, PIECE), events.name)
    return moment_of(*known_days(pieces), str(events))


def moment_of(latest: int | None, days: IntColumn, where: str) -> int:
    """Return the moment after the latest time, or refuse one that stands apart.

    Parameters
    ----------
    latest : int or None
        Microseconds since 1970 UTC; None where there is no event.
    days : ndarray of int64
        How many events became known on each day since 1970.
    where : str
        What messages call the events.

    Raises
    ------
    BadInput
        No event is there, or the latest lies more than a year past the 99.9th percentile.
    """
    if latest is None:
        raise BadInput(f"{where} holds no event, so there is no latest one; pass --as-of.")
    usual = _day_of_percentile(days) * DAY
    if days.sum() >= FEW_EVENTS and latest - usual > YEAR:
        raise BadInput(
            f"The latest time in {where} is {_date(latest)}, more than a year past almost all others "
            f"({_date(usual)}), so that windows counted back from it would be empty; pass --as-of, such as "
            f"--as-of {_date(usual + DAY)}."
        )
    return latest + 1


def known_days(tables: Iterable[pa.Table]) -> tuple[int | None, IntColumn]:
    """Return the latest time of checked tables, and how many events became known on each day since 1970."""
    latest, days = None, np.zeros(0, dtype=np.int64)
    for table in tables:
        times = _known_from(table)
        if len(times):
            latest = max(int(times.max()), latest or 0)
            days = _add(days, np.bincount(times // DAY))
    return latest, days


def _known_from(table: pa.Table) -> IntColumn:
    """Return when each event had both occurred and been recorded."""
    times: IntColumn = np.asarray(table.column("occurred_at").cast(pa.int64()))
    if "recorded_at" not in table.column_names:
        return times
    recorded = table.column("recorded_at").cast(pa.int64()).fill_null(0)
    return np.maximum(times, np.asarray(recorded, dtype=np.int64))


def _add(left: IntColumn, right: IntColumn) -> IntColumn:
    total = np.zeros(max(len(left), len(right)), dtype=np.int64)
    total[: len(left)] += left
    total[: len(right)] += right
    return total


def _day_of_percentile(days: IntColumn) -> int:
    """Return the day of the percentile, the lower neighbour, so that one outlier is not its own percentile."""
    rank = int(PERCENTILE * (days.sum() - 1))
    return int(np.searchsorted(np.cumsum(days), rank, side="right"))


def _date(micros: int) -> str:
    return str(np.datetime64(micros, "us").astype("datetime64[D]"))
