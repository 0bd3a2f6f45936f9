"""Whether the database's tables are those of this code, and making them so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from sqlalchemy import Connection, inspect, text

from features.events import BadInput

if TYPE_CHECKING:
    from reviews.database import Database

__all__ = ["HEAD", "MIGRATIONS", "Schema", "WrongSchema", "check_schema", "prepare", "schema_of", "upgrade"]

HEAD: Final = "0003"
"""The last migration; their names are numbers."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"

_UPGRADES: Final = 0x5261_7070
"""An advisory lock that nothing else takes: two upgrades at once take turns."""


class WrongSchema(BadInput):
    """The database's tables are not those of this code."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables that a database has.

    Attributes
    ----------
    version : str or None
        Their last migration; None where there was none.
    state : {"current", "empty", "behind", "ahead", "strange"}
        Compared with this code; strange are tables that are not Rapport's.
    """

    version: str | None
    state: Literal["current", "empty", "behind", "ahead", "strange"]


def schema_of(database: Database) -> Schema:
    """Return what tables the database has.

    Raises
    ------
    DatabaseDown
    """
    with database.reading() as connection:
        return _schema(connection)


def _schema(connection: Connection) -> Schema:
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        return Schema(None, "strange" if tables else "empty")
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is None:
        return Schema(None, "empty")
    if version == HEAD:
        return Schema(version, "current")
    return Schema(version, "behind" if version.isdigit() and int(version) < int(HEAD) else "ahead")


def check_schema(database: Database) -> None:
    """Check that the database's tables are those of this code.

    Raises
    ------
    WrongSchema
        They are not there, behind or ahead; the message says which command mends it.
    DatabaseDown
    """
    found = schema_of(database)
    if found.state != "current":
        raise _wrong(database, found)


def _wrong(database: Database, found: Schema) -> WrongSchema:
    ways_out = {
        "empty": "has no tables yet. Make them with: rapport db upgrade",
        "behind": f"is at version {found.version} and this Rapport needs {HEAD}. Back it up, then: rapport db upgrade",
        "ahead": f"is at version {found.version}, ahead of this Rapport's {HEAD}. Use the newer Rapport.",
        "strange": "holds tables, but none of Rapport's. Name another database.",
    }
    return WrongSchema(f"The database {database.place} {ways_out[found.state]}")


def prepare(database: Database) -> None:
    """Make the tables of a SQLite database that has none, where nothing can be lost; then check them.

    Raises
    ------
    WrongSchema
        As `check_schema`; also for an empty PostgreSQL, which is nobody's by accident.
    BadInput
        The file's folder is not there.
    DatabaseDown
    """
    if database.place.path is not None:
        _make_file(database.place.path)
        if schema_of(database).state == "empty":
            upgrade(database)
    check_schema(database)


def _make_file(path: Path) -> None:
    if not path.parent.is_dir():
        raise BadInput(f"The database {path} has no folder to lie in: make {path.parent}, or name another file.")
    if not path.exists():
        path.touch(mode=0o600)  # for its owner alone: it holds what is known of accounts


def upgrade(database: Database) -> Schema:
    """Bring the tables to the version of this code, in one transaction; what is in them stays.

    Returns
    -------
    Schema
        As it was before.

    Raises
    ------
    WrongSchema
        The database is ahead, or not Rapport's.
    BadInput
        The file's folder is not there.
    DatabaseDown
    """
    from alembic import command  # noqa: PLC0415 - a service that starts has nothing to migrate
    from alembic.config import Config  # noqa: PLC0415

    if database.place.path is not None:
        _make_file(database.place.path)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_UPGRADES})"))
        before = _schema(connection)
        if before.state in {"ahead", "strange"}:
            raise _wrong(database, before)
        if before.state != "current":
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
    return before
