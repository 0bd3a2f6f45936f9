"""How each kind of database is connected to, so that what was acknowledged is on disk and nothing waits for ever."""

from __future__ import annotations

import os
import sqlite3
import ssl
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.pool import QueuePool

from features.events import BadInput

__all__ = ["Place", "postgres_engine", "read_url", "sqlite_engine"]

CONNECTIONS: Final = 4
"""At most, in one process: one writes, the others read."""

SSL_MODES: Final = ("disable", "prefer", "require", "verify-ca", "verify-full")
"""As libpq has them: prefer and require encrypt, the last two also check who answers."""

_FORMS = "sqlite:///rapport.db or postgresql://user:password@host:5432/name"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a database is.

    Attributes
    ----------
    url : URL
    path : Path or None
        Of the file; None where it is no SQLite database.
    """

    url: URL
    path: Path | None

    def __str__(self) -> str:
        return str(self.path) if self.path else self.url.render_as_string(hide_password=True)


def read_url(text: str) -> Place:
    """Understand a database's URL.

    Raises
    ------
    BadInput
        It is of no kind that Rapport knows, or says what such a URL cannot.

    Examples
    --------
    >>> print(read_url("postgresql://ann:secret@db.example.com/rapport"))
    postgresql://ann:***@db.example.com/rapport
    """
    try:
        url = make_url(text)
    except ArgumentError:
        # Not the text itself: it may hold a password.
        raise BadInput(f"The database's URL cannot be understood: expected {_FORMS}.") from None
    name = url.get_backend_name()
    if name == "sqlite":
        return _sqlite_place(url)
    if name != "postgresql" or url.drivername not in {"postgresql", "postgresql+pg8000"}:
        raise BadInput(f"A database's URL begins as {_FORMS}; got {url.drivername}://.")
    if not url.database or not url.username:
        raise BadInput(
            f"A PostgreSQL URL names a user and a database: expected postgresql://user@host/name, got {url}."
        )
    options = {name: value for name, value in url.query.items() if isinstance(value, str)}
    mode = options.get("sslmode", "prefer")
    if options.keys() - {"host", "sslmode", "sslrootcert"} or len(options) < len(url.query) or mode not in SSL_MODES:
        raise BadInput(
            "A PostgreSQL URL takes, each once, ?host=DIR for a socket's folder, sslmode="
            f"{'|'.join(SSL_MODES)} and sslrootcert=FILE; got {url}."
        )
    return Place(url, None)


def _sqlite_place(url: URL) -> Place:
    if not url.database or url.database == ":memory:" or url.query or url.host:
        raise BadInput(f"A SQLite URL names a file and nothing else: expected sqlite:///rapport.db, got {url}.")
    return Place(url, Path(url.database).absolute())


def sqlite_engine(place: Place, seconds: float) -> Engine:
    """Return an engine for a file. It never makes the file: where it is gone, connecting fails."""
    path = place.path
    assert path is not None  # noqa: S101 - as the caller has just found
    engine = create_engine("sqlite://", creator=partial(_open_file, path, seconds), **_pool(seconds))

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = connection.get_execution_options()["begin"]
        if statement:
            connection.exec_driver_sql(statement)

    @event.listens_for(engine, "connect")
    def identify(_: Any, record: Any) -> None:
        record.info["file"] = _identity(path)

    @event.listens_for(engine, "checkout")
    def compare(_: Any, record: Any, __: Any) -> None:
        # A file that was deleted or replaced goes on to be written to, and what is written is lost.
        if record.info["file"] != _identity(path):
            raise DisconnectionError

    return engine


def _open_file(path: Path, seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=seconds, isolation_level=None, check_same_thread=False
    )
    try:
        # FULL: a commit returns when it is on disk. secure_delete: what is erased is overwritten.
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        connection.close()
        raise
    return connection


def _identity(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Tell the file, and its write-ahead log, from others that may take their names."""
    return tuple(_inode(f"{path}{suffix}") for suffix in ("", "-wal"))


def _inode(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - at every transaction
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def postgres_engine(place: Place, seconds: float) -> Engine:
    """Return an engine for a PostgreSQL server."""
    url = place.url.set(drivername="postgresql+pg8000", query={})
    given: dict[str, Any] = {"timeout": seconds, "application_name": "rapport", "ssl_context": _ssl(place.url)}
    folder = place.url.query.get("host")
    if folder is not None:
        given |= {"unix_sock": f"{folder}/.s.PGSQL.{url.port or 5432}", "ssl_context": False}
    engine = create_engine(url, connect_args=given, **_pool(seconds))

    @event.listens_for(engine, "connect")
    def limit(connection: Any, _: Any) -> None:
        cursor = connection.cursor()
        # A little sooner than the socket, so that the server gives up by itself and the connection can go on.
        cursor.execute(f"SET statement_timeout = {max(1, int(seconds * 900))}")
        # A commit returns when it is on disk, also where the server's owner thinks otherwise.
        on = "set_config('synchronous_commit', 'on', false)"
        cursor.execute(f"SELECT {on} WHERE current_setting('synchronous_commit') = 'off'")
        cursor.execute("COMMIT")
        cursor.close()

    return engine


def _ssl(url: URL) -> bool | ssl.SSLContext | None:
    """Return what pg8000 takes for an SSL mode: False never, None where the server can, True always."""
    mode, root = url.query.get("sslmode", "prefer"), url.query.get("sslrootcert")
    if not str(mode).startswith("verify"):
        return {"disable": False, "prefer": None, "require": True}[str(mode)]
    try:
        context = ssl.create_default_context(cafile=None if root is None else str(root))
    except OSError as error:
        raise BadInput(f"sslrootcert={root} cannot be read ({error}): name a file of PEM certificates.") from error
    context.check_hostname = mode == "verify-full"
    return context


def _pool(seconds: float) -> dict[str, Any]:
    return {
        "poolclass": QueuePool,
        "pool_size": CONNECTIONS,
        "max_overflow": 0,
        "pool_timeout": seconds,
        # Else an exception would quote what was to be written.
        "hide_parameters": True,
    }
