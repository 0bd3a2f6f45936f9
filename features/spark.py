"""The table of signals on Spark: the same code that runs on one machine, run by tasks that each hold whole accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from features.arrow import to_micros
from features.events import BadInput, Problem, check_records
from features.moment import known_days, moment_of
from features.spark_refusals import without_pandas
from features.spark_task import ACCOUNTS, EVENTS, LABELS, MISFITS, Part, Work, count_misfits, log_of, run
from features.stream import SCHEMA, measure
from features.validate import check_table, refuse, require_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyspark.sql import Column as SparkColumn
    from pyspark.sql import DataFrame

__all__ = [
    "Tables",
    "by_account",
    "default_moment_spark",
    "measure_tables",
    "refuse_misfits",
    "replace_accounts",
    "signals_table_spark",
]

Tables = dict[Part, "DataFrame"]
"""The tables of an export on Spark; those that are not known are left out."""

_TYPES = {pa.string(): "string", pa.float64(): "double", pa.bool_(): "boolean", pa.int64(): "bigint"}
_DAYS = pa.schema([("day", pa.int64()), ("events", pa.int64()), ("latest", pa.int64())])


def signals_table_spark(
    events_df: DataFrame,
    as_of: datetime | str | int,
    accounts_df: DataFrame | None = None,
    records: Iterable[str] | None = None,
    *,
    only: DataFrame | None = None,
) -> DataFrame:
    """Return the table of signals as Spark DataFrame, bit for bit what one machine measures.

    Parameters
    ----------
    events_df : DataFrame
        An export's events, see :data:`features.events.EVENT_COLUMNS`, in any order and any partitions; other columns
        are passed over. A time without a zone is UTC.
    as_of : datetime, str or int
        What is known before this moment counts. Without a zone it is UTC; a number is microseconds since 1970.
    accounts_df : DataFrame, optional
        An export's accounts; also those without an event get a row.
    records : iterable of str, optional
        The kinds that the source records; default all.
    only : DataFrame, optional
        With a column `account_id`: measure these accounts alone, from all their events. The ids may repeat.

    Returns
    -------
    DataFrame
        A row an account, of `features.stream.SCHEMA`, in no order; null where a signal is unknown. It is computed
        when it is written or counted, and a row that does not fit is refused then; see
        :func:`features.spark_refusals.plain_errors`.

    Raises
    ------
    BadInput
        A required column is missing, `as_of` is not a time, or a name in `records` is no kind.
    """
    tables = {EVENTS: events_df} if accounts_df is None else {EVENTS: events_df, ACCOUNTS: accounts_df}
    return measure_tables(tables, to_micros(as_of), check_records(records), only)


def measure_tables(tables: Tables, as_of: int, records: frozenset[str], only: DataFrame | None = None) -> DataFrame:
    """Measure the accounts of an export's tables, as :func:`signals_table_spark` does."""
    told = {part: table for part, table in tables.items() if part.name != LABELS.name}
    return by_account(told, partial(_signals, as_of=as_of, records=records), SCHEMA, only)


def _signals(tables: Mapping[str, pa.Table], as_of: int, records: frozenset[str]) -> pa.Table:
    return measure(log_of(tables, records), as_of)


def by_account(tables: Tables, work: Work, schema: pa.Schema, only: DataFrame | None = None) -> DataFrame:
    """Do some work on all accounts, each with all its rows in one task.

    Parameters
    ----------
    tables : dict of Part to DataFrame
        Each with a column `account_id`.
    work : callable
        It is sent to the tasks with all that it holds, such as rules and a scorecard.
    schema : pyarrow.Schema
        Of what `work` returns.
    only : DataFrame, optional
        With a column `account_id`: do these accounts alone.

    Returns
    -------
    DataFrame

    Raises
    ------
    BadInput
        A required column is missing.

    Notes
    -----
    The rows are parted by the hash of the account and nothing else. Spark may join such partitions (adaptive query
    execution does, where they are small), but never splits one, since that would break what it was asked for. Within
    a partition they are sorted, by Spark, which spills to disk what memory does not hold; a task then holds about
    250,000 rows at a time, or one account where that has more.
    """
    parts = tuple(tables)
    rows = reduce(_union, (_as_structs(table, part) for part, table in tables.items()))
    if only is not None:
        ids = only.select(_id_text(only).alias("account_id"))
        rows = rows.join(ids, "account_id", "left_semi")
    order: list[SparkColumn] = [rows["account_id"], rows[EVENTS.name]["occurred_at"]]
    return _map(
        rows.repartition(rows["account_id"]).sortWithinPartitions(*order), partial(run, parts=parts, work=work), schema
    )


def _union(left: DataFrame, right: DataFrame) -> DataFrame:
    return left.unionByName(right, allowMissingColumns=True)


