"""The table of signals of an export of any size, batch by batch, and writing such tables to a file."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from features.arrow import to_micros
from features.events import BadInput
from features.log import EventLog
from features.progress import Progress, follow, silent
from features.reader import BATCH_EVENTS, Export
from features.signals import SIGNAL_NAMES
from features.table import signals_matrix

__all__ = ["SCHEMA", "WORKERS", "measure", "stream_signals", "write_table"]

WORKERS = 2
"""Threads that measure while the next batches are read; reading cannot feed more of them."""

SCHEMA: pa.Schema = pa.schema(
    [pa.field("account_id", pa.string()), *(pa.field(name, pa.float64()) for name in SIGNAL_NAMES)]
)
"""The columns of the table of signals."""


def stream_signals(
    export: Export,
    as_of: datetime | str | int,
    *,
    size: int = BATCH_EVENTS,
    workers: int = WORKERS,
    progress: Progress = silent,
) -> Iterator[pa.Table]:
    """Measure every account of an export, within memory that the export's size does not change.

    Parameters
    ----------
    export : Export
    as_of : datetime, str or int
        What is known before this moment counts. Without a zone it is UTC; a number is microseconds since 1970.
    size : int, default=BATCH_EVENTS
        About how many events a batch holds.
    workers : int, default=WORKERS
        Threads that measure, at least 1; the kernel runs without Python's lock. They change no value and no order.
    progress : callable, optional

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
    logs = follow(export.batches(size), "Measuring events", export.n_events(), progress)
    tables = _in_threads(logs, moment, workers)
    yield next(tables, SCHEMA.empty_table())
    yield from tables


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


def _in_threads(logs: Iterable[EventLog], as_of: int, workers: int) -> Iterator[pa.Table]:
    """Measure logs in threads, in their order; no more of them wait than there are threads."""
    waiting: deque[Future[pa.Table]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for log in logs:
                waiting.append(pool.submit(measure, log, as_of))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def write_table(tables: Iterable[pa.Table], path: Path | str) -> int:
    """Write tables of one schema as one file, Parquet or CSV by its suffix.

    The file appears only when it is whole: a run that fails leaves what stood there before.

    Parameters
    ----------
    tables : iterable of pyarrow.Table
        At least one.
    path : Path or str
        Ends in `.parquet` or `.csv`; its folder must exist.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    BadInput
        The suffix is another, or the file cannot be written.
    """
    target = Path(path)
    if target.suffix not in _WRITERS:
        raise BadInput(f"{target} must end in {' or '.join(_WRITERS)}: the suffix says how the table is written.")
    if not target.parent.is_dir():
        raise BadInput(f"{target} cannot be written: there is no folder {target.parent}; make it first.")
    part = target.with_name(f".{target.name}.part")
    try:
        rows = _write(iter(tables), part, target.suffix)
        part.replace(target)
    except OSError as error:
        raise BadInput(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return rows


def _write(tables: Iterator[pa.Table], path: Path, suffix: str) -> int:
    first = next(tables)
    rows = 0
    with _WRITERS[suffix](path, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
            rows += table.num_rows
    return rows


def _parquet(path: Path, schema: pa.Schema) -> AbstractContextManager[Any]:
    # Measures hardly repeat, so dictionaries would cost time and save no space.
    texts = [field.name for field in schema if not pa.types.is_floating(field.type) and field.name != "account_id"]
    writer: AbstractContextManager[Any] = pq.ParquetWriter(path, schema, use_dictionary=texts, compression="zstd")
    return writer


def _csv(path: Path, schema: pa.Schema) -> AbstractContextManager[Any]:
    writer: AbstractContextManager[Any] = pc_csv.CSVWriter(path, schema)
    return writer


_WRITERS = {".parquet": _parquet, ".csv": _csv}
