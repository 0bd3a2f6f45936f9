"""Verdicts in the database: what stands, what stood, and what that makes of the account."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, or_, select, update

from reviews.desk_tables import STANDS, verdicts
from reviews.sql.among import among
from reviews.sql.insert import insert_into
from reviews.tables import api_keys, farewells, predictions, standing
from reviews.verdict import Ending, LabelGiven, Standing, Verdict

__all__ = [
    "changed_verdicts",
    "end_verdict",
    "find_verdict",
    "give_verdict",
    "labels",
    "overdue",
    "restore_machine",
    "verdict_of",
    "verdicts_of",
]

_SEEN: Final = (
    "change_seq",
    "account_id",
    "relationship",
    "hybrid",
    "engagement_model",
    "strategic_services",
    "at",
    "until",
    "catalogue",
    "signals",
)
"""Columns of `Standing`, in its order."""

_KEPT: Final = (
    "id",
    "account_id",
    "case_id",
    "answer_id",
    "relationship",
    "hybrid",
    "engagement_model",
    "strategic_services",
    "reviewer",
    "at",
    "until",
    "ended_at",
    "ended_why",
    "inclusion",
)
"""Columns of `Verdict`, in its order."""


def _columns(names: Collection[str]) -> Select[Any]:
    return select(*(verdicts.c[name] for name in names))


def verdicts_of(connection: Connection, account_ids: Collection[str]) -> dict[str, Standing]:
    """Return the verdicts that stand on these accounts, the "unclear" too."""
    wanted = _columns(_SEEN).where(among(connection, verdicts.c.account_id, account_ids), STANDS)
    return {row.account_id: Standing(*row) for row in connection.execute(wanted)}


def verdict_of(connection: Connection, account_id: str) -> Verdict | None:
    """Return the verdict that stands on an account."""
    return _verdict(connection, verdicts.c.account_id == account_id)


def find_verdict(connection: Connection, case_id: Any) -> Verdict | None:
    """Return the verdict that stands and came of a case."""
    return _verdict(connection, verdicts.c.case_id == case_id)


def _verdict(connection: Connection, whose: ColumnElement[bool]) -> Verdict | None:
    row = connection.execute(_columns(_KEPT).where(whose, STANDS)).first()
    return None if row is None else Verdict(*row)


def give_verdict(connection: Connection, row: dict[str, Any]) -> None:
    """Keep a verdict, given as a row without what ends it; unless it is unclear, it holds of the account now."""
    connection.execute(insert(verdicts), row)
    if row["relationship"] == "unclear":
        return
    holds = {
        "account_id": row["account_id"],
        "change_seq": row["change_seq"],
        "prediction_id": row["prediction_id"],
        "decided_at": row["at"],
        "relationship": row["relationship"],
        "confidence": 1.0,
        "hybrid": row["hybrid"],
        "engagement_model": row["engagement_model"],
        "strategic_services": bool(row["strategic_services"]),
        "decided_by": "reviewer",
        "route": "auto",
    }
    changed = {name: value for name, value in holds.items() if name != "account_id"}
    upsert = insert_into(connection.dialect.name, standing).on_conflict_do_update(
        index_elements=[standing.c.account_id], set_=changed
    )
    connection.execute(upsert, holds)


def end_verdict(connection: Connection, account_id: str, why: Ending, at: int, seq: int) -> None:
    """Let the verdict on an account stand no longer."""
    ended = update(verdicts).where(verdicts.c.account_id == account_id, STANDS)
    connection.execute(ended.values(ended_at=at, ended_why=why, change_seq=seq))


def restore_machine(connection: Connection, account_id: str, seq: int) -> None:
    """Let what the machine said last hold of an account again."""
    said = predictions.c
    latest = (
        select(predictions)
        .where(said.account_id == account_id, said.decided_by != "reviewer")
        .order_by(said.id.desc())
        .limit(1)
    )
    row = connection.execute(latest).first()
    if row is None:
        return
    told = ("relationship", "confidence", "hybrid", "engagement_model", "strategic_services", "decided_by", "route")
    values = {name: getattr(row, name) for name in (*told, "decided_at")}
    holds = update(standing).where(standing.c.account_id == account_id, standing.c.decided_by == "reviewer")
    connection.execute(holds.values(**values, prediction_id=row.id, change_seq=seq))


def overdue(connection: Connection, at: int, limit: int) -> list[Row[Any]]:
    """Return account and case of the verdicts that have grown too old."""
    old = select(verdicts.c.account_id, verdicts.c.id).where(verdicts.c.until <= at, STANDS)
    return list(connection.execute(old.order_by(verdicts.c.until).limit(limit)))


def changed_verdicts(connection: Connection, after: int, limit: int) -> list[Standing]:
    """Return how verdicts changed after one change; see :meth:`reviews.desk.Desk.standing_verdicts`."""
    here, gone = verdicts.c, farewells.c
    ended = here.ended_at.is_not(None).label("ended")
    given = select(*(here[name] for name in _SEEN), ended).where(here.change_seq > after)
    erased = select(gone.change_seq, gone.account_id).where(gone.change_seq > after)
    rows = connection.execute(given.order_by(here.change_seq).limit(limit)).all()
    lost = connection.execute(erased.order_by(gone.change_seq).limit(limit)).all()
    told = [Standing(row.change_seq, row.account_id, None) if row.ended else Standing(*row[:-1]) for row in rows]
    told += [Standing(row.change_seq, row.account_id, None) for row in lost]
    return sorted(told, key=lambda each: each.seq)[:limit]


def labels(connection: Connection, after: int, limit: int) -> list[LabelGiven]:
    """Return verdicts as labels; see :meth:`reviews.desk.Desk.labels`."""
    here = verdicts.c
    mistaken = here.ended_why.in_(["revised", "withdrawn"])
    wanted = (
        select(
            here.id,
            here.account_id,
            here.relationship,
            here.as_of,
            here.at,
            func.coalesce(api_keys.c.name, here.reviewer),
            here.inclusion,
        )
        .outerjoin_from(verdicts, api_keys, api_keys.c.id == here.reviewer)
        .where(here.id > after, here.relationship != "unclear", or_(here.ended_why.is_(None), ~mistaken))
        .order_by(here.id)
        .limit(limit)
    )
    return [LabelGiven(*row) for row in connection.execute(wanted)]