def _as_structs(table: DataFrame, part: Part) -> DataFrame:
    """Return a table as `account_id` and one column of structs, named as the part, so that names cannot collide."""
    from pyspark.sql.functions import struct

    require_columns(table.columns, part.columns, part.name)
    names = [column.name for column in part.columns[1:] if column.name in table.columns]
    return table.select(
        _id_text(table).alias("account_id"),
        struct(*(table[name] for name in names)).alias(part.name),
    )


def _id_text(table: DataFrame) -> SparkColumn:
    """Return ids as text; where whole numbers are kept as floating ones, as pandas does with gaps, without `.0`."""
    from pyspark.sql.functions import floor, when

    given = table["account_id"]
    text = given.cast("string")
    if table.schema["account_id"].dataType.typeName() not in {"float", "double"}:
        return text
    whole = given.between(-(2.0**53), 2.0**53) & (given == floor(given))
    return when(whole, given.cast("bigint").cast("string")).otherwise(text)


def _map(
    rows: DataFrame, task: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]], schema: pa.Schema
) -> DataFrame:
    def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from task(batches)

    columns = ", ".join(f"`{field.name}` {_TYPES[field.type]}" for field in schema)
    with without_pandas():
        return rows.mapInArrow(each, columns)


def default_moment_spark(events_df: DataFrame, name: str = "events") -> int:
    """Return 1 µs after the latest `occurred_at` or `recorded_at`, as :func:`features.moment.default_moment` does.

    Parameters
    ----------
    events_df : DataFrame
    name : str
        What messages call it.

    Raises
    ------
    BadInput
        No event is there, a time cannot be read, or the latest lies more than a year past the 99.9th percentile.
    """
    part = Part(name, tuple(c for c in EVENTS.columns if c.name in ("occurred_at", "recorded_at")))
    days = _map(_only_columns(events_df, part), partial(_known_days, part=part), _DAYS)
    rows = days.groupBy("day").agg({"events": "sum", "latest": "max"}).collect()
    counts = np.zeros(max((row["day"] for row in rows), default=-1) + 1, dtype=np.int64)
    for row in rows:
        counts[row["day"]] = row["sum(events)"]
    return moment_of(max((row["max(latest)"] for row in rows), default=None), counts, name)


def _known_days(batches: Iterable[pa.RecordBatch], part: Part) -> Iterator[pa.RecordBatch]:
    tables = (pa.Table.from_batches([batch]) for batch in batches)
    latest, days = known_days(refuse(check_table(table, part.columns, part.name), part.name) for table in tables)
    used = np.flatnonzero(days)
    columns = [pa.array(used), pa.array(days[used]), pa.array([latest] * len(used), pa.int64())]
    yield pa.RecordBatch.from_arrays(columns, schema=_DAYS)


def _only_columns(table: DataFrame, part: Part) -> DataFrame:
    require_columns(table.columns, part.columns, part.name)
    return table.select(*(column.name for column in part.columns if column.name in table.columns))


def refuse_misfits(tables: Tables) -> None:
    """Count all rows that do not fit, and refuse them.

    A task stops at the first rows that do not fit; this tells how many there are in all, in a pass over each table.

    Raises
    ------
    BadInput
        Naming for each column how many rows, one of their values, and what was expected.
    """
    for part, table in tables.items():
        counted = _map(_only_columns(table, part), partial(count_misfits, part=part), MISFITS)
        told = counted.groupBy("column", "expected").agg({"rows": "sum", "found": "min"}).collect()
        if told:
            raise _refusal(part, sorted(told, key=lambda row: (-row["sum(rows)"], row["column"])))


def _refusal(part: Part, told: list[Any]) -> BadInput:
    def problem(row: Any) -> Problem:
        n = row["sum(rows)"]
        rows = f"{part.name}, {n:,} row{'' if n == 1 else 's'}"
        return Problem(rows, None, row["column"], row["min(found)"], row["expected"])

    count = sum(row["sum(rows)"] for row in told)
    rows = "1 row does" if count == 1 else f"{count:,} rows do"
    return BadInput(f"{part.name}: {rows} not fit; mend them or leave them out.", [problem(row) for row in told])


def replace_accounts(outcome: DataFrame, fresh: DataFrame, only: DataFrame) -> DataFrame:
    """Return an outcome in which the accounts of `only` have their fresh rows, or none where there is none any more.

    Parameters
    ----------
    outcome, fresh : DataFrame
        Of the same columns, `account_id` among them: what stood, and what was computed for `only`.
    only : DataFrame
        With a column `account_id`.
    """
    ids = only.select(only["account_id"].cast("string").alias("account_id"))
    return outcome.join(ids, "account_id", "left_anti").unionByName(fresh)
