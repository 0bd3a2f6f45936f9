"""Looking after the database: counting, forgetting what is old, backing up."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, delete, func, select

from features.events import BadInput
from reviews.change import SEAL
from reviews.engines import Place
from reviews.sql.forgetting import still_shown
from reviews.tables import evidence, journal, metadata, predictions

__all__ = ["backup", "counts", "ping", "prune"]

Transaction = Callable[[], AbstractContextManager[Connection]]

STEP: Final = 2000
"""Predictions that are forgotten in one transaction."""

_SLACK: Final = 2 * 86_400_000_000
"""Microseconds by which an id may say that it is later than its prediction."""


def ping(connection: Connection) -> None:
    """Read one row."""
    connection.execute(select(journal.c.change_seq)).one()


def counts(connection: Connection) -> dict[str, int]:
    """Count the rows of each table."""
    tables = [table for table in metadata.sorted_tables if table is not journal]
    counted = connection.execute(select(*(select(func.count()).select_from(each).scalar_subquery() for each in tables)))
    return dict(zip((table.name for table in tables), counted.one(), strict=True))


def prune(reading: Transaction, writing: Transaction, before: int) -> int:
    """Delete predictions from before a time, with their evidence, but for those that unsettled cases show.

    They are looked for without holding up whoever writes, and along their ids, which are in the order of time.
    """
    pruned, last, end = 0, UUID(int=0), _id_after(before + _SLACK)
    while True:
        old = select(predictions.c.id).where(
            predictions.c.id > last, predictions.c.id < end, predictions.c.decided_at < before
        )
        with reading() as connection:
            ids = list(connection.execute(old.order_by(predictions.c.id).limit(STEP)).scalars())
        if not ids:
            return pruned
        last = ids[-1]
        with writing() as connection:
            shown = still_shown(connection, ids)
            ids = [each for each in ids if each not in shown]
            connection.execute(delete(evidence).where(evidence.c.prediction_id.in_(ids)))
            pruned += connection.execute(delete(predictions).where(predictions.c.id.in_(ids))).rowcount


def _id_after(at: int) -> UUID:
    """Return an id of version 7 after all from before a time."""
    return UUID(int=(min(max(at // 1000, 0), 2**48 - 2) + 1) << 80)


def backup(place: Place, reading: Transaction, path: Path) -> None:
    """Copy a SQLite database to a new file and check the copy."""
    if place.path is None:
        raise BadInput("This command backs up SQLite files. For PostgreSQL use pg_dump, which comes with it.")
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        raise BadInput(f"{path} is there already, and a backup overwrites nothing. Name another file.") from None
    try:
        with reading() as connection, closing(sqlite3.connect(path)) as copy:
            flaw = _copy(connection, copy)
        with path.open("rb") as file:
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if flaw is not None:
        raise BadInput(f"The copy {path} is damaged, and so may be {place}: {flaw}")


def _copy(connection: Connection, copy: sqlite3.Connection) -> str | None:
    """Copy the database, and say what is wrong with the copy."""
    source = connection.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)  # noqa: S101 - as its place says
    source.backup(copy)
    copy.execute("DELETE FROM secrets WHERE name = ?", [SEAL]).close()
    copy.commit()
    # One file without companions, which can be carried anywhere.
    copy.execute("PRAGMA journal_mode=DELETE").close()
    found = [text for (text,) in copy.execute("PRAGMA integrity_check").fetchall()]
    return None if found == ["ok"] else str(found[0])
