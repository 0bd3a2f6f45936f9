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

__all__ = ["Runs", "runs_of", "whole_accounts"]


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


def whole_accounts(tables: Iterable[pa.Table], file: str, rows: int, start: int = 0) -> Iterator[Runs]:
    """Cut ordered rows into pieces of about `rows` rows, none of which parts an account.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        In order of account and time.
    file : str
        How messages call their source.
    rows : int
        A piece has fewer than twice as many, unless one account alone has more.
    start : int, default=0
        So many rows of the source were passed over before.

    Raises
    ------
    BadInput
        The rows are not in order.
    """
    held: list[pa.Table] = []
    n_held, first_row, before = 0, start + 1, None
    for table in tables:
        # The last account may go on in the next table. One that goes on for many is not looked at again and again.
        cut = _last_start(table)
        parted = cut > 0 or (table.num_rows > 0 and n_held > 0 and _account(held[-1], -1) != _account(table, 0))
        if n_held + table.num_rows < rows or not parted:
            held.append(table)
            n_held += table.num_rows
            continue
        done = _follow(
            before, runs_of(pa.concat_tables([*held, table.slice(0, cut)]), file, first_row), file, first_row
        )
        if len(done.ids):
            before = done.last
            yield done
        held, n_held, first_row = [table.slice(cut)], table.num_rows - cut, first_row + n_held + cut
    if n_held:
        yield _follow(before, runs_of(pa.concat_tables(held), file, first_row), file, first_row)


def _follow(before: str | None, runs: Runs, file: str, first_row: int) -> Runs:
    """Return runs, or refuse them if they do not come after an account."""
    if before is not None and len(runs.ids) and before.encode() >= runs.first.encode():
        _refuse_order(file, first_row, "account_id")
    return runs


def _last_start(table: pa.Table) -> int:
    """Return the first row of the last account, 0 where there is none."""
    owner, _ = codes(table.column("account_id"))
    others = np.flatnonzero(owner != owner[-1]) if len(owner) else owner
    return int(others[-1]) + 1 if len(others) else 0


def _account(table: pa.Table, row: int) -> str:
    return str(table.column("account_id")[row].as_py())
