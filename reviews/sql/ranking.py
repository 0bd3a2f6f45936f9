"""Handing the values of cases out anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from reviews.desk_tables import OPEN, cases
from reviews.sql.among import among
from reviews.value import due_at, handed_out

__all__ = ["rank_cases"]

_ROUTED: Final = "route"
"""What the machine sent to a review itself. Audits keep the value that was drawn for them, else they would tell of
doubtful accounts."""


def rank_cases(connection: Connection, account_ids: Sequence[str], first: Sequence[str]) -> None:
    """Let the open cases of some accounts be due in this order, before those of the others; see `handed_out`.

    Parameters
    ----------
    connection : Connection
    account_ids : sequence of str
        Whose values are handed out.
    first : sequence of str
        Of them.
    """
    asked = select(cases.c.id, cases.c.account_id, cases.c.opened_at, cases.c.value)
    asked = asked.where(among(connection, cases.c.account_id, account_ids), OPEN, cases.c.why == _ROUTED)
    found = {row.account_id: row for row in connection.execute(asked.with_for_update())}
    values = handed_out({account: row.value for account, row in found.items()}, first)
    rows: list[dict[str, Any]] = [
        {"case": found[account].id, "worth": value, "then": due_at(found[account].opened_at, value)}
        for account, value in sorted(values.items())
        if value != found[account].value
    ]
    if rows:
        ranked = update(cases).where(cases.c.id == bindparam("case"))
        connection.execute(ranked.values(value=bindparam("worth"), due=bindparam("then")), rows)
