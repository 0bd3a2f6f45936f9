"""What an export has on file of a few accounts, as a request would say it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Excerpt", "excerpts"]

Excerpt = tuple[dict[str, Any], list[dict[str, Any]]]
"""An account and its events, with the names of an export's columns as keys; what is missing is left out."""


def excerpts(events: pa.Table, accounts: pa.Table | None, wanted: Collection[str], as_of: int) -> dict[str, Excerpt]:
    """Return what was on file of some accounts at a moment.

    Parameters
    ----------
    events, accounts : pyarrow.Table
        As :meth:`features.reader.Export.tables` yields them.
    wanted : collection of str
        Accounts of these tables; one without any row is there with nothing but its name.
    as_of : int
        Microseconds since 1970 UTC. What occurred or was recorded later is left out.

    Returns
    -------
    dict
        By account. Its log, :func:`features.request.log_of_one`, gives the signals that the export's gives.
    """
    found: dict[str, Excerpt] = {name: ({"account_id": name}, []) for name in wanted}
    if not found:
        return found
    for row in _rows(accounts, found):
        # Of an account that stands twice the last row counts. No owner is told from owners that are not on file.
        account = {"owner_id": None} if "owner_id" in row else {}
        found[row["account_id"]] = (account | _known(row), [])
    for row in _rows(_known_at(events, as_of), found):
        found[row.pop("account_id")][1].append(_known(row))
    return found


def _known_at(events: pa.Table, as_of: int) -> pa.Table:
    moment = pa.scalar(as_of, pa.int64())
    known = pc.less(events.column("occurred_at").cast(pa.int64()), moment)
    if "recorded_at" in events.column_names:
        recorded = pc.less(events.column("recorded_at").cast(pa.int64()), moment)
        known = pc.and_(known, pc.fill_null(recorded, True))
    return events.filter(known)


def _rows(table: pa.Table | None, wanted: Collection[str]) -> list[dict[str, Any]]:
    """Return the rows of some accounts, times as texts."""
    if table is None:
        return []
    ids = table.column("account_id").cast(pa.string())
    chosen = table.filter(pc.is_in(ids, pa.array(list(wanted), pa.string())))
    columns = [_readable(column) for column in chosen.columns]
    rows: list[dict[str, Any]] = pa.table(columns, names=chosen.column_names).to_pylist()
    return rows


def _readable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("us", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _known(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
