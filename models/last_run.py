"""Deciding anew only those accounts of which something has changed since an earlier table of decisions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from features.basis import Bases, account_ids
from features.batch import Rows
from features.events import BadInput
from models.table import SCHEMA

__all__ = ["BASIS", "SINCE_SCHEMA", "LastRun", "Moved", "basis_texts", "beside", "together"]

BASIS: Final = "basis"
"""The column that says what a decision was made of, in hexadecimal digits."""

SINCE_SCHEMA: Final = SCHEMA.append(pa.field(BASIS, pa.string()))
"""The columns of a table of decisions that a later run can go by."""


_ANEW: Final = (
    "Name a file that is not there yet: then every account is decided, and the next run can go by what is written."
)


class LastRun:
    """An earlier table of decisions, read once from its first account to its last.

    Parameters
    ----------
    path : Path or None
        Parquet or CSV; None is a table without a row.
    after : str, optional
        Accounts up to this one are not asked for.

    Raises
    ------
    BadInput
        It is not such a table, or was written without what says of each decision what it was made of.
    """

    def __init__(self, path: Path | None, after: str | None = None) -> None:
        self._tables = iter(()) if path is None else _after(_checked(path, _read(path)), after)
        self._held = SINCE_SCHEMA.empty_table()
        # Threads append to it; a list needs no lock for that.
        self._stood: list[int] = []

    @property
    def n_stood(self) -> int:
        """How many earlier decisions were found to stand."""
        return sum(self._stood)

    def note_stood(self, count: int) -> None:
        """Count decisions that stand."""
        self._stood.append(count)

    def up_to(self, account_id: str) -> pa.Table:
        """Return the rows of the accounts that follow those returned before, up to one."""
        taken = []
        while True:
            count = pc.sum(pc.less_equal(self._held.column("account_id"), account_id)).as_py() or 0
            taken.append(self._held.slice(0, count))
            self._held = self._held.slice(count)
            if self._held.num_rows:
                return pa.concat_tables(taken)
            table = next(self._tables, None)
            if table is None:
                return pa.concat_tables(taken)
            self._held = table


def _read(path: Path) -> Iterator[pa.RecordBatch]:
    try:
        if path.suffix == ".parquet":
            file = pq.ParquetFile(path, pre_buffer=False, page_checksum_verification=True)
            found, batches = file.schema_arrow.names, file.iter_batches()
        else:
            # An empty text stands between quotes, a missing one does not.
            kept = pc_csv.ConvertOptions(
                column_types=SINCE_SCHEMA, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
            )
            batches = pc_csv.open_csv(path, convert_options=kept)
            found = batches.schema.names
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error
    if found != SINCE_SCHEMA.names:
        why = "was written without --since" if found == SCHEMA.names else "is no table of decisions of this version"
        raise BadInput(f"{path} {why}, so it does not say what its decisions were made of. {_ANEW}")
    return iter(batches)


def _checked(path: Path, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Return what can be gone by: decisions whose columns have their types, each account once and in order."""
    before = None
    try:
        for batch in batches:
            table = pa.Table.from_batches([batch]).cast(SINCE_SCHEMA)
            ids = pc.fill_null(table.column("account_id"), "").combine_chunks()
            ids = ids if before is None else pa.concat_arrays([before, ids])
            if not pc.all(pc.less(ids[:-1], ids[1:]), min_count=0).as_py():
                raise BadInput(
                    f"{path} is not as a run wrote it: an account stands in it twice, or not in order. {_ANEW}"
                )
            before = ids[-1:] if len(ids) else before
            yield table
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> BadInput:
    why = str(error).rstrip(".")
    return BadInput(f"The last run {path} cannot be read as a table of decisions: {why}. {_ANEW}")


def _after(tables: Iterator[pa.Table], account_id: str | None) -> Iterator[pa.Table]:
    for table in tables:
        yield table if account_id is None else table.filter(pc.greater(table.column("account_id"), account_id))


@dataclass(frozen=True, slots=True)
class Moved:
    """A batch of an export beside what an earlier run said of its accounts.

    Attributes
    ----------
    rows : Rows
    ids : pyarrow.Array of string, length n
        The batch's accounts, ascending.
    before : pyarrow.Table
        Earlier decisions, of these accounts and of others, in order of account.
    """

    rows: Rows
    ids: pa.Array
    before: pa.Table

    @property
    def n_events(self) -> int:
        """How many events the batch has."""
        return self.rows.n_events

    def stood(self, now: Bases) -> pa.Table:
        """Return the earlier decisions that stand, since they were made of the same."""
        if not self.before.num_rows:
            return self.before
        place = pc.index_in(self.before.column("account_id"), self.ids)
        written = pa.array(basis_texts(now)).take(place.combine_chunks())
        return self.before.filter(pc.fill_null(pc.equal(self.before.column(BASIS), written), fill_value=False))

    def without(self, done: pa.Table) -> Rows:
        """Return the rows of the accounts that are not in a table of decisions."""
        gone = done.column("account_id").combine_chunks()
        events, accounts, records = self.rows
        return Rows(_left(events, gone), None if accounts is None else _left(accounts, gone), records)


def basis_texts(bases: Bases) -> list[str]:
    """Write digests as the column has them."""
    return [f"{number:016x}" for number in bases.tolist()]


def _left(table: pa.Table, gone: pa.Array) -> pa.Table:
    owner = table.column("account_id").cast(pa.string())
    return table.filter(pc.invert(pc.is_in(owner, gone)))


def beside(batches: Iterator[Rows], last: LastRun) -> Iterator[Moved]:
    """Put the decisions of an earlier run beside an export's batches."""
    for rows in batches:
        ids = account_ids(rows)
        yield Moved(rows, ids, last.up_to(str(ids[-1].as_py())))


def together(left: pa.Table, right: pa.Table) -> pa.Table:
    """Return the rows of two tables in order of account."""
    both = pa.concat_tables([left, right])
    order = pc.sort_indices(both.column("account_id")) if left.num_rows and right.num_rows else np.arange(len(both))
    return both.take(order)
