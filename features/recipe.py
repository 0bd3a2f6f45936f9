"""A mapping: the TOML file of SQL that turns a source folder into an export."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from features.events import ACCOUNT_COLUMNS, EVENT_COLUMNS, KINDS, LABEL_COLUMNS, BadInput, Column, check_records

__all__ = ["COLUMNS", "Mapping", "Query", "load_mapping"]

COLUMNS: dict[str, tuple[Column, ...]] = {
    "events": EVENT_COLUMNS,
    "accounts": ACCOUNT_COLUMNS,
    "labels": LABEL_COLUMNS,
}
EXAMPLE = "[events.purchase]\nsql = \"SELECT customer AS account_id, day AS occurred_at FROM 'orders.csv'\""


@dataclass(frozen=True, slots=True)
class Query:
    """One table of a mapping.

    Attributes
    ----------
    name : str
        Its TOML key, such as `events.purchase`.
    table : {"events", "accounts", "labels"}
        Which file of the export its rows go to.
    sql : str
        A single SELECT.
    kind : str or None
        The kind of all its events, unless the SELECT returns a column `kind`.
    """

    name: str
    table: str
    sql: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping; made by :func:`load_mapping`.

    Attributes
    ----------
    path : Path
        The TOML file.
    records : frozenset of str or None
        The kinds that the source records, None where the mapping leaves it to the kinds that it maps.
    queries : tuple of Query
        In the order of the file.
    """

    path: Path
    records: frozenset[str] | None
    queries: tuple[Query, ...]

    def of(self, table: str) -> tuple[Query, ...]:
        """Return the queries whose rows go to one file of the export."""
        return tuple(query for query in self.queries if query.table == table)


def load_mapping(path: Path | str) -> Mapping:
    """Read a mapping.

    Parameters
    ----------
    path : Path or str
        A TOML file with a table `[events.NAME]` for each query of events, optional `[accounts]` and `[labels]`, each
        with `sql`, and an optional list `records`.

    Returns
    -------
    Mapping

    Raises
    ------
    BadInput
        The file is not there or not TOML, a key is missing, unknown or of the wrong type, or `sql` is not a single
        SELECT; the message names the key.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"The mapping {path} does not exist.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise BadInput(f"The mapping {path} is not a TOML file: {error}.") from error
    _refuse_unknown(path, content, ("records", *COLUMNS), "")
    events = content.get("events", {})
    if not isinstance(events, dict) or not events or not all(isinstance(body, dict) for body in events.values()):
        raise BadInput(f"{path} maps no events; write a table [events.NAME] with sql, such as\n{EXAMPLE}")
    queries = [_query(path, f"events.{name}", "events", body, _kind(path, name, body)) for name, body in events.items()]
    queries += [_query(path, name, name, content[name]) for name in ("accounts", "labels") if name in content]
    mapping = Mapping(path, _records(path, content), tuple(queries))
    _refuse_unrecorded(mapping)
    return mapping


def _records(path: Path, content: dict[str, Any]) -> frozenset[str] | None:
    records = content.get("records")
    if records is None:
        return None
    if not isinstance(records, list) or not records or not all(isinstance(kind, str) for kind in records):
        raise BadInput(f'{path}, key records: expected a list of one kind or more, such as ["purchase", "deal"].')
    return check_records(records, path.name)


def _kind(path: Path, name: str, body: dict[str, Any]) -> str | None:
    """Return the kind of a table of events; None leaves it to a column of the query."""
    kind = body.get("kind", name if name in KINDS else None)
    if kind is not None and kind not in KINDS:
        raise BadInput(f"{path}, key events.{name}.kind: found {kind!r}, expected one of {', '.join(KINDS)}.")
    return kind


def _query(path: Path, name: str, table: str, body: object, kind: str | None = None) -> Query:
    if not isinstance(body, dict):
        raise BadInput(f"{path}, key {name}: expected a table [{name}] with a key sql.")
    _refuse_unknown(path, body, ("sql", "kind") if table == "events" else ("sql",), f"{name}.")
    sql = body.get("sql")
    if not isinstance(sql, str) or not sql.strip():
        raise BadInput(f"{path}, key {name}.sql: expected a text with a single SELECT.")
    return Query(name, table, _single_select(path, name, sql), kind)


def _single_select(path: Path, name: str, sql: str) -> str:
    where = f"{path}, key {name}.sql"
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise BadInput(f"{where}: {error}") from error
    if len(statements) != 1:
        raise BadInput(f"{where}: expected a single SELECT, found {len(statements)} statements.")
    found = statements[0].type
    if found != duckdb.StatementType.SELECT:
        raise BadInput(f"{where}: expected a single SELECT, found {found.name}; a mapping only reads.")
    return statements[0].query.strip()


def _refuse_unknown(path: Path, content: dict[str, Any], known: Iterable[str], prefix: str) -> None:
    unknown = sorted(content.keys() - set(known))
    if unknown:
        raise BadInput(f"{path}, key {prefix}{unknown[0]}: not known; expected one of {', '.join(known)}.")


def _refuse_unrecorded(mapping: Mapping) -> None:
    for query in mapping.queries:
        if mapping.records is not None and query.kind is not None and query.kind not in mapping.records:
            raise BadInput(
                f"{mapping.path}, key {query.name}: maps {query.kind} events, but records does not list that kind; "
                "add it."
            )
