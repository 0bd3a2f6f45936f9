"""Reading predictions back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from reviews.record import Record
from reviews.sql.rows import WITH_EVIDENCE, record_of
from reviews.tables import predictions

__all__ = ["find_prediction", "history", "latest"]

PAGE: Final = 1000
"""Records that are read at a time."""


def find_prediction(connection: Connection, id: UUID) -> Record | None:  # noqa: A002 - its name everywhere
    """Return the prediction of this id."""
    row = connection.execute(WITH_EVIDENCE.where(predictions.c.id == id)).first()
    return None if row is None else record_of(row)


def history(connection: Connection, account_id: str, before: UUID | None, limit: int) -> list[Record]:
    """Return an account's predictions, the newest first."""
    wanted = WITH_EVIDENCE.where(predictions.c.account_id == account_id)
    if before is not None:
        wanted = wanted.where(predictions.c.id < before)
    rows = connection.execute(wanted.order_by(predictions.c.id.desc()).limit(limit))
    return [record_of(row) for row in rows]


def latest(reading: Callable[[], AbstractContextManager[Connection]], n: int) -> Iterator[Record]:
    """Yield the newest predictions, the newest first; no transaction stays open between two pages."""
    before: UUID | None = None
    while n > 0:
        wanted = WITH_EVIDENCE if before is None else WITH_EVIDENCE.where(predictions.c.id < before)
        with reading() as connection:
            rows = connection.execute(wanted.order_by(predictions.c.id.desc()).limit(min(n, PAGE))).all()
        if not rows:
            return
        yield from map(record_of, rows)
        before, n = rows[-1].id, n - len(rows)
