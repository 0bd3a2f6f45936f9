"""Which failures mean that the database cannot be used now, and how they are told without saying what was in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

__all__ = ["DatabaseDown", "outage_of"]


class DatabaseDown(Exception):
    """The database cannot be reached, hangs, is full, gone or read-only. Later it may be there again."""


_SQLITE: Final = {
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_BUSY: "another process holds it for too long",
    sqlite3.SQLITE_LOCKED: "another connection holds it for too long",
    sqlite3.SQLITE_NOMEM: "memory has run out",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_INTERRUPT: "it was interrupted",
    sqlite3.SQLITE_IOERR: "reading or writing its file failed",
    sqlite3.SQLITE_CORRUPT: "its file is damaged; restore a backup",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "its file cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "another process holds it for too long",
    sqlite3.SQLITE_NOTADB: "its file is no SQLite database",
}
"""By primary result code."""

_MISSING_TABLE: Final = "no such table"

_POSTGRES: Final = {
    "08": "the connection broke",
    "25006": "it is read-only",
    "25P": "the transaction waited too long",
    "28": "the server refuses this user or password",
    "3D": "the server has no such database",
    "40": "another transaction was in the way",
    "42501": "this user may not write to its tables",
    "42P01": "its tables are gone",
    "53": "the server is out of disk, memory or connections",
    "55": "another transaction holds it for too long",
    "57014": "a statement took too long",
    "57": "the server is stopping or starting",
    "58": "reading or writing its files failed",
    "XX": "the server reports damage",
}
"""By the beginning of SQLSTATE; the longest that fits counts."""


def outage_of(error: BaseException) -> str | None:
    """Say in words why an error means that the database cannot be used now; None where it means something else.

    What is returned never repeats a message of the database, since that may quote what stands in it.
    """
    if isinstance(error, NoConnectionFree):
        return "all connections are in use"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError):
        return "the connection broke"
    if isinstance(error, DBAPIError):
        return _of_driver(error.orig) or ("the connection broke" if error.connection_invalidated else None)
    return _of_driver(error)


def _of_driver(error: BaseException | None) -> str | None:
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    if error is None or not type(error).__module__.startswith("pg8000"):
        return None
    state = _state(error)
    if state is not None:
        return _of_state(state)
    return _of_socket(error) if type(error).__name__ == "InterfaceError" else None


def _of_socket(error: BaseException) -> str:
    """Say what befell a socket, for which pg8000 has one exception.

    A server that refuses a connection also closes it, and it is of that that pg8000 complains last.
    """
    for each in _chain(error):
        if isinstance(each, TimeoutError):
            return "it did not answer in time"
        why = _of_state(_state(each) or "")
        if why is not None:
            return why
    return "it cannot be reached"


def _state(error: BaseException) -> str | None:
    """Return the SQLSTATE that a server answered with."""
    told: Any = error.args[0] if error.args else None
    return str(told["C"]) if isinstance(told, dict) and "C" in told else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _of_sqlite(error: sqlite3.Error) -> str | None:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if str(error).startswith(_MISSING_TABLE):
        return "its tables are gone"
    return _SQLITE.get(code & 0xFF)  # the rest says more closely what failed


def _of_state(state: str) -> str | None:
    return next((_POSTGRES[state[:n]] for n in (5, 3, 2) if state[:n] in _POSTGRES), None)
