"""Many rows in one statement, with as little work a row as the drivers allow.

SQLite's driver takes all rows at once. PostgreSQL's would take them one by one, each with journeys to the server, and
look for placeholders in the statement's text each time: there the rows go as one JSON document, which the server takes
apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final

from sqlalchemy import JSON, Connection, LargeBinary, Select, Table, Uuid, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.functions import FunctionElement

from reviews.sql.insert import Insert, insert_into

__all__ = ["Bulk"]

STEP: Final = 1000
"""Rows in one statement, at most."""

Conflict = Callable[[Insert], Insert]
"""Says what happens to rows whose primary key is there."""


class Bulk:
    """An INSERT of many rows.

    Parameters
    ----------
    table : Table
        Every row has a value for each of its columns.
    conflict : callable
    """

    def __init__(self, table: Table, conflict: Conflict) -> None:
        self._table = table
        self._conflict = conflict
        types = [column.type for column in table.columns]
        self._uuids: Final = [i for i, each in enumerate(types) if isinstance(each, Uuid)]
        self._bytes: Final = [i for i, each in enumerate(types) if isinstance(each, LargeBinary)]

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert the rows, each a tuple in the order of the columns."""
        for start in range(0, len(rows), STEP):
            self._run(connection, rows[start : start + STEP])

    def _run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for i in self._uuids:
            columns[i] = [value.hex for value in columns[i]]
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(self._sqlite, list(zip(*columns, strict=True)))
            return
        for i in self._bytes:
            columns[i] = ["\\x" + value.hex() for value in columns[i]]
        names = self._table.columns.keys()
        document = json.dumps([dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])
        # SQLAlchemy has the transaction begun with its first statement; this one goes past it, straight to the server.
        driver: Any = connection.connection.driver_connection
        driver.execute_unnamed(self._postgresql, vals=(document,))

    @cached_property
    def _sqlite(self) -> str:
        statement = self._conflict(insert_into("sqlite", self._table))
        return str(statement.compile(dialect=sqlite.dialect(), column_keys=self._table.columns.keys()))

    @cached_property
    def _postgresql(self) -> str:
        statement = insert_into("postgresql", self._table).from_select(self._table.columns.keys(), self._rows)
        dialect: Any = postgresql.dialect  # which ships without a type
        return str(self._conflict(statement).compile(dialect=dialect(paramstyle="numeric_dollar")))

    @property
    def _rows(self) -> Select[Any]:
        document = bindparam("document", type_=JSON)
        parts: FunctionElement[Any] = func.json_to_recordset(document)
        given = parts.table_valued(*self._table.columns)
        return select(given.render_derived(name="given", with_types=True))
