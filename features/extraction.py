"""Running a mapping's queries in the sandbox and checking what they return, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from features.aside import AsideFile
from features.events import KINDS, BadInput, Column, Problem
from features.progress import Progress
from features.recipe import COLUMNS, Mapping, Query
from features.validate import check_table, in_schema, schema_of

__all__ = ["PIECE", "Extraction", "QueryRows"]

PIECE = 250_000
"""Rows checked at once."""


@dataclass(slots=True)
class QueryRows:
    """What became of the rows that a query returned: `returned == kept + set_aside`, always."""

    name: str
    returned: int = 0
    kept: int = 0
    set_aside: int = 0


class Extraction:
    """The queries of a mapping, run over the files of a source.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        See :func:`features.sandbox.open_sandbox`.
    mapping : Mapping
    progress : callable
        See :data:`features.progress.Progress`.

    Attributes
    ----------
    rows : dict of str to QueryRows
        By query, what has become of its rows so far.
    names : dict of str to list of str
        By query, the columns that it returns.
    records : frozenset of str
        The kinds that the source records.
    problems : list of Problem
        What is wrong with rows for which there is no file to set them aside.
    aside : AsideFile or None
        Where such rows go.

    Raises
    ------
    BadInput
        A query cannot run, reads what is not in the folder, or does not return the columns of its table.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, mapping: Mapping, progress: Progress) -> None:
        self.aside: AsideFile | None = None
        self.problems: list[Problem] = []
        self._connection = connection
        self._mapping = mapping
        self._progress = progress
        self.rows = {query.name: QueryRows(query.name) for query in mapping.queries}
        self.names = {query.name: self._names(query) for query in mapping.queries}
        self.records = mapping.records if mapping.records is not None else self._kinds_mapped()

    def schema(self, table: str) -> pa.Schema:
        """Return the columns that the queries of one file of the export return, in its order and types."""
        given = {"kind"} if table == "events" else set()
        present = given.union(*(self.names[query.name] for query in self._mapping.of(table)))
        return schema_of([column for column in COLUMNS[table] if column.name in present])

    def kept(self, table: str) -> Iterator[pa.Table]:
        """Yield the rows of one file of the export that fit, at least one table; the others go aside."""
        schema = self.schema(table)
        yield schema.empty_table()
        for query in self._mapping.of(table):
            try:
                for batch in self._run(query).to_arrow_reader(PIECE):
                    yield in_schema(self._check(query, pa.Table.from_batches([batch])), schema)
            except duckdb.Error as error:
                raise self._refusal(query, error) from error

    def refuse_problems(self) -> None:
        """Stop where rows did not fit and there is no file to set them aside.

        Raises
        ------
        BadInput
            Naming every such row.
        """
        if self.problems:
            count = len(self.problems)
            rows = "a row that does" if count == 1 else f"{count:,} rows that do"
            raise BadInput(
                f"The mapping {self._mapping.path} returned {rows} not fit; mend its SQL or the source, or set them "
                "aside with --set-aside FILE.",
                self.problems,
            )

    def _check(self, query: Query, rows: pa.Table) -> pa.Table:
        """Return the rows that fit; note the others or set them aside."""
        tally = self.rows[query.name]
        checked_rows = rows
        if query.kind is not None and "kind" not in rows.column_names:
            checked_rows = rows.append_column("kind", pa.array([query.kind] * rows.num_rows, pa.string()))
        checked = check_table(checked_rows, self._columns(query), query.name, tally.returned + 1)
        tally.returned += rows.num_rows
        tally.set_aside += len(checked.problems)
        tally.kept += rows.num_rows - len(checked.problems)
        if checked.problems and self.aside is not None:
            self.aside.add(query.name, rows.filter(pa.array(checked.bad)), checked.problems)
        else:
            self.problems += checked.problems
        self._progress(f"Mapping {query.name}", tally.returned, 0)
        return checked.table.filter(pa.array(~checked.bad))

    def _columns(self, query: Query) -> Sequence[Column]:
        recorded = tuple(kind for kind in KINDS if kind in self.records)
        return [
            replace(column, allowed=recorded) if column.name == "kind" else column for column in COLUMNS[query.table]
        ]

    def _names(self, query: Query) -> list[str]:
        names = self._single_names(query)
        required = {column.name for column in COLUMNS[query.table] if column.required} - {"kind"}
        missing = sorted(required - set(names))
        if missing:
            raise BadInput(
                f"{self._key(query)}: returns {', '.join(names)}; expected also {', '.join(missing)}. "
                f"Name columns with AS; an export knows {', '.join(c.name for c in COLUMNS[query.table])}."
            )
        return names

    def _single_names(self, query: Query) -> list[str]:
        """Return the names of a query's columns, none of them twice, as SQL counts: whatever their case."""
        names = list(self._run(query).columns)
        lower = [name.lower() for name in names]
        twice = [name for place, name in enumerate(names) if name.lower() in lower[:place]]
        if twice:
            raise BadInput(
                f"{self._key(query)}: returns {', '.join(dict.fromkeys(twice))} twice; name the columns that the "
                "export needs one by one, each with a name of its own."
            )
        return names

    def _kinds_mapped(self) -> frozenset[str]:
        """Return the kinds of all queries of events, where each says its own."""
        for query in self._mapping.of("events"):
            if "kind" in self.names[query.name]:
                raise BadInput(
                    f"{self._key(query)}: returns a column kind, so say in the mapping which kinds the source records, "
                    'as records = ["purchase", "refund"]. It is never taken from the rows: no refund so far does not '
                    "mean that refunds are not on file."
                )
            if query.kind is None:
                raise BadInput(
                    f"{self._mapping.path}, key {query.name}: {query.name.split('.')[1]!r} is no kind of event; name "
                    f'the kind of its rows as kind = "…", one of {", ".join(KINDS)}, or return a column kind.'
                )
        return frozenset(query.kind for query in self._mapping.of("events") if query.kind is not None)

    def _key(self, query: Query) -> str:
        return f"{self._mapping.path}, key {query.name}.sql"

    def _run(self, query: Query) -> duckdb.DuckDBPyRelation:
        try:
            return self._connection.sql(query.sql)
        except duckdb.Error as error:
            raise self._refusal(query, error) from error

    def _refusal(self, query: Query, error: duckdb.Error) -> BadInput:
        reason = str(error).strip()
        if isinstance(error, duckdb.PermissionException | duckdb.CatalogException):
            files = ", ".join(name for (name,) in self._connection.sql("SHOW TABLES").fetchall())
            reason += f"\nA mapping reads the files of the source folder alone, by their names: {files}."
        return BadInput(f"{self._key(query)}: {reason}")
