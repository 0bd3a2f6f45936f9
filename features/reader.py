"""Reading an export in batches that hold whole accounts, within bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pandas as pd
import pyarrow as pa

from features.batch import Rows
from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, KINDS, LABEL_COLUMNS, BadInput, Column
from features.export import DESCRIPTION, Description, find_file, read_description, stamp
from features.log import EventLog
from features.moment import default_moment
from features.order import Runs, runs_in_order, runs_of
from features.pieces import checked_pieces, count_rows, refuse_bad_rows, rows_up_to
from features.reading import BATCH_EVENTS, EVERYTHING, Reading
from features.sorting import sort_tables
from features.validate import in_schema, schema_of

__all__ = ["Export", "open_export"]


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
        other = "; its events/ is read with --engine spark" if (folder / "events").is_dir() else ""
        raise BadInput(f"{folder} is not an export: it holds neither events.parquet nor events.csv{other}.")
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
    def stamp(self) -> list[list[object]]:
        """What changes when the export does."""
        return stamp(self.events, self.accounts, self.labels_file, self.path / DESCRIPTION)

    @property
    def event_columns(self) -> tuple[Column, ...]:
        """The columns of events, `kind` narrowed to what the source records."""
        recorded = tuple(kind for kind in KINDS if kind in self.records)
        return tuple(replace(column, allowed=recorded) if column.name == "kind" else column for column in EVENT_COLUMNS)

    def n_events(self) -> int:
        """Return the number of rows of events."""
        return count_rows(self.events)

    def batches(self, reading: Reading = EVERYTHING) -> Iterator[EventLog]:
        """Read the export in batches of whole accounts, ids ascending; `rows` says how and what may be wrong.

        Yields
        ------
        EventLog
            Each account of events and accounts in exactly one.
        """
        for rows in self.rows(reading):
            yield rows.log()

    def rows(self, reading: Reading = EVERYTHING) -> Iterator[Rows]:
        """Read the export's rows in batches of whole accounts, ids ascending.

        Parameters
        ----------
        reading : Reading, optional
            How much at once, within how much memory, and from which account on. An account is never parted, however
            many events it has.

        Yields
        ------
        Rows
            Each account in exactly one.

        Raises
        ------
        BadInput
            A row does not fit, or the export is said to be sorted and is not.
        """
        events = (_as_it_comes if self.sorted else _sorted)(self.events, self.event_columns, reading)
        accounts = None if self.accounts is None else _sorted(self.accounts, ACCOUNT_COLUMNS, reading)
        for rows, about in _side_by_side(events, accounts):
            yield Rows(rows.table, None if about is None else about.table, self.records)

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


def _as_it_comes(path: Path, columns: tuple[Column, ...], reading: Reading) -> Iterator[Runs]:
    """Return the rows of a file that is in order; the first piece is empty, so that the columns are known."""
    start = 0 if reading.after is None else rows_up_to(path, reading.after)
    tables = refuse_bad_rows(checked_pieces(path, columns, reading.size, start), path.name)
    first = next(tables)
    yield runs_of(first.slice(0, 0), path.name)
    yield from _past(runs_in_order(chain([first], tables), path.name, reading.size, start), reading.after)


def _sorted(path: Path, columns: tuple[Column, ...], reading: Reading) -> Iterator[Runs]:
    """Return the rows of a file by account and time; the first piece is empty, so that the columns are known."""
    spills, memory = reading.spills(path.stem), reading.sorting_of(path.stem)
    tables = refuse_bad_rows(
        checked_pieces(path, columns, reading.size, 0 if spills is None else spills.rows), path.name
    )
    first = next(tables)
    yield runs_of(first.slice(0, 0), path.name)
    ordered = sort_tables(chain([first], tables), reading.size, memory, spills, reading.after)
    yield from _past((runs_of(table, path.name) for table in ordered), reading.after)


def _past(runs: Iterator[Runs], after: str | None) -> Iterator[Runs]:
    """Leave out the accounts up to one."""
    for some in runs:
        left = some if after is None else some.split(some.up_to(after))[1]
        if len(left.ids):
            yield left


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
