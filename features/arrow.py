"""From checked Arrow tables, or pandas frames, to the event log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, FIRST_TIME, LAST_TIME, BadInput, check_records
from features.log import NEVER, AccountFacts, EventLog, FloatColumn, IntColumn
from features.slots import slot_table
from features.times import FIRST_MICROS, LAST_MICROS
from features.validate import check_table, codes, refuse

__all__ = ["log_of_frames", "log_of_tables", "to_micros"]

Codes = npt.NDArray[np.int64]


def to_micros(time: datetime | str | int) -> int:
    """Return a time as microseconds since 1970 UTC; without a zone it is UTC.

    Raises
    ------
    BadInput
        The text is not a time, or one that no event can have.
    """
    micros = time if isinstance(time, int) else _parse_micros(time)
    if not FIRST_MICROS <= micros <= LAST_MICROS:
        when = str(np.datetime64(time, "us")) if isinstance(time, int) else str(time)
        raise BadInput(f"{when!r} is not a time that can be asked for: expected {FIRST_TIME[:10]} to {LAST_TIME[:10]}.")
    return micros


def _parse_micros(time: datetime | str) -> int:
    try:
        # Of words pandas knows "now", which would read the clock, and several for a time that is missing.
        stamp = pd.NaT if isinstance(time, str) and not time[:1].isdigit() else pd.Timestamp(time)
    except (ValueError, OverflowError):
        stamp = pd.NaT
    if not isinstance(stamp, pd.Timestamp):
        raise BadInput(f"{time!r} is not a time; write one such as 2026-03-02 or 2026-03-02T09:00:00Z.")
    if stamp.tz is None:
        stamp = stamp.tz_localize(UTC)
    return int(stamp.as_unit("us").asm8.astype(np.int64))


def log_of_frames(
    events: pd.DataFrame, accounts: pd.DataFrame | None = None, records: Iterable[str] | None = None
) -> EventLog:
    """Build the log from pandas frames with an export's columns.

    Raises
    ------
    BadInput
        A row does not fit its columns.
    """
    table = pa.Table.from_pandas(events, preserve_index=False)
    checked = refuse(check_table(table, EVENT_COLUMNS, "events"), "events")
    about = None
    if accounts is not None:
        about = pa.Table.from_pandas(accounts, preserve_index=False)
        about = refuse(check_table(about, ACCOUNT_COLUMNS, "accounts"), "accounts")
    return log_of_tables(checked, about, check_records(records))


def log_of_tables(events: pa.Table, accounts: pa.Table | None, records: frozenset[str]) -> EventLog:
    """Build the log from checked tables.

    Parameters
    ----------
    events, accounts : pyarrow.Table
        As :func:`features.validate.check_table` returns them, without a bad row. Accounts without an event get their
        place in the log too.
    records : frozenset of str
        The kinds that the source records.

    Returns
    -------
    EventLog
        Accounts in ascending order of their ids' UTF-8 bytes.
    """
    owner, ids = _in_use(*codes(events.column("account_id")))
    if accounts is not None:
        ids = pa.chunked_array([ids, accounts.column("account_id").cast(pa.string()).combine_chunks()])
        ids = ids.combine_chunks()
    ids, position = _sorted_unique(ids)
    repeated = _repeated(_named(events, "event_id"), owner)
    contact = _named(events, "contact_id")
    log = EventLog(
        account_ids=np.asarray(ids.to_pylist(), dtype=object),
        account=position[owner],
        slot=_slots(events),
        occurred_at=_micros(events, "occurred_at"),  # type: ignore[arg-type]
        amount=_numbers(events, "amount"),
        score=_numbers(events, "score"),
        # Contacts are numbered as they come; where rows compete, in an order of their own.
        contact=contact if repeated is None else _ranked(contact, events),
        ends_at=_micros(events, "ends_at"),
        recorded_at=_micros(events, "recorded_at", missing="occurred_at"),
        event_id=repeated,
        facts=_facts(accounts, ids),
        records=records,
    )
    return log.sort()


def _in_use(owner: Codes, ids: pa.Array) -> tuple[Codes, pa.Array]:
    """Drop the ids that no row has: a slice, or a categorical, keeps the dictionary of the whole."""
    used = np.bincount(owner, minlength=len(ids)) > 0
    if used.all():
        return owner, ids
    return (np.cumsum(used) - 1)[owner], ids.filter(pa.array(used))


def _sorted_unique(ids: pa.Array) -> tuple[pa.Array, Codes]:
    """Return the distinct ids in order, and the place of each given one among them."""
    distinct = ids.unique()
    order = pc.sort_indices(distinct)
    distinct = distinct.take(order)
    place: Codes = np.asarray(pc.index_in(ids, distinct).cast(pa.int64()))
    return distinct, place


def _slots(events: pa.Table) -> IntColumn:
    kind, kinds = codes(events.column("kind"))
    subtype, subtypes = np.full(len(kind), -1), pa.array([], pa.string())
    if "subtype" in events.column_names:
        subtype, subtypes = codes(events.column("subtype"))
    slots: IntColumn = slot_table(kinds.to_pylist(), subtypes.to_pylist())[kind, subtype]
    return slots


def _micros(table: pa.Table, name: str, missing: str | None = None) -> IntColumn | None:
    """Return a time column; where a value is missing that of column `missing`, else `NEVER`."""
    if name not in table.column_names or table.column(name).null_count == table.num_rows > 0:
        return None
    column = table.column(name).cast(pa.int64())
    column = column.fill_null(NEVER) if missing is None else pc.coalesce(column, table.column(missing).cast(pa.int64()))
    micros: IntColumn = np.asarray(column).astype(np.int64, copy=False)
    return micros


def _numbers(table: pa.Table, name: str) -> FloatColumn | None:
    if name not in table.column_names or table.column(name).null_count == table.num_rows > 0:
        return None
    return np.asarray(table.column(name).fill_null(np.nan), dtype=np.float64)


def _named(table: pa.Table, name: str) -> Codes | None:
    if name not in table.column_names or table.column(name).null_count == table.num_rows > 0:
        return None
    return codes(table.column(name))[0]


def _ranked(contact: Codes | None, events: pa.Table) -> Codes | None:
    """Return contacts numbered by the order of their ids, -1 where missing."""
    if contact is None:
        return None
    order = np.asarray(pc.sort_indices(codes(events.column("contact_id"))[1]))
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    return rank[contact]


def _repeated(identity: Codes | None, owner: Codes) -> Codes | None:
    """Return the event ids, or None where no account has one twice, so that nobody need look for repeats."""
    if identity is None or not len(identity):
        return None
    key = np.sort((owner * (int(identity.max()) + 2) + identity)[identity >= 0])
    return identity if bool((key[1:] == key[:-1]).any()) else None


def _facts(accounts: pa.Table | None, ids: pa.Array) -> AccountFacts:
    facts = AccountFacts.unknown(len(ids))
    if accounts is None:
        return facts
    # Of an account that stands twice the last row counts, as of anything a CRM writes again.
    place = np.asarray(pc.index_in(accounts.column("account_id").cast(pa.string()), ids).cast(pa.int64()))
    about = {name: np.copy(column) for name, column in (("party", facts.is_organisation), ("owner", facts.has_owner))}
    since = np.copy(facts.owner_since)
    if "party" in accounts.column_names:
        party = accounts.column("party").cast(pa.string())
        about["party"][place] = np.asarray(pc.equal(party, "organisation").cast(pa.float64()).fill_null(np.nan))
    if "owner_id" in accounts.column_names:
        about["owner"][place] = np.asarray(pc.is_valid(accounts.column("owner_id")).cast(pa.float64()))
    started = _micros(accounts, "owner_since")
    if started is not None:
        since[place] = started
    return AccountFacts(about["party"], about["owner"], since)
