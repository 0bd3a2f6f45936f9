"""The database, for a command: open while it works, and told in one sentence where it is down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import time_ns

from features.events import BadInput
from reviews.database import Database, DatabaseDown, open_database

__all__ = ["HOUR", "micros_now", "opened"]

HOUR = 3600.0
"""Seconds that a statement may take where there may be millions of rows."""


@contextmanager
def opened(url: str, seconds: float = 10.0, named_by: str = "--database or RAPPORT_DATABASE") -> Iterator[Database]:
    """Open a database and close it after the block.

    Parameters
    ----------
    url : str
    seconds : float
        That one statement may take.
    named_by : str
        The command's option that names the database.

    Raises
    ------
    BadInput
        The URL cannot be understood, or the database is down.
    """
    with open_database(url, seconds=seconds) as database:
        try:
            yield database
        except DatabaseDown as error:
            raise BadInput(f"{error} {named_by} names another.") from error


def micros_now() -> int:
    """Return the present moment in microseconds since 1970 UTC."""
    return time_ns() // 1000
