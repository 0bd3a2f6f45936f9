"""Verdicts as answers make them: given, replaced, taken back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from reviews.answer import Given
from reviews.desk_tables import answers, audits
from reviews.record import Record
from reviews.sql.journal import Turn
from reviews.sql.reading import find_prediction
from reviews.sql.verdicts import end_verdict, give_verdict, restore_machine, verdict_of
from reviews.terms import DAY, RETRY, STANDS
from reviews.verdict import Ending, Verdict

__all__ = ["settle_on"]


def settle_on(
    connection: Connection, case: Row[Any], by: Given | None, at: int, record: Record, turn: Turn, *, pending: bool
) -> None:
    """Let a case's verdict be what an answer says, or let there be none.

    Parameters
    ----------
    connection : Connection
    case : Row
    by : Given or None
        The answer that holds.
    at : int
        Now, microseconds since 1970 UTC.
    record : Record
        What is shown now.
    turn : Turn
    pending : bool
        None holds, though somebody has answered.
    """
    said = by.answer.relationship if by is not None and by.answer is not None else None
    audited = update(audits).where(audits.c.case_id == case.id)
    connection.execute(audited.values(said=said, pending=pending, changed_at=at))
    before = verdict_of(connection, case.account_id)
    own = before if before is not None and before.case_id == case.id else None
    if by is None:
        if own is not None:
            _end(connection, own, "withdrawn", at, turn)
            _restore(connection, own, turn)
    elif own is None or own.answer_id != by.id:
        if before is not None:
            _end(connection, before, "revised" if own else "superseded", at, turn)
        seen = record if by.prediction_id == record.id else find_prediction(connection, by.prediction_id) or record
        row = _row(connection, case, by, seen, next(turn.numbers))
        give_verdict(connection, row)
        if before is not None and row["relationship"] == "unclear":
            _restore(connection, before, turn)


def _end(connection: Connection, verdict: Verdict, why: Ending, at: int, turn: Turn) -> None:
    end_verdict(connection, verdict.account_id, why, at, next(turn.numbers))


def _restore(connection: Connection, ended: Verdict, turn: Turn) -> None:
    """Let the machine's word hold again, where it did not under the verdict that ended."""
    if ended.relationship != "unclear":
        restore_machine(connection, ended.account_id, next(turn.numbers))


def _told(connection: Connection, by: Given) -> dict[str, Any]:
    """Return what the machine said when an answer was given."""
    columns = [answers.c[name] for name in ("machine", "model_says", "rules_say", "reasons")]
    row = connection.execute(select(*columns).where(answers.c.id == by.id)).one()
    said = {"machine": row.machine, "model_says": row.model_says, "rules_say": row.rules_say}
    return said | {"reason": next(iter(row.reasons.splitlines()), None)}


def _row(connection: Connection, case: Row[Any], by: Given, seen: Record, number: int) -> dict[str, Any]:
    answer = by.answer
    assert answer is not None  # noqa: S101 - what was taken back holds nothing
    days = RETRY.value if answer.relationship == "unclear" else STANDS.value
    drawn = select(audits.c.inclusion).where(audits.c.case_id == case.id).order_by(audits.c.decided_at).limit(1)
    return {
        "id": number,
        "account_id": case.account_id,
        "case_id": case.id,
        "answer_id": by.id,
        "relationship": answer.relationship,
        "hybrid": answer.hybrid,
        "engagement_model": answer.engagement_model,
        "strategic_services": answer.strategic_services,
        "reviewer": by.reviewer,
        "at": by.at,
        "until": by.at + round(days * DAY),
        "prediction_id": seen.id,
        "as_of": seen.as_of,
        "catalogue": seen.catalogue,
        "signals": seen.signals,
        "inclusion": connection.execute(drawn).scalar(),
        **_told(connection, by),
        "change_seq": number,
    }
