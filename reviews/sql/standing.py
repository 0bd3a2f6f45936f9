"""What holds of each account, and in which order that changed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, false, null, or_, select, true, union_all

from reviews.change import Change
from reviews.record import Record
from reviews.sql.insert import Insert, insert_into
from reviews.sql.journal import Turn
from reviews.tables import farewells, standing

__all__ = ["changes", "update_standing"]

TOLD: Final = ("relationship", "hybrid", "engagement_model", "strategic_services", "route")
"""An account has changed when one of these has, or whether a reviewer decided: confidence alone moves all the time."""

_COPIED: Final = tuple(
    column.name for column in standing.columns if column.name not in {"account_id", "change_seq", "prediction_id"}
)


def update_standing(connection: Connection, records: Iterable[Record], turn: Turn) -> None:
    """Let the latest of the records say what holds of each account, unless a later one is known.

    Parameters
    ----------
    connection : Connection
    records : iterable of Record
    turn : Turn
        With a number for each account.
    """
    latest: dict[str, Record] = {}
    for record in records:
        known = latest.get(record.account_id)
        if known is None or (record.decided_at, record.id) > (known.decided_at, known.id):
            latest[record.account_id] = record
    if latest:
        rows = [_row(record, seq) for record, seq in zip(latest.values(), turn.numbers, strict=False)]
        connection.execute(_upsert(connection.dialect.name), rows)


def _row(record: Record, seq: int) -> dict[str, Any]:
    row = {name: getattr(record, name) for name in _COPIED}
    return row | {"account_id": record.account_id, "change_seq": seq, "prediction_id": record.id}


@cache
def _upsert(dialect: str) -> Insert:
    statement = insert_into(dialect, standing)
    old, new = standing.c, statement.excluded
    later = or_(
        new.decided_at > old.decided_at,
        and_(new.decided_at == old.decided_at, new.prediction_id > old.prediction_id),
    )
    changed = or_(
        *(old[name].is_distinct_from(new[name]) for name in TOLD),
        (old.decided_by == "reviewer") != (new.decided_by == "reviewer"),
    )
    values: dict[str, ColumnElement[Any]] = {name: new[name] for name in (*_COPIED, "prediction_id")}
    values["change_seq"] = case((changed, new.change_seq), else_=old.change_seq)
    return statement.on_conflict_do_update(index_elements=[old.account_id], set_=values, where=later)


def changes(connection: Connection, after: int, limit: int) -> list[Change]:
    """Return the changes after one, in their order; see :meth:`reviews.ledger.Ledger.changes`.

    One statement, so that both tables are seen at one moment.
    """
    here, gone = standing.c, farewells.c
    told = ("relationship", "confidence", "hybrid", "engagement_model", "strategic_services", "decided_by", "route")
    standing_now = select(
        here.change_seq.label("seq"),
        here.account_id,
        false().label("erased"),
        here.prediction_id,
        here.decided_at,
        *(here[name] for name in told),
    )
    erased = select(
        gone.change_seq,
        gone.account_id,
        true(),
        null().cast(here.prediction_id.type),
        gone.erased_at,
        *(null().cast(here[name].type) for name in told),
    )
    # Each half stops by itself, so that only what is returned is read.
    halves = [
        half.where(number > after).order_by(number).limit(limit).subquery()
        for half, number in ((standing_now, here.change_seq), (erased, gone.change_seq))
    ]
    both = union_all(*(select(half) for half in halves)).order_by("seq").limit(limit)
    return [Change(*row) for row in connection.execute(both)]
