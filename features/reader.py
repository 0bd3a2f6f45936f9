"""Reading an export in batches that hold whole accounts, within bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pandas as pd
import pyarrow as pa

from features.arrow import log_of_tables
from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, KINDS, LABEL_COLUMNS, BadInput, Column
from features.export import Description, find_file, read_description
from features.log import EventLog
from features.moment import default_moment
from features.order import Runs, runs_of, whole_accounts
from features.pieces import checked_pieces, count_rows, refuse_bad_rows
from features.sorting import MEMORY_LIMIT, sort_tables
from features.validate import in_schema, schema_of

__all__ = ["BATCH_EVENTS", "MEMORY_LIMIT", "Export", "open_export"]

BATCH_EVENTS = 250_000
"""Events of a batch: the working set stays near the processor's cache."""


def open_export(path: Path | str) -> Export:
    """Open an export.

    Parameters
    ----------
    path : Path or str
        A folder with `events.parquet` or `events.csv`, and optional accounts, labels and `export.json`.

    Returns
    -------
    Export

    Raises
    ------
    BadInput
        There is no such folder, it holds no events, a table is there twice, or `export.json` is wrong.
    """
    folder = Path(path)
    if not folder.is_dir():
        what = "is a file" if folder.is_file() else "does not exist"
        raise BadInput(f"{folder} {what}; an export is a folder with events.parquet or events.csv.")
    events = find_file(folder, "events")
    if events is None:
        raise BadInput(f"{folder} is not an export: it holds neither events.parquet nor events.csv.")
    return Export(folder, events, find_file(folder, "accounts"), find_file(folder, "labels"), read_description(folder))


@dataclass(frozen=True, slots=True)
class Export:
    """An export; made by :func:`open_export`.

    Attributes
    ----------
    path : Path
        The folder.
    events, accounts, labels_file : Path or None
        Its files.
    description : Description
        What its `export.json` says.
    """

    path: Path
    events: Path
    accounts: Path | None
    labels_file: Path | None
    description: Description

    @property
    def records(self) -> frozenset[str]:
        """The kinds that the source records."""
        return self.description.records

    @property
    def sorted(self) -> bool:
        """Whether the events are said to be in order, so that they need not be sorted again."""
        return self.description.sorted

    @property
    def event_columns(self) -> tuple[Column, ...]:
        """The columns of events, `kind` narrowed to what the source records."""
        recorded = tuple(kind for kind in KINDS if kind in self.records)
        return tuple(replace(column, allowed=recorded) if column.name == "kind" else column for column in EVENT_COLUMNS)

    def n_events(self) -> int:
        """Return the number of rows of events."""
        return count_rows(self.events)

    def batches(self, size: int = BATCH_EVENTS, memory_limit: int = MEMORY_LIMIT) -> Iterator[EventLog]:
        """Read the export in batches of whole accounts, ids ascending; `tables` says how and what may be wrong.

        Yields
        ------
        EventLog
            Each account of events and accounts in exactly one.
        """
        for rows, about in self.tables(size, memory_limit):
            yield log_of_tables(rows, about, self.records)

    def tables(
        self, size: int = BATCH_EVENTS, memory_limit: int = MEMORY_LIMIT
    ) -> Iterator[tuple[pa.Table, pa.Table | None]]:
        """Read the export's rows in batches of whole accounts, ids ascending.

        Parameters
        ----------
        size : int, default=BATCH_EVENTS
            About how many events, and at most how many accounts, a batch holds. An account is never parted, however
            many events it has.
        memory_limit : int, default=MEMORY_LIMIT
            Bytes that the sort of an export that is not sorted may hold before it spills to disk.

        Yields
        ------
        events : pyarrow.Table
        accounts : pyarrow.Table or None
            Of the same accounts; None where the export has no such file. Each account is in exactly one pair.

        Raises
        ------
        BadInput
            A row does not fit, or the export is said to be sorted and is not.
        """
        events = _in_order(self.events, self.event_columns, size, None if self.sorted else memory_limit)
        accounts = None
        if self.accounts is not None:
            accounts = _in_order(self.accounts, ACCOUNT_COLUMNS, size, memory_limit)
        for rows, about in _side_by_side(events, accounts):
            yield rows.table, None if about is None else about.table

    def labels(self) -> pd.DataFrame | None:
        """Return the labels, None where the export has none.

        Returns
        -------
        DataFrame or None
            account_id, relationship, labelled_at (UTC), source, labeller, inclusion, in the order of the file; what
            is missing is missing.

        Raises
        ------
        BadInput
            A row does not fit.
        """
        return _whole(self.labels_file, LABEL_COLUMNS)

    def account_table(self) -> pd.DataFrame | None:
        """Return what is on file of the accounts themselves, None where the export has no such file.

        Returns
        -------
        DataFrame or None
            The columns of `features.events.ACCOUNT_COLUMNS`, in the order of the file; what is missing is missing.

        Raises
        ------
        BadInput
            A row does not fit.
        """
        return _whole(self.accounts, ACCOUNT_COLUMNS)

    def default_as_of(self) -> int:
        """Return 1 µs after the latest `occurred_at` or `recorded_at`, in microseconds since 1970 UTC.

        Raises
        ------
        BadInput
            No event is there, a time cannot be read, or the latest lies more than a year past the 99.9th percentile:
            one meeting booked for next year would empty every window.
        """
        return default_moment(self.events)


def _whole(path: Path | None, columns: tuple[Column, ...]) -> pd.DataFrame | None:
    """Return all rows of a file, or refuse those that do not fit."""
    if path is None:
        return None
    pieces = refuse_bad_rows(checked_pieces(path, columns, BATCH_EVENTS), path.name)
    table: pd.DataFrame = pa.concat_tables([in_schema(piece, schema_of(columns)) for piece in pieces]).to_pandas()
    return table


def _in_order(path: Path, columns: tuple[Column, ...], size: int, memory_limit: int | None) -> Iterator[Runs]:
    """Return a file's rows by account, sorted within a limit of memory, or as they come where there is none.

    The first piece is empty, so that the columns are known.
    """
    tables = refuse_bad_rows(checked_pieces(path, columns, size), path.name)
    first = next(tables)
    yield runs_of(first.slice(0, 0), path.name)
    tables = chain([first], tables)
    if memory_limit is None:
        yield from whole_accounts(tables, path.name, size)
    else:
        yield from (runs_of(table, path.name) for table in sort_tables(tables, size, memory_limit))


def _side_by_side(events: Iterator[Runs], accounts: Iterator[Runs] | None) -> Iterator[tuple[Runs, Runs | None]]:
    """Pair events with what is known of their accounts; each account is in exactly one pair."""
    none = next(events)
    if accounts is None:
        yield from ((rows, None) for rows in events)
        return
    unknown = next(accounts)
    rows, about = next(events, None), next(accounts, None)
    while rows is not None or about is not None:
        if rows is None or about is None:
            yield rows or none, about or unknown
            rows, about = next(events, None), next(accounts, None)
            continue
        last = min(rows.last, about.last, key=str.encode)
        rows_now, rows = rows.split(rows.up_to(last))
        about_now, about = about.split(about.up_to(last))
        yield rows_now, about_now
        rows = rows if len(rows.ids) else next(events, None)
        about = about if len(about.ids) else next(accounts, None)
