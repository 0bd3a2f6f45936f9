"""What an answer does: it is appended, and its case, with all that was said of it, is settled anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, select, update

from reviews.answer import Answer, Given, Shown, Stage
from reviews.case import CaseRefused
from reviews.desk_tables import audits, cases
from reviews.record import Record
from reviews.settling import settle
from reviews.sql.answers import Act, append, current_answers, forget_reading, said_by, skipped
from reviews.sql.cases import hold, lock_case
from reviews.sql.giving import settle_on
from reviews.sql.journal import Turn, take_turn
from reviews.sql.reading import find_prediction
from reviews.sql.verdicts import find_verdict

__all__ = ["Act", "say", "take_back"]

NUMBERS: Final = 4
"""That an answer can use up: its own, the end of a verdict, a verdict, what the machine says again."""

Kind = Literal["answer", "revise", "rule"]

Second = Callable[[UUID, bool], bool]
"""Whether a case gets a second reviewer, by its id and whether its first answer contradicts an audited one."""


def say(connection: Connection, act: Act, kind: Kind, answer: Answer, shown: Shown, second: Second) -> Given:
    """Keep an answer; see :meth:`reviews.desk.Desk.answer`, `revise` and `rule`."""
    # The journal before the case, as whoever writes predictions takes them: else two could wait for each other.
    turn = take_turn(connection, NUMBERS)
    case = lock_case(connection, act.case_id)
    said, current = said_by(connection, case.id, act.reviewer)
    _CHECKS[kind](connection, case, act, current)
    record = find_prediction(connection, shown.prediction_id)
    if record is None or record.account_id != case.account_id:
        raise CaseRefused("other-account")
    stage: Stage = (
        "lead" if kind == "rule" or (current and current.stage == "lead") else "revealed" if said else "blind"
    )
    append(connection, next(turn.numbers), case, act, stage, answer, record, shown)
    wanted = int(case.wanted)
    if wanted == 1 and kind == "answer" and second(case.id, _contradicts(connection, case.id, answer)):
        wanted = 2
    _settle(connection, case, wanted, act, record, turn)
    return said_by(connection, case.id, act.reviewer)[0][-1]


def take_back(connection: Connection, act: Act, until: int) -> None:
    """Take back what a reviewer did last with a case; see :meth:`reviews.desk.Desk.undo`."""
    turn = take_turn(connection, NUMBERS)
    case = lock_case(connection, act.case_id)
    _, current = said_by(connection, case.id, act.reviewer)
    if current is None and skipped(connection, case.id, act.reviewer):
        forget_reading(connection, case.id, act.reviewer)
    else:
        _may_change(connection, case, act, current)
        assert current is not None  # noqa: S101 - as was just checked
        record = find_prediction(connection, current.prediction_id)
        if record is None:
            raise CaseRefused("too-late")
        append(connection, next(turn.numbers), case, act, "withdrawn", None, record, Shown(record.id))
        _settle(connection, case, int(case.wanted), act, record, turn)
        case = lock_case(connection, act.case_id)
    if case.state == "open" and (case.holder is None or case.held_until <= act.at):
        hold(connection, case.id, act.reviewer, until)


def _settle(connection: Connection, case: Row[Any], wanted: int, act: Act, record: Record, turn: Turn) -> None:
    given = current_answers(connection, case.id)
    outcome = settle(given, wanted)
    pending = bool(given) and outcome.by is None
    settle_on(connection, case, outcome.by, act.at, record, turn, pending=pending)
    told = {"state": outcome.state, "wanted": wanted, "closed_at": act.at if outcome.state == "closed" else None}
    # A second reader who is at it keeps the case, whatever the first one does meanwhile.
    if outcome.state != "open" or case.holder == act.reviewer:
        told |= {"holder": None, "held_until": None}
    connection.execute(update(cases).where(cases.c.id == case.id).values(**told))


def _contradicts(connection: Connection, case_id: UUID, answer: Answer) -> bool:
    decided = connection.execute(select(audits.c.relationship).where(audits.c.case_id == case_id)).scalars()
    return any(relationship != answer.relationship for relationship in decided)


def _may_answer(_: Connection, case: Row[Any], act: Act, current: Given | None) -> None:
    if case.state != "open":
        raise CaseRefused("settled")
    if current is not None:
        raise CaseRefused("answered")
    # A lease that has run out is still good while nobody else has taken the case.
    if case.holder != act.reviewer:
        raise CaseRefused("not-held")


def _may_change(connection: Connection, case: Row[Any], act: Act, current: Given | None) -> None:
    if current is None:
        raise CaseRefused("not-answered")
    if current.at < act.since:
        raise CaseRefused("too-late")
    ruled = any(given.stage == "lead" for given in current_answers(connection, case.id))
    # Who sees that another disagrees might change sides, past the team lead.
    if (ruled or case.state == "lead") and current.stage != "lead":
        raise CaseRefused("settled")
    if case.state == "closed" and find_verdict(connection, case.id) is None:
        # It has grown old or was overtaken, and a later case may be open.
        raise CaseRefused("settled")


def _may_rule(connection: Connection, case: Row[Any], act: Act, current: Given | None) -> None:
    if current is not None and current.stage == "lead":
        _may_change(connection, case, act, current)
    elif case.state != "lead":
        raise CaseRefused("settled")


_CHECKS: Final = {"answer": _may_answer, "revise": _may_change, "rule": _may_rule}
