"""What an export holds: kinds and their times, how full its columns are, accounts and labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.events import ACCOUNT_COLUMNS, KINDS, LABEL_COLUMNS, BadInput, Column, Problem
from features.pieces import checked_pieces, unknown_columns
from features.reader import Export

__all__ = ["Coverage", "KindCoverage", "cover"]

PIECE = 250_000


@dataclass(frozen=True, slots=True)
class KindCoverage:
    """What an export holds of one kind.

    Attributes
    ----------
    kind : str
    events : int
        Rows, repeats of an `event_id` among them.
    first, last : int
        Earliest and latest `occurred_at`, microseconds since 1970 UTC.
    filled : dict of str to float
        Of each optional column of events, the share of these rows that have a value, in [0, 1]; 0 where the file has no
        such column.
    """

    kind: str
    events: int
    first: int
    last: int
    filled: dict[str, float]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What an export holds; made by :func:`cover`.

    Attributes
    ----------
    records : tuple of str
        The kinds that it says are recorded, in the order of the catalogue. One without an event is a count of 0.
    in_order : bool
        It says that its events are in order of account and time; reading it has shown that they are.
    n_events, n_accounts, n_without_events : int
        Rows of events; accounts of events and accounts together; those of them without an event.
    kinds : tuple of KindCoverage
        The kinds that have an event, in the order of the catalogue.
    account_columns : dict of str to float or None
        Of each column of accounts, the share of rows that have a value; None where there is no such file.
    labels : dict of str to int or None
        Rows of labels by relationship; None where there is no such file.
    unknown_columns : dict of str to tuple of str
        By file, the columns that an export does not know. They are passed over.
    """

    records: tuple[str, ...]
    in_order: bool
    n_events: int
    n_accounts: int
    n_without_events: int
    kinds: tuple[KindCoverage, ...]
    account_columns: dict[str, float] | None
    labels: dict[str, int] | None
    unknown_columns: dict[str, tuple[str, ...]]


def cover(export: Export) -> Coverage:
    """Read an export whole and say what it holds.

    Raises
    ------
    BadInput
        Rows of any of its files do not fit: all of them are named. Or it is said to be in order and is not.
    """
    problems: list[Problem] = []
    kinds: dict[str, _Tally] = {}
    for table in _tables(export.events, export.event_columns, problems):
        for kind, rows in _by_kind(table):
            kinds.setdefault(kind, _Tally()).add(rows)
    account_columns = labels = None
    if export.accounts is not None:
        tally = _Tally()
        for table in _tables(export.accounts, ACCOUNT_COLUMNS, problems):
            tally.add(table)
        account_columns = tally.shares(ACCOUNT_COLUMNS)
    if export.labels_file is not None:
        labels = _count_labels(_tables(export.labels_file, LABEL_COLUMNS, problems))
    _refuse(problems, export.path)
    n_accounts, n_without = _count_accounts(export)
    return Coverage(
        records=tuple(kind for kind in KINDS if kind in export.records),
        in_order=export.sorted,
        n_events=sum(tally.rows for tally in kinds.values()),
        n_accounts=n_accounts,
        n_without_events=n_without,
        kinds=tuple(kinds[name].of_kind(name, export.event_columns) for name in KINDS if name in kinds),
        account_columns=account_columns,
        labels=labels,
        unknown_columns=_unknown(export),
    )


class _Tally:
    """Rows, values by column and bounds of time, added up piece by piece."""

    def __init__(self) -> None:
        self.rows = 0
        self.filled: dict[str, int] = {}
        self.first: int | None = None
        self.last: int | None = None

    def add(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        for name in table.column_names:
            self.filled[name] = self.filled.get(name, 0) + table.num_rows - table.column(name).null_count
        if "occurred_at" in table.column_names and table.num_rows:
            bounds = pc.min_max(table.column("occurred_at").cast(pa.int64())).as_py()
            self.first = bounds["min"] if self.first is None else min(self.first, bounds["min"])
            self.last = bounds["max"] if self.last is None else max(self.last, bounds["max"])

    def shares(self, columns: Sequence[Column]) -> dict[str, float]:
        """Return the share of rows with a value, of each optional column."""
        return {c.name: self.filled.get(c.name, 0) / max(self.rows, 1) for c in columns if not c.required}

    def of_kind(self, name: str, columns: Sequence[Column]) -> KindCoverage:
        return KindCoverage(name, self.rows, self.first or 0, self.last or 0, self.shares(columns))


def _tables(path: Path, columns: Sequence[Column], problems: list[Problem]) -> Iterator[pa.Table]:
    """Yield the rows of a file that fit, and note what is wrong with the others."""
    for piece in checked_pieces(path, columns, PIECE):
        problems += piece.problems
        yield piece.table.filter(pa.array(~piece.bad)) if piece.problems else piece.table


def _by_kind(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    kinds = table.column("kind").cast(pa.string())
    for kind in pc.unique(kinds).to_pylist():
        yield kind, table.filter(pc.equal(kinds, kind))


def _count_labels(tables: Iterator[pa.Table]) -> dict[str, int]:
    counts = dict.fromkeys(("client", "customer", "prospect"), 0)
    for table in tables:
        for pair in pc.value_counts(table.column("relationship").cast(pa.string()).combine_chunks()).to_pylist():
            counts[pair["values"]] += pair["counts"]
    return counts


def _count_accounts(export: Export) -> tuple[int, int]:
    """Return how many accounts there are, and how many of them have no event."""
    accounts = active = 0
    for log in export.batches():
        accounts += log.n_accounts
        active += len(np.unique(log.account))
    return accounts, accounts - active


def _unknown(export: Export) -> dict[str, tuple[str, ...]]:
    files = (
        (export.events, export.event_columns),
        (export.accounts, ACCOUNT_COLUMNS),
        (export.labels_file, LABEL_COLUMNS),
    )
    found = {path.name: tuple(unknown_columns(path, columns)) for path, columns in files if path is not None}
    return {name: columns for name, columns in found.items() if columns}


def _refuse(problems: list[Problem], folder: Path) -> None:
    if problems:
        rows = "a row that does" if len(problems) == 1 else f"{len(problems):,} rows that do"
        raise BadInput(f"{folder} holds {rows} not fit; mend the files, or leave those rows out.", problems)
