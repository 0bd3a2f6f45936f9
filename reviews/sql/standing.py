"""What holds of each account, and in which order that changed."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, false, literal_column, null, or_, select, true, union_all

from reviews.change import Change
from reviews.record import Record
from reviews.sql.bulk import Bulk
from reviews.sql.insert import Insert
from reviews.sql.journal import Turn
from reviews.tables import farewells, standing

__all__ = ["changes", "update_standing"]

TOLD: Final = ("relationship", "hybrid", "engagement_model", "strategic_services", "route")
"""An account has changed when one of these has, or whether a reviewer decided: confidence alone moves all the time."""

_REVIEWER: Final[ColumnElement[str]] = literal_column("'reviewer'")
_NUMBER: Final = standing.columns.keys().index("change_seq")
_RECORDED: Final = {"change_seq": "decided_at", "prediction_id": "id"}
_values = attrgetter(*(_RECORDED.get(column.name, column.name) for column in standing.columns))


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
    rows = zip(map(_values, latest.values()), turn.numbers, strict=False)
    _STANDING.run(connection, [(*row[:_NUMBER], seq, *row[_NUMBER + 1 :]) for row, seq in rows])


def _replace_earlier(insert: Insert) -> Insert:
    old, new = standing.c, insert.excluded
    later = or_(
        new.decided_at > old.decided_at,
        and_(new.decided_at == old.decided_at, new.prediction_id > old.prediction_id),
    )
    changed = or_(
        *(old[name].is_distinct_from(new[name]) for name in TOLD),
        (old.decided_by == _REVIEWER) != (new.decided_by == _REVIEWER),
    )
    values: dict[str, ColumnElement[Any]] = {each.name: new[each.name] for each in old if each is not old.account_id}
    values["change_seq"] = case((changed, new.change_seq), else_=old.change_seq)
    return insert.on_conflict_do_update(index_elements=["account_id"], set_=values, where=later)


_STANDING: Final = Bulk(standing, _replace_earlier)


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
        true().label("erased"),
        null().cast(here.prediction_id.type).label("prediction_id"),
        gone.erased_at,
        *(null().cast(here[name].type).label(name) for name in told),
    )
    # Each half stops by itself, so that only what is returned is read.
    halves = [
        half.where(number > after).order_by(number).limit(limit).subquery()
        for half, number in ((standing_now, here.change_seq), (erased, gone.change_seq))
    ]
    both = union_all(*(select(half) for half in halves)).order_by("seq").limit(limit)
    return [Change(*row) for row in connection.execute(both)]
