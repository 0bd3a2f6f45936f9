"""Of each account one number that changes with whatever its signals are computed from.

Two runs that come to the same number need the signals of that account once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.batch import Rows
from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS
from features.kernel import NEVER
from features.order import Runs, runs_of
from features.stirring import stir_in

__all__ = ["Bases", "account_ids", "bases"]

Bases = npt.NDArray[np.uint64]

_NOTHING = np.uint64(0)


def account_ids(rows: Rows) -> pa.Array:
    """Return the ids of a batch's accounts, ascending, as its log has them."""
    ids = [_distinct(table) for table in rows[:2] if table is not None]
    both = pa.chunked_array(ids, pa.string()).unique()
    return both.take(pc.sort_indices(both))


def bases(rows: Rows, ids: pa.Array, as_of: int, common: str, said: Sequence[str | None]) -> Bases:
    """Digest what decides the signals of each account, and what else decides about it.

    Parameters
    ----------
    rows : Rows
        A batch, of n accounts.
    ids : pyarrow.Array
        As `account_ids` gives them.
    as_of : int
        Microseconds since 1970 UTC. It counts for an account with anything dated, since every age moves with it.
    common : str
        What decides about all accounts alike.
    said : sequence of str or None, length n
        What else decides about an account.

    Returns
    -------
    ndarray of uint64, shape (n,)
        The order of events changes nothing; of an account that is on file twice the last row counts, as for its
        signals. Two different contents come to the same number once in 2**64.
    """
    events, n_events = _sums(rows.events, [column.name for column in EVENT_COLUMNS], ids)
    about, dated = np.zeros(len(ids), np.uint64), n_events > 0
    if rows.accounts is not None:
        about = _last(rows.accounts, [column.name for column in ACCOUNT_COLUMNS], ids)
        dated |= _has_owner_since(rows.accounts, ids)
    moment: Bases = np.where(dated, np.int64(as_of), np.int64(-1)).view(np.uint64)
    shared = pd.util.hash_array(np.array([common], dtype=object))[0]
    told = pd.util.hash_array(np.array([text or "" for text in said], dtype=object), categorize=True)
    found = np.full(len(ids), shared, dtype=np.uint64)
    for part in (events, n_events.astype(np.uint64), about, moment, told):
        stir_in(found, part, 0)
    return found


def _distinct(table: pa.Table) -> pa.ChunkedArray:
    column = table.column("account_id")
    return (column.unique() if table.num_rows else column).cast(pa.string())


def _sums(table: pa.Table, names: Sequence[str], ids: pa.Array) -> tuple[Bases, npt.NDArray[np.int64]]:
    """Return, of each account, the sum of its rows' digests, modulo 2**64, and how many rows there are."""
    runs, place = _placed(table, ids)
    sums, count = np.zeros(len(ids), np.uint64), np.zeros(len(ids), np.int64)
    if len(place):
        sums[place] = np.add.reduceat(_digests(table, names), runs.starts[:-1])
        count[place] = np.diff(runs.starts)
    return sums, count


def _last(table: pa.Table, names: Sequence[str], ids: pa.Array) -> Bases:
    """Return, of each account, the digest of its last row."""
    runs, place = _placed(table, ids)
    found = np.zeros(len(ids), np.uint64)
    found[place] = _digests(table, names)[runs.starts[1:] - 1]
    return found


def _placed(table: pa.Table, ids: pa.Array) -> tuple[Runs, npt.NDArray[np.intp]]:
    """Return the runs of a table's accounts, and the place of each among some ids."""
    runs = runs_of(table, "rows")
    return runs, np.asarray(pc.index_in(runs.ids.cast(pa.string()), ids)).astype(np.intp)


def _digests(table: pa.Table, names: Sequence[str]) -> Bases:
    """Digest rows."""
    found = np.zeros(table.num_rows, np.uint64)
    for number, name in enumerate(names, 1):
        if name != "account_id" and name in table.column_names:
            stir_in(found, _values(table.column(name)), number)
    return found


def _values(column: pa.ChunkedArray) -> Bases:
    """Return values as numbers, 0 where one is missing."""
    if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
        coded = column.dictionary_encode() if pa.types.is_string(column.type) else column
        coded = coded.unify_dictionaries().combine_chunks()
        words = pd.util.hash_array(np.asarray(coded.dictionary.to_pylist(), dtype=object), categorize=False)
        numbers: Bases = np.append(words, _NOTHING)[np.asarray(coded.indices.fill_null(len(words)))]
        return numbers
    if pa.types.is_timestamp(column.type):
        return np.asarray(column.cast(pa.int64()).fill_null(NEVER)).astype(np.int64, copy=False).view(np.uint64)
    # A missing number is nan, as the log has it; + 0: -0 is the same as 0.
    return (np.asarray(column.fill_null(np.nan), dtype=np.float64) + 0.0).view(np.uint64)


def _has_owner_since(accounts: pa.Table, ids: pa.Array) -> npt.NDArray[np.bool_]:
    if "owner_since" not in accounts.column_names:
        return np.zeros(len(ids), dtype=bool)
    dated = accounts.filter(pc.is_valid(accounts.column("owner_since"))).column("account_id").cast(pa.string())
    return np.asarray(pc.is_in(ids, dated.combine_chunks())).astype(bool)
