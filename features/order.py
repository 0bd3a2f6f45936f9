"""Rows in order of account: checking that they are, and cutting them at the bounds of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.events import BadInput
from features.validate import codes

__all__ = ["Runs", "runs_in_order", "runs_of", "whole_accounts"]


@dataclass(frozen=True, slots=True)
class Runs:
    """Rows of whole accounts, one account after another.

    Attributes
    ----------
    table : pyarrow.Table
    ids : pyarrow.Array of string
        The accounts, ascending.
    starts : ndarray of int64, shape (len(ids) + 1,)
        First row of each account; the last entry is the number of rows.
    """

    table: pa.Table
    ids: pa.Array
    starts: npt.NDArray[np.int64]

    @property
    def first(self) -> str:
        """Least id."""
        return str(self.ids[0].as_py())

    @property
    def last(self) -> str:
        """Greatest id."""
        return str(self.ids[-1].as_py())

    def split(self, count: int) -> tuple[Runs, Runs]:
        """Return the first `count` accounts, and the others."""
        cut = int(self.starts[count])
        head = Runs(self.table.slice(0, cut), self.ids.slice(0, count), self.starts[: count + 1])
        tail = Runs(self.table.slice(cut), self.ids.slice(count), self.starts[count:] - cut)
        return head, tail

    def up_to(self, account_id: str) -> int:
        """Return how many accounts have an id no greater."""
        return pc.sum(pc.less_equal(self.ids, account_id)).as_py() or 0


def runs_of(table: pa.Table, file: str, first_row: int = 1) -> Runs:
    """Find the accounts of a table that is in order.

    Raises
    ------
    BadInput
        It is not: an id comes before a lesser one, or an account's event before an earlier one.
    """
    owner, words = codes(table.column("account_id"))
    new = np.empty(len(owner), dtype=bool)
    new[:1] = True
    np.not_equal(owner[1:], owner[:-1], out=new[1:])
    starts = np.flatnonzero(new)
    ids = words.take(pa.array(owner[starts]))
    falling = ~np.asarray(pc.less(ids[:-1], ids[1:])).astype(bool)
    if falling.any():
        _refuse_order(file, first_row + int(starts[1:][falling][0]), "account_id")
    if "occurred_at" in table.column_names:
        times = np.asarray(table.column("occurred_at").cast(pa.int64()))
        back = np.flatnonzero((times[1:] < times[:-1]) & ~new[1:])
        if len(back):
            _refuse_order(file, first_row + int(back[0]) + 1, "occurred_at")
    return Runs(table, ids, np.append(starts, len(owner)))


def _refuse_order(file: str, row: int, column: str) -> None:
    raise BadInput(
        f"{file}, row {row}: {column} is less than in the row before, though export.json says that the export is "
        'sorted; set "sorted" to false there.'
    )


def runs_in_order(tables: Iterable[pa.Table], file: str, rows: int, start: int = 0) -> Iterator[Runs]:
    """Cut ordered rows into pieces of about `rows` rows, none of which parts an account, and check their order.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        In order of account and time.
    file : str
        How messages call their source.
    rows : int
        See `whole_accounts`.
    start : int, default=0
        So many rows of the source were passed over before.

    Raises
    ------
    BadInput
        The rows are not in order.
    """
    first_row, before = start + 1, None
    for piece in whole_accounts(tables, rows):
        runs = _follow(before, runs_of(piece, file, first_row), file, first_row)
        yield runs
        first_row, before = first_row + piece.num_rows, runs.last


def whole_accounts(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Cut rows into pieces of about `rows` rows, none of which is empty or parts an account.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        The rows of an account stand together. Rows without an id, which are still to be refused, come first.
    rows : int
        A piece has fewer than twice as many, unless one account alone or one table has more.
    """
    held: list[pa.Table] = []
    n_held = 0
    for table in tables:
        # The last account may go on in the next table. One that goes on for many is not looked at again and again.
        cut = _last_start(table)
        parted = cut > 0 or (table.num_rows > 0 and n_held > 0 and _account(held[-1], -1) != _account(table, 0))
        if n_held + table.num_rows < rows or not parted:
            if table.num_rows:
                held.append(table)
                n_held += table.num_rows
            continue
        yield pa.concat_tables([*held, table.slice(0, cut)])
        held, n_held = [table.slice(cut)], table.num_rows - cut
    if n_held:
        yield pa.concat_tables(held)


def _follow(before: str | None, runs: Runs, file: str, first_row: int) -> Runs:
    """Return runs, or refuse them if they do not come after an account."""
    if before is not None and before.encode() >= runs.first.encode():
        _refuse_order(file, first_row, "account_id")
    return runs


def _last_start(table: pa.Table) -> int:
    """Return the first row of the last account, 0 where there is no row."""
    owner, _ = codes(table.column("account_id"))
    if len(owner) and owner[-1] < 0:
        return len(owner) - 1  # rows without an id may be parted anywhere
    others = np.flatnonzero(owner != owner[-1]) if len(owner) else owner
    return int(others[-1]) + 1 if len(others) else 0


def _account(table: pa.Table, row: int) -> str | None:
    found: str | None = table.column("account_id")[row].as_py()
    return found
