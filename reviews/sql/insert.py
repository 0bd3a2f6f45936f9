"""Insertions that both databases understand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["Insert", "insert_into", "insert_new"]

Insert = postgresql.Insert | sqlite.Insert


def insert_into(dialect: str, table: Table) -> Insert:
    """Return an INSERT of the database at hand, which may say what happens on a conflict."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows whose primary key is not there yet."""
    if rows:
        connection.execute(_insert_new(connection.dialect.name, table), rows)


@cache
def _insert_new(dialect: str, table: Table) -> Insert:
    return insert_into(dialect, table).on_conflict_do_nothing(index_elements=list(table.primary_key.columns))
