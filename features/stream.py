"""The table of signals of an export of any size, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa

from features.arrow import to_micros
from features.log import EventLog
from features.progress import OfEvents
from features.reader import Export
from features.reading import EVERYTHING, Reading
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix
from features.threads import WORKERS, in_threads

__all__ = ["SCHEMA", "Done", "measure", "stream", "stream_signals"]

SCHEMA: pa.Schema = pa.schema(
    [pa.field("account_id", pa.string()), *(pa.field(name, pa.float64()) for name in SIGNAL_NAMES)]
)
"""The columns of the table of signals."""


Batch = TypeVar("Batch", bound=OfEvents)


class Done(NamedTuple):
    """What came of a batch: a row an account, ids ascending, and how many events they had."""

    table: pa.Table
    n_events: int


def stream(batches: Iterable[Batch], work: Callable[[Batch], pa.Table], workers: int = WORKERS) -> Iterator[Done]:
    """Do work on batches of an export, in threads, within memory that the export's size does not change.

    Parameters
    ----------
    batches : iterable
        As :meth:`features.reader.Export.rows` reads them.
    work : callable
        Makes a table of a batch, a row an account.
    workers : int, default=WORKERS
        Threads, at least 1. They change no value and no order.

    Yields
    ------
    Done
        Of each batch, in order.
    """
    return in_threads(lambda batch: Done(work(batch), batch.n_events), batches, workers)


def stream_signals(
    export: Export,
    as_of: datetime | str | int,
    reading: Reading = EVERYTHING,
    workers: int = WORKERS,
) -> Iterator[pa.Table]:
    """Measure every account of an export, within memory that the export's size does not change.

    Parameters
    ----------
    export : Export
    as_of : datetime, str or int
        What is known before this moment counts. Without a zone it is UTC; a number is microseconds since 1970.
    reading : Reading, optional
    workers : int, default=WORKERS
        See :func:`stream`.

    Yields
    ------
    pyarrow.Table
        A row an account, of `SCHEMA`, ids ascending over all tables; null where a signal is unknown. At least one
        table, which is empty where the export has no account.

    Raises
    ------
    BadInput
        A row does not fit its columns, or `as_of` is not a time.
    """
    moment = to_micros(as_of)
    batches = stream(export.rows(reading), lambda rows: measure(rows.log(), moment), workers)
    yield next(batches, Done(SCHEMA.empty_table(), 0)).table
    yield from (done.table for done in batches)


def measure(log: EventLog, as_of: int) -> pa.Table:
    """Return the signals of a log's accounts as a table of `SCHEMA`.

    Parameters
    ----------
    log : EventLog
    as_of : int
        Microseconds since 1970 UTC.
    """
    # A column at a time is how the table wants them; the kernel writes a row at a time.
    columns = np.ascontiguousarray(signals_matrix(log.at(as_of)).T)
    signals = [pa.array(column, from_pandas=True) for column in columns]
    return pa.Table.from_arrays([pa.array(log.account_ids, pa.string()), *signals], schema=SCHEMA)
