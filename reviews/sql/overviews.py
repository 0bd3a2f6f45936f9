"""Counting for the team lead, so that few rows leave the database."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.sql.functions import FunctionElement

from reviews.agreement import Pairing
from reviews.audited import Drawn
from reviews.desk_tables import OPEN, answers, audits, cases, verdicts
from reviews.overview import Facts, Read, Throughput, Waiting
from reviews.sample import month_of
from reviews.terms import DAY

__all__ = ["AGES", "facts"]

AGES: Final = (0, 1, 3, 7, 14, 30, 90)
"""Days by which open cases are told apart."""

_WEEK: Final = 7 * DAY
_MONDAY: Final = 4 * DAY
"""The first of 1970."""

_TRUE_THEN: Final = or_(verdicts.c.ended_why.is_(None), verdicts.c.ended_why.not_in(["revised", "withdrawn"]))
"""Verdicts that were no mistakes of whoever gave them."""


def facts(connection: Connection, since: int, until: int, at: int) -> Facts:
    """Count what happened from one time to another, and what waits now."""
    return Facts(
        waiting=_waiting(connection, at),
        opened=_n(connection, _within(cases.c.opened_at, since, until)),
        settled=_n(connection, and_(cases.c.state == "closed", _within(cases.c.closed_at, since, until))),
        revised=_revised(connection, since, until),
        throughput=_throughput(connection, since, until),
        pairings=_pairings(connection, since, until),
        drawn=_drawn(connection, since, until),
        read=_read(connection, since, until),
    )


def _within(column: ColumnElement[int], since: int, until: int) -> ColumnElement[bool]:
    return and_(column >= since, column < until)


def _n(connection: Connection, which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(cases).where(which)).scalar_one()


def _sum(which: ColumnElement[bool]) -> FunctionElement[int]:
    return func.sum(case((which, 1), else_=0))


def _waiting(connection: Connection, at: int) -> Waiting:
    here = cases.c
    waited = [_sum(here.opened_at <= at - days * DAY) for days in AGES]
    held = _sum(and_(here.holder.is_not(None), here.held_until > at))
    counted = select(here.why, func.count(), held, _sum(here.wanted > 1), func.min(here.opened_at), *waited)
    rows = connection.execute(counted.where(OPEN).group_by(here.why).order_by(here.why)).all()
    lead = _n(connection, here.state == "lead")
    _, n, held_now, second, oldest, *older = zip(*rows, strict=True) if rows else [()] * (5 + len(AGES))
    totals = [*(int(sum(column)) for column in older), 0]
    ages = zip(AGES, (a - b for a, b in pairwise(totals)), strict=True)
    return Waiting(
        open=sum(n),
        held=int(sum(held_now)),
        second=int(sum(second)),
        lead=lead,
        oldest_at=min(oldest, default=None),
        ages=tuple(ages),
        why=tuple((row.why, row[1]) for row in rows),
    )


def _throughput(connection: Connection, since: int, until: int) -> list[Throughput]:
    here = answers.c
    # Written out: PostgreSQL takes two parameters for two things, and groups by neither.
    week = ((here.at - literal_column(str(_MONDAY), BigInteger)) // literal_column(str(_WEEK), BigInteger)).label(
        "week"
    )
    counted = select(week, here.reviewer, func.count()).where(
        _within(here.at, since, until), here.stage.in_(["blind", "lead"])
    )
    rows = connection.execute(counted.group_by(week, here.reviewer).order_by(week, here.reviewer))
    return [Throughput(number * _WEEK + _MONDAY, reviewer, n) for number, reviewer, n in rows]


def _revised(connection: Connection, since: int, until: int) -> tuple[int, int]:
    here, first = answers.c, answers.alias().c
    changed = select(here.case_id, here.reviewer).where(
        _within(here.at, since, until),
        here.stage == "revealed",
        exists().where(
            first.case_id == here.case_id,
            first.reviewer == here.reviewer,
            first.stage == "blind",
            first.relationship != here.relationship,
        ),
    )
    n = connection.execute(select(func.count()).select_from(changed.distinct().subquery())).scalar_one()
    blind = select(func.count()).select_from(answers).where(_within(here.at, since, until), here.stage == "blind")
    return n, connection.execute(blind).scalar_one()


def _pairings(connection: Connection, since: int, until: int) -> list[Pairing]:
    """Pair the blind answers to one case, unless one was taken back: whoever answers again has seen too much."""
    second, first, back = answers.alias("second"), answers.alias("first"), answers.alias("back")
    taken_back = exists().where(
        back.c.case_id == second.c.case_id,
        back.c.stage == "withdrawn",
        back.c.reviewer.in_([first.c.reviewer, second.c.reviewer]),
    )
    wanted = (
        select(second.c.at, first.c.reviewer, second.c.reviewer, first.c.relationship, second.c.relationship)
        .join_from(cases, second, second.c.case_id == cases.c.id)
        .join(first, and_(first.c.case_id == second.c.case_id, first.c.id < second.c.id))
        .where(_within(second.c.at, since, until), cases.c.wanted > 1)
        .where(second.c.stage == "blind", first.c.stage == "blind", ~taken_back)
        .order_by(second.c.id)
    )
    return [Pairing(month_of(at), *rest) for at, *rest in connection.execute(wanted)]


def _drawn(connection: Connection, since: int, until: int) -> list[Drawn]:
    decided, said = audits.c.relationship, verdicts.c.relationship
    told = (audits.c.month, audits.c.inclusion, decided, said)
    counted = (
        select(*told, func.count())
        .outerjoin_from(audits, verdicts, and_(verdicts.c.case_id == audits.c.case_id, _TRUE_THEN))
        .where(audits.c.month >= month_of(since), audits.c.month <= month_of(max(since, until - 1)))
        .group_by(*told)
    )
    return [
        Drawn(month, inclusion, None if said in {None, "unclear"} else said != decided, said == "unclear", n)
        for month, inclusion, decided, said, n in connection.execute(counted)
    ]


def _read(connection: Connection, since: int, until: int) -> list[Read]:
    told = (
        verdicts.c.relationship,
        answers.c.machine,
        answers.c.model_says,
        answers.c.rules_say,
        answers.c.reasons,
    )
    counted = (
        select(*told, func.count())
        .join_from(verdicts, answers, answers.c.id == verdicts.c.answer_id)
        .where(_within(verdicts.c.at, since, until), _TRUE_THEN)
        .group_by(*told)
    )
    return [Read(*row) for row in connection.execute(counted)]
