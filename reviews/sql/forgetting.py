"""What the desk forgets with an account, and what it still needs of old predictions."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, delete, select

from reviews.desk_tables import UNSETTLED, answers, audits, cases, readings, verdicts

__all__ = ["forget_account", "still_shown"]


def forget_account(connection: Connection, account_id: str) -> bool:
    """Erase what the desk knows of an account, and say whether there was anything."""
    of_cases = select(cases.c.id).where(cases.c.account_id == account_id)
    connection.execute(delete(readings).where(readings.c.case_id.in_(of_cases)))
    erased = [
        connection.execute(delete(table).where(table.c.account_id == account_id)).rowcount
        for table in (cases, answers, verdicts, audits)
    ]
    return any(erased)


def still_shown(connection: Connection, ids: Collection[UUID]) -> set[UUID]:
    """Return those of some predictions that unsettled cases show, which are needed however old they are."""
    shown = select(cases.c.prediction_id).where(cases.c.prediction_id.in_(ids), UNSETTLED)
    return set(connection.execute(shown).scalars())
