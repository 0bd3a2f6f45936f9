"""What a Spark task does: rows that Spark brought together by account become a table, whole accounts at a time.

Nothing here imports Spark: a task is given Arrow batches and gives some back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from features.arrow import log_of_tables
from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, LABEL_COLUMNS, BadInput, Column
from features.log import EventLog
from features.order import whole_accounts
from features.validate import check_table

__all__ = [
    "ACCOUNTS",
    "EVENTS",
    "LABELS",
    "MISFITS",
    "Part",
    "Work",
    "count_misfits",
    "log_of",
    "run",
]

ROWS = 250_000
"""About how many rows a task works on at once; an account is never parted."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the tables whose rows travel together, each in a column of structs of its own.

    Attributes
    ----------
    name : str
        What that column is called, and what messages call the table.
    columns : tuple of Column
    """

    name: str
    columns: tuple[Column, ...]


EVENTS = Part("events", EVENT_COLUMNS)
ACCOUNTS = Part("accounts", ACCOUNT_COLUMNS)
LABELS = Part("labels", LABEL_COLUMNS)

Work = Callable[[Mapping[str, pa.Table]], pa.Table]
"""From the checked tables of some accounts, by name, to a row an account; a table that was not given is not there."""

MISFITS: pa.Schema = pa.schema(
    [("column", pa.string()), ("expected", pa.string()), ("found", pa.string()), ("rows", pa.int64())]
)
"""What :func:`count_misfits` tells: of each column how many rows do not fit, and one of their values."""


def run(batches: Iterable[pa.RecordBatch], parts: tuple[Part, ...], work: Work) -> Iterator[pa.RecordBatch]:
    """Work through one partition.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        `account_id` and a column of structs for each part, of which a row has one; all rows of an account stand
        together.
    parts : tuple of Part
    work : callable

    Raises
    ------
    BadInput
        A row does not fit its columns.
    """
    for rows in whole_accounts((pa.Table.from_batches([batch]) for batch in batches), ROWS):
        yield from work({part.name: _checked(rows, part) for part in parts}).to_batches()


def log_of(tables: Mapping[str, pa.Table], records: frozenset[str]) -> EventLog:
    """Return the log of checked tables."""
    return log_of_tables(tables[EVENTS.name], tables.get(ACCOUNTS.name), records)


def _checked(rows: pa.Table, part: Part) -> pa.Table:
    """Return the rows of one part, or refuse those that do not fit; which rows of the table they are, nobody knows."""
    checked = check_table(_rows_of(rows, part), part.columns, part.name)
    if checked.problems:
        n = len(checked.problems)
        told = dict.fromkeys(replace(problem, row=None) for problem in checked.problems)
        raise BadInput(f"{part.name}: at least {n:,} row{' does' if n == 1 else 's do'} not fit.", told)
    return checked.table


def _rows_of(rows: pa.Table, part: Part) -> pa.Table:
    """Take the rows of one part out of the structs that they travel in."""
    structs, ids = rows.column(part.name), rows.column("account_id")
    if structs.null_count:
        there = structs.is_valid()
        structs, ids = structs.filter(there), ids.filter(there)
    columns = {field.name: pc.struct_field(structs, field.name) for field in structs.type}
    return pa.table({"account_id": ids, **columns})


def count_misfits(batches: Iterable[pa.RecordBatch], part: Part) -> Iterator[pa.RecordBatch]:
    """Count the rows of a table that do not fit; a row of :data:`MISFITS` a column and reason."""
    counts: Counter[tuple[str | None, str]] = Counter()
    found: dict[tuple[str | None, str], str | None] = {}
    for batch in batches:
        for problem in check_table(pa.Table.from_batches([batch]), part.columns, part.name).problems:
            key = problem.column, problem.expected
            counts[key] += 1
            found[key] = min(filter(None, (found.get(key), problem.value)), default=None)
    rows = [(*key, found[key], n) for key, n in counts.items()]
    columns = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), MISFITS, strict=False)]
    if columns:
        yield pa.RecordBatch.from_arrays(columns, schema=MISFITS)
