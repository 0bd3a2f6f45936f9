"""The door to the database: SQLite or PostgreSQL by URL, transactions with a time limit, one exception for "down"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Self

from sqlalchemy import Connection, Engine

from reviews.engines import Place, postgres_engine, read_url, sqlite_engine
from reviews.ledger import Ledger
from reviews.outage import DatabaseDown, outage_of

__all__ = ["Database", "DatabaseDown", "open_database"]

_SCRUB_MILLIS: Final = 200
"""How long scrubbing waits for readers to end."""


class Database:
    """A database that may be down now and back later; whoever holds it need not open it anew.

    Parameters
    ----------
    engine : Engine
    place : Place

    Attributes
    ----------
    ledger : Ledger
        What may be asked of it.
    place : Place
        Where it is, without its password.
    scrubbed : bool
        Nothing that was erased is left in the write-ahead log, as far as this process knows.
    """

    def __init__(self, engine: Engine, place: Place) -> None:
        self._engine = engine
        self._closed = False
        self.place = place
        self.scrubbed = True
        self.ledger = Ledger(self)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that reads.

        Raises
        ------
        DatabaseDown
            Whatever failed, the connection is not used again.
        """
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that writes. It is committed at the end of the block, or nothing of it is kept.

        Raises
        ------
        DatabaseDown
            Nothing was kept; or, where the connection broke at the very end, all of it: whoever tries again has to
            write what can be written twice.
        """
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        connection = None
        try:
            connection = self._engine.connect().execution_options(begin=begin)
            transaction = connection.begin()
            yield connection
            transaction.commit()
        except Exception as error:
            why = outage_of(error)
            if why is None:
                raise
            if connection is not None:
                # Before it is given back, which would ask a server that hangs to roll back.
                connection.invalidate()
            raise DatabaseDown(f"The database {self.place} cannot be used: {why}.") from error
        finally:
            if connection is not None:
                connection.close()  # and rolls back what was not committed
                if self._closed:
                    self._engine.pool.dispose()

    def scrub(self) -> None:
        """Take out of SQLite's write-ahead log what was erased from its file; PostgreSQL does that by vacuuming.

        Where somebody is reading for long, such as a backup, it is left for another time: see `scrubbed`.

        Raises
        ------
        DatabaseDown
        """
        if self.place.path is None:
            return
        self.scrubbed = False
        with self._transaction("") as connection:
            # Whoever writes waits meanwhile.
            patience = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {_SCRUB_MILLIS}")
            try:
                busy, *_ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience}")
        self.scrubbed = not busy

    def close(self) -> None:
        """Close all connections, for good: one that another thread still uses, or takes yet, as soon as it is done."""
        self._closed = True
        self._engine.pool.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_database(url: str, *, seconds: float = 5.0) -> Database:
    """Open a database. Nothing is read yet, so it may well be down.

    Parameters
    ----------
    url : str
        `sqlite:///rapport.db` (three slashes: from here; four: from the root), or
        `postgresql://user:password@host:5432/name`, where `?host=/run/postgresql` names a socket's folder.
    seconds : float
        Within which each statement ends and each connection is there, or the database is down.

    Raises
    ------
    BadInput
        The URL cannot be understood.
    """
    place = read_url(url)
    make = sqlite_engine if place.path is not None else postgres_engine
    return Database(make(place, seconds), place)
