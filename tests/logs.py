"""Random logs for the properties: ties, missing values, repeated ids, late records, edges of windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from hypothesis import strategies as st

from features.arrow import log_of_tables
from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, KINDS, check_records
from features.log import EventLog
from features.table import signals_matrix
from features.validate import check_table, refuse
from tests.oracle import DAY, Event, Facts

AS_OF = 20_000 * DAY
"""A moment in 2024, in microseconds."""

Accounts = dict[str, tuple[list[Event], Facts]]


@st.composite
def _ages(draw: st.DrawFn) -> int:
    """How long before `AS_OF`, often on the edge of a window, a day or a month, seldom after it."""
    days = draw(st.sampled_from([-40, 0, 0, 1, 2, 3, 29, 30, 31, 60, 89, 90, 91, 120, 364, 365, 366, 400, 2000]))
    return days * DAY + draw(st.sampled_from([0, 0, 0, 1, -1, DAY // 2, DAY // 3]))


_MONEY = st.sampled_from([None, 0.0, 0.1, 0.2, 0.3, 1e-3, 7.7, 1234.56, 1e9]) | st.floats(0, 1e6)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """One event, with any of its columns missing."""
    kind = draw(st.sampled_from(list(KINDS)))
    occurred_at = AS_OF - draw(_ages())
    ends_at = draw(st.none() | st.just(AS_OF) | _ages().map(lambda age: AS_OF - age + 200 * DAY))
    return Event(
        kind=kind,
        occurred_at=occurred_at,
        subtype=draw(st.sampled_from([None, *KINDS[kind].subtypes])),
        amount=draw(_MONEY),
        score=draw(st.none() | st.integers(0, 100).map(lambda tenths: tenths / 10)),
        contact_id=draw(st.sampled_from([None, "ann", "bob", "cyd", "Zoë"])),
        ends_at=None if ends_at is None else max(ends_at, occurred_at),
        recorded_at=draw(st.none() | st.just(AS_OF) | _ages().map(lambda age: AS_OF - age)),
        event_id=draw(st.sampled_from([None, None, None, "e1", "e2"])),
    )


def facts() -> st.SearchStrategy[Facts]:
    """What is on file of an account."""
    return st.builds(
        Facts,
        party=st.sampled_from([None, "person", "organisation"]),
        owner=st.sampled_from(["", "o-1"]),
        owner_since=st.none() | _ages().map(lambda age: AS_OF - age),
    )


def accounts(max_size: int = 3) -> st.SearchStrategy[Accounts]:
    """A few accounts by id, with and without events."""
    names = st.sampled_from(["a", "b", "ab", "ß", "Z", "acme"])
    return st.dictionaries(names, st.tuples(st.lists(events(), max_size=8), facts()), min_size=1, max_size=max_size)


def records() -> st.SearchStrategy[frozenset[str]]:
    """Any set of recorded kinds, mostly all."""
    return st.just(frozenset(KINDS)) | st.frozensets(st.sampled_from(list(KINDS)))


def rows_of(book: Accounts) -> list[dict[str, Any]]:
    """The rows of an export's events."""
    return [{"account_id": name} | event._asdict() for name, (log, _) in book.items() for event in log]


TIME = pa.timestamp("us", tz="UTC")
_TYPES = {
    "amount": pa.float64(),
    "score": pa.float64(),
    **dict.fromkeys(("occurred_at", "ends_at", "recorded_at", "owner_since"), TIME),
}


def _table(columns: dict[str, list[Any]]) -> pa.Table:
    return pa.table({name: pa.array(values, _TYPES.get(name, pa.string())) for name, values in columns.items()})


def tables_of(book: Accounts, rows: Sequence[dict[str, Any]] | None = None) -> tuple[pa.Table, pa.Table]:
    """The events and the accounts of an export, not checked; `rows` in place of the book's own."""
    rows = rows_of(book) if rows is None else rows
    columns = ("account_id", *Event._fields)
    events = _table({name: [row[name] for row in rows] for name in columns})
    about = {
        "account_id": list(book),
        "party": [known.party for _, known in book.values()],
        "owner_id": [known.owner or None for _, known in book.values()],
        "owner_since": [known.owner_since for _, known in book.values()],
    }
    return events, _table(about)


def log_of(
    book: Accounts, recorded: frozenset[str] | None = None, rows: Sequence[dict[str, Any]] | None = None
) -> EventLog:
    """The log of an export with these accounts; `rows` in place of the book's own, in the order given."""
    events, about = tables_of(book, rows)
    return log_of_tables(
        refuse(check_table(events, EVENT_COLUMNS, "events"), "events"),
        refuse(check_table(about, ACCOUNT_COLUMNS, "accounts"), "accounts"),
        check_records(recorded),
    )


def measure(
    book: Accounts,
    as_of: int | npt.NDArray[np.int64] = AS_OF,
    recorded: frozenset[str] | None = None,
    rows: Sequence[dict[str, Any]] | None = None,
) -> dict[str, npt.NDArray[np.float64]]:
    """The product's signals of each account; `rows` in place of the book's own."""
    log = log_of(book, recorded, rows)
    return dict(zip(log.account_ids, signals_matrix(log.at(as_of)), strict=True))
