"""Answers in the database: appended, never edited."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, delete, insert, select

from reviews.answer import Answer, Given, Shown, Stage
from reviews.checklist import fits
from reviews.desk_tables import answers, readings
from reviews.record import Record
from reviews.settling import current_of
from reviews.sql.insert import insert_into

__all__ = [
    "Act",
    "answers_by_case",
    "append",
    "current_answers",
    "forget_reading",
    "history",
    "reviewers",
    "said_by",
    "skip",
    "skipped",
]


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something with which case, and when.

    Attributes
    ----------
    case_id : UUID
    reviewer : str
    at : int
        Microseconds since 1970 UTC.
    since : int
        What was said before can no longer be changed.
    """

    case_id: UUID
    reviewer: str
    at: int
    since: int


def append(
    connection: Connection,
    number: int,
    case: Row[Any],
    act: Act,
    stage: Stage,
    answer: Answer | None,
    record: Record,
    shown: Shown,
) -> None:
    """Keep what a reviewer says, or with no answer that they take back what they said."""
    other, other_said = _other(connection, case, stage)
    row = {
        "id": number,
        "case_id": case.id,
        "account_id": case.account_id,
        "reviewer": act.reviewer,
        "at": act.at,
        "stage": stage,
        "prediction_id": record.id,
        "model": record.model,
        "rules": record.rules,
        "machine": record.relationship,
        "model_says": shown.model_says,
        "rules_say": shown.rules_say,
        "reasons": "\n".join(shown.reasons),  # a rule's name has spaces
        "other": other,
        "other_said": other_said,
        "was": _was(connection, case.id, act.reviewer, stage, answer),
    }
    if answer is not None:
        row |= {name: getattr(answer, name) for name in _SAID}
        row["checklist"] = json.dumps(dict(answer.checklist))
    connection.execute(insert(answers), row)
    counts = said_by(connection, case.id, act.reviewer)[1]
    if counts is None:
        forget_reading(connection, case.id, act.reviewer)
    else:
        _read(connection, case.id, act.reviewer, counts.at, counts.id)


def _other(connection: Connection, case: Row[Any], stage: Stage) -> tuple[str | None, str | None]:
    """Return who else gave a blind answer that stands, and what it was, so that their agreement can be told."""
    if stage == "blind" and case.wanted > 1:
        for given in current_answers(connection, case.id):
            if given.stage == "blind" and given.answer is not None:
                return given.reviewer, given.answer.relationship
    return None, None


def _was(connection: Connection, case_id: UUID, reviewer: str, stage: Stage, answer: Answer | None) -> str | None:
    """Return what a reviewer said before the reveal, where what they say after it is something else."""
    if stage != "revealed" or answer is None:
        return None
    blind = [given.answer for given in said_by(connection, case_id, reviewer)[0] if given.stage == "blind"]
    return blind[-1].relationship if blind and blind[-1] and blind[-1].relationship != answer.relationship else None


_SAID: Final = ("relationship", "hybrid", "engagement_model", "strategic_services", "sureness", "note")


def skip(connection: Connection, case_id: UUID, reviewer: str, at: int) -> None:
    """Remember that a reviewer passed a case by."""
    _read(connection, case_id, reviewer, at, None)


def _read(connection: Connection, case_id: UUID, reviewer: str, at: int, answer_id: int | None) -> None:
    row = {"case_id": case_id, "reviewer": reviewer, "at": at, "answer_id": answer_id}
    again = insert_into(connection.dialect.name, readings).on_conflict_do_update(
        index_elements=[readings.c.case_id, readings.c.reviewer], set_={"at": at, "answer_id": answer_id}
    )
    connection.execute(again, row)


def skipped(connection: Connection, case_id: UUID, reviewer: str) -> bool:
    """Say whether a reviewer passed a case by."""
    whose = (readings.c.case_id == case_id) & (readings.c.reviewer == reviewer) & readings.c.answer_id.is_(None)
    return connection.execute(select(readings.c.at).where(whose)).first() is not None


def forget_reading(connection: Connection, case_id: UUID, reviewer: str) -> None:
    """Let a reviewer be as if they had not seen a case."""
    connection.execute(delete(readings).where(readings.c.case_id == case_id, readings.c.reviewer == reviewer))


def current_answers(connection: Connection, case_id: UUID) -> list[Given]:
    """Return what each reviewer says of a case now, the oldest first."""
    return answers_by_case(connection, [case_id])[case_id]


def answers_by_case(connection: Connection, case_ids: Sequence[UUID]) -> dict[UUID, list[Given]]:
    """Return what each reviewer says of some cases now, the oldest first."""
    found: dict[UUID, list[Given]] = {case_id: [] for case_id in case_ids}
    said = select(answers).join(readings, readings.c.answer_id == answers.c.id)
    for row in connection.execute(said.where(readings.c.case_id.in_(case_ids)).order_by(answers.c.id)):
        found[row.case_id].append(_given(row))
    return found


def said_by(connection: Connection, case_id: UUID, reviewer: str) -> tuple[list[Given], Given | None]:
    """Return all that a reviewer ever said of a case, the oldest first, and of that what they say now."""
    wanted = select(answers).where(answers.c.case_id == case_id, answers.c.reviewer == reviewer)
    said = [_given(row) for row in connection.execute(wanted.order_by(answers.c.id))]
    return said, current_of(said)


def history(connection: Connection, reviewer: str, before: int | None, limit: int) -> list[Given]:
    """Return what a reviewer said of any case, the latest first."""
    wanted = select(answers).where(answers.c.reviewer == reviewer)
    if before is not None:
        wanted = wanted.where(answers.c.id < before)
    return [_given(row) for row in connection.execute(wanted.order_by(answers.c.id.desc()).limit(limit))]


def reviewers(connection: Connection) -> list[str]:
    """Return all who ever answered."""
    return list(connection.execute(select(answers.c.reviewer).distinct()).scalars())


def _given(row: Row[Any]) -> Given:
    answer = None
    if row.stage != "withdrawn":
        # What was ticked of a question that is no longer asked stays in the ledger, and nobody is shown it.
        ticks = {code: tick for code, tick in json.loads(row.checklist).items() if fits(code, tick)}
        answer = Answer(**{name: getattr(row, name) for name in _SAID}, checklist=ticks)
    return Given(
        id=row.id,
        case_id=row.case_id,
        account_id=row.account_id,
        reviewer=row.reviewer,
        at=row.at,
        stage=row.stage,
        answer=answer,
        prediction_id=row.prediction_id,
        model=row.model,
        rules=row.rules,
    )
