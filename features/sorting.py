"""Sorting events by account and time: in memory while they fit, else by merging sorted runs from disk."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.log import NEVER, IntColumn
from features.spills import Run, Spills
from features.validate import codes

__all__ = ["sort_tables"]

COPIES = 4
"""How often a sort holds its rows: as they came, in one piece, as keys, and as handed on."""

TIES = ("amount", "score", "ends_at")
"""What orders rows of one account and moment, as in :class:`features.log.EventLog`; what is left is as it came."""

MOST_PARTS = 60_000
"""How many parts of a sort can be numbered in 16 bits, with some to spare."""

Order = npt.NDArray[np.intp]


def sort_tables(
    tables: Iterable[pa.Table], rows: int, memory: int, spills: Spills | None = None, after: str | None = None
) -> Iterator[pa.Table]:
    """Sort checked tables by account, time and :data:`TIES`, those without a time by account alone.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        Of the same columns.
    rows : int
        About how many rows a table handed back has.
    memory : int
        Bytes to hold before spilling to disk.
    spills : Spills, optional
        Where to; a temporary folder if not given. Runs that it holds already are merged with the tables.
    after : str, optional
        Rows of accounts up to this one are not asked for: they are left out as far as that saves reading.

    Yields
    ------
    pyarrow.Table
        All rows, in order, each account in one table; texts as dictionaries. Rows
        that are alike in all that orders them stay as they came.

    Notes
    -----
    An external merge sort: runs that fit in memory are sorted and written, then read side by side.
    """
    held: list[pa.Table] = []
    size = 0
    with ExitStack() as stack:
        if spills is None:
            spills = Spills(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rapport-sort-"))))
        for table in tables:
            held.append(table)
            size += table.nbytes
            if COPIES * size > memory:
                _spill(held, rows, spills)
                held, size = [], 0
        if not spills.runs:
            yield from _sorted(held, rows)
            return
        if any(table.num_rows for table in held):
            _spill(held, rows, spills)
        held = []
        yield from _merge(spills.open(max(rows // len(spills.runs), 1), after), rows)


def _spill(held: list[pa.Table], rows: int, spills: Spills) -> None:
    spills.add(_sorted(held, rows), sum(table.num_rows for table in held))


def _sorted(held: list[pa.Table], rows: int) -> Iterator[pa.Table]:
    if not held:
        return
    table = pa.concat_tables([_encoded(each) for each in held]).unify_dictionaries().combine_chunks()
    account, ids = _ranked(table)
    time = _times(table, "occurred_at") if "occurred_at" in table.column_names else np.zeros_like(account)
    place = table.column_names.index("account_id")
    for part in _parts(account, rows):
        order = part[_order(table, part, account[part], time[part])]
        owner = account[order]
        # A part bears its own ids alone, not those of all.
        own = ids.slice(owner[0], owner[-1] - owner[0] + 1)
        names = pa.DictionaryArray.from_arrays(pa.array((owner - owner[0]).astype(np.int32)), own)
        yield table.take(pa.array(order)).set_column(place, "account_id", names)


def _ranked(table: pa.Table) -> tuple[IntColumn, pa.Array]:
    """Return the place of each row's account among all accounts, and these in order."""
    owner, ids = codes(table.column("account_id"))
    order = pc.sort_indices(ids)
    rank = np.empty(len(ids), dtype=np.int64)
    rank[np.asarray(order)] = np.arange(len(ids))
    return rank[owner], ids.take(order)


def _parts(account: IntColumn, rows: int) -> Iterator[Order]:
    """Part rows by ranges of accounts, about `rows` rows each, so that each is sorted within the processor's cache."""
    before = np.cumsum(np.bincount(account)) - 1
    part = (before // max(rows, len(account) // MOST_PARTS + 1)).astype(np.uint16)
    # numpy sorts numbers of 16 bits by radix: one cheap, stable pass.
    order = np.argsort(part[account], kind="stable")
    ends = np.cumsum(np.bincount(part[account]))
    for start, end in pairwise([0, *ends.tolist()]):
        if end > start:
            yield order[start:end]


def _encoded(table: pa.Table) -> pa.Table:
    """Return the table with all texts as dictionaries, so that moving a row moves numbers only."""
    columns = [
        column.dictionary_encode() if pa.types.is_string(column.type) else column for column in table.itercolumns()
    ]
    return pa.table(columns, names=table.column_names)


def _order(table: pa.Table, rows: Order, account: IntColumn, time: IntColumn) -> Order:
    """Return the order of some rows of a table, of which account and time are given."""
    order = _by_account_and_time(account, time)
    same = (np.diff(account[order]) == 0) & (np.diff(time[order]) == 0)
    if same.any():
        tied = np.zeros(len(order), dtype=bool)
        tied[1:] |= same
        tied[:-1] |= same
        group = np.cumsum(np.concatenate(([True], ~same)))[tied]
        places = order[tied]
        some = table.take(pa.array(rows[places]))
        keys = [_key(some, name) for name in reversed(TIES) if name in table.column_names]
        order[tied] = places[np.lexsort((places, *keys, group))]
    return order


def _by_account_and_time(account: IntColumn, time: IntColumn) -> Order:
    """Order by two keys as by one number, which is several times as fast, where they fit into one."""
    first, lowest = int(time.min()), int(account.min())
    span = int(time.max()) - first + 1
    if (int(account.max()) - lowest + 1) * span < 2**63:
        return np.argsort((account - lowest) * span + (time - first))
    return np.lexsort((time, account))


def _key(table: pa.Table, name: str) -> IntColumn | npt.NDArray[np.float64]:
    if pa.types.is_timestamp(table.schema.field(name).type):
        return _times(table, name)
    return np.asarray(table.column(name).fill_null(np.nan), dtype=np.float64)


def _times(table: pa.Table, name: str) -> IntColumn:
    return np.asarray(table.column(name).cast(pa.int64()).fill_null(NEVER), dtype=np.int64)


def _merge(runs: list[Run], rows: int) -> Iterator[pa.Table]:
    """Sort runs into one: up to the least of the accounts at which the rows in memory break off."""
    while True:
        open_runs = [run for run in runs if not run.ended]
        bound = min((run.last for run in open_runs), key=str.encode, default=None)
        taken = [run.take_before(bound) for run in runs]
        yield from _sorted([table for table in taken if table.num_rows], rows)
        if bound is None:
            return
        for run in open_runs:
            # All that run low, not only the one that broke off: else each round goes as far as one batch of one run.
            if run.low or run.last == bound:
                run.read()
