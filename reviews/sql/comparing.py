"""Reading what an account is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from reviews.comparison import Told
from reviews.desk_tables import verdicts
from reviews.record import signals_of
from reviews.tables import predictions

__all__ = ["lately_automatic", "lately_told"]


def lately_automatic(connection: Connection, n: int) -> list[Told]:
    """Return accounts that were decided automatically and are no cases: the latest predictions."""
    said = predictions.c
    columns = (said.account_id, said.relationship, said.decided_at, said.catalogue, said.signals)
    latest = select(*columns).where(said.route == "auto", said.inclusion.is_(None))
    return _told(connection.execute(latest.order_by(said.id.desc()).limit(n)))


def lately_told(connection: Connection, account_id: str, n: int) -> list[Told]:
    """Return accounts of which reviewers told what they are, the latest verdicts, but for one account."""
    said = verdicts.c
    columns = (said.account_id, said.relationship, said.at, said.catalogue, said.signals)
    true_then = or_(said.ended_why.is_(None), said.ended_why.not_in(["revised", "withdrawn"]))
    latest = select(*columns).where(said.relationship != "unclear", true_then, said.account_id != account_id)
    return _told(connection.execute(latest.order_by(said.id.desc()).limit(n)))


def _told(rows: Iterable[Row[*tuple[Any, ...]]]) -> list[Told]:
    found = []
    for account_id, relationship, at, catalogue, signals in rows:
        measured = signals_of(catalogue, signals)
        if measured is not None:
            found.append(Told(account_id, relationship, at, measured))
    return found
