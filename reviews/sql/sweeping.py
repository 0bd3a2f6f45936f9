"""What the desk does without a prediction or an answer: ending verdicts that grew old, opening cases for old ones."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, select

from reviews.case import Why
from reviews.desk_tables import STANDS, verdicts
from reviews.record import Record
from reviews.sql.journal import take_turn
from reviews.sql.openings import Opening, open_cases
from reviews.sql.rows import WITH_EVIDENCE, record_of
from reviews.sql.verdicts import end_verdict
from reviews.tables import evidence, predictions

__all__ = ["end_overdue", "open_again"]


def end_overdue(connection: Connection, at: int, limit: int) -> int:
    """End verdicts that grew too old, open a case for each account of which there is something to show, and count."""
    turn = take_turn(connection, limit)
    here = verdicts.c
    overdue = select(here.account_id, here.id).where(here.until <= at, STANDS).order_by(here.until).limit(limit)
    found = connection.execute(overdue).all()
    for row in found:
        end_verdict(connection, row.account_id, "expired", at, next(turn.numbers))
        _open(connection, row, at, "expired")
    return len(found)


def _open(connection: Connection, verdict: Row[Any, Any], at: int, why: Why) -> None:
    record = _latest(connection, predictions.c.account_id == verdict.account_id)
    if record is not None:
        # The prediction may have opened a case before, so this one is named after the verdict that ended.
        name = blake2b(f"{verdict.id} {record.id}".encode(), digest_size=16).digest()
        open_cases(connection, [Opening(record, why, UUID(bytes=name), at)])


def _latest(connection: Connection, whose: ColumnElement[bool]) -> Record | None:
    """Return the latest prediction with something to show; where there is none, the latest."""
    newest = (evidence.c.prediction_id.is_(None), predictions.c.id.desc())
    row = connection.execute(WITH_EVIDENCE.where(whose).order_by(*newest).limit(1)).first()
    return None if row is None else record_of(row)


def open_again(connection: Connection, wanted: Sequence[UUID], why: Why, at: int) -> int:
    """Open cases for predictions that are kept, unless a verdict stands on their account; say for how many."""
    standing = select(verdicts.c.id).where(verdicts.c.account_id == predictions.c.account_id, STANDS)
    records = []
    for prediction_id in wanted:
        row = connection.execute(WITH_EVIDENCE.where(predictions.c.id == prediction_id, ~standing.exists())).first()
        if row is not None:
            records.append(record_of(row))
    open_cases(connection, [Opening(record, why, at=at) for record in records])
    return len(records)
