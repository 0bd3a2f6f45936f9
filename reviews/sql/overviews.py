"""Counting for the team lead, so that few rows leave the database."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    and_,
    func,
    literal_column,
    or_,
    select,
)

from reviews.agreement import Pairing
from reviews.audited import Drawn
from reviews.case import STATES
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


def facts(connection: Connection, since: int, until: int, at: int) -> Facts:
    """Count what happened from one time to another, and what waits now."""
    return Facts(
        waiting=_waiting(connection, at),
        opened=_n(connection, and_(cases.c.state.in_(STATES), _within(cases.c.opened_at, since, until))),
        settled=_n(connection, _within(cases.c.closed_at, since, until)),
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


def _waiting(connection: Connection, at: int) -> Waiting:
    here = cases.c
    # Not OPEN, for which SQLite would take an index of the open cases that is in another order, and read their rows.
    waits = here.state == "open"
    # Each bound once, so that every case is counted in one span.
    bounds = [at + 1, *(at - days * DAY + 1 for days in AGES[1:]), 0]
    spans = [_count(waits, _within(here.opened_at, since, until)) for until, since in pairwise(bounds)]
    held = _count(OPEN, here.holder.is_not(None), here.held_until > at)
    second = _count(waits, here.wanted > 1)
    oldest = select(func.min(here.opened_at)).where(waits).scalar_subquery()
    counted = select(held, second, _count(here.state == "lead"), oldest, *spans)
    held_now, seconds, lead, oldest_at, *ages = connection.execute(counted).one()
    why = connection.execute(select(here.why, func.count()).where(waits).group_by(here.why).order_by(here.why)).all()
    return Waiting(
        open=sum(n for _, n in why),
        held=held_now,
        second=seconds,
        lead=lead,
        oldest_at=oldest_at,
        ages=tuple(zip(AGES, ages, strict=True)),
        why=tuple((name, n) for name, n in why),
    )


def _count(*which: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(cases).where(*which).scalar_subquery()


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
    here = answers.c
    changed = select(here.case_id, here.reviewer).where(_within(here.at, since, until), here.was.is_not(None))
    n = connection.execute(select(func.count()).select_from(changed.distinct().subquery())).scalar_one()
    blind = select(func.count()).select_from(answers).where(_within(here.at, since, until), here.stage == "blind")
    return n, connection.execute(blind).scalar_one()


def _pairings(connection: Connection, since: int, until: int) -> list[Pairing]:
    """Pair the blind answers to one case, unless something was taken back: whoever answers again has seen too much."""
    here = answers.c
    told = (here.at, here.other, here.reviewer, here.other_said, here.relationship)
    wanted = select(*told).where(_within(here.at, since, until), here.other.is_not(None)).order_by(here.at, here.id)
    back = select(answers.c.case_id).where(answers.c.stage == "withdrawn", answers.c.at >= since)
    if connection.execute(back.limit(1)).first() is not None:
        wanted = wanted.where(here.case_id.not_in(back))
    return [Pairing(month_of(at), *rest) for at, *rest in connection.execute(wanted).all()]


def _drawn(connection: Connection, since: int, until: int) -> list[Drawn]:
    """Count whole months: those of the period, and others of which something was drawn or answered in it.

    A batch may decide as of a month long past, and an account may be read long after it was drawn.
    """
    here = audits.c
    changed = select(here.month).where(_within(here.changed_at, since, until)).distinct()
    months = list(connection.execute(changed).scalars())
    of_period = and_(here.month >= month_of(since), here.month <= month_of(max(since, until - 1)))
    told = (here.month, here.inclusion, here.relationship, here.said, here.pending)
    counted = select(*told, func.count()).group_by(*told)
    rows = connection.execute(counted.where(or_(of_period, here.month.in_(months))))
    return [
        Drawn(month, inclusion, None if said in {None, "unclear"} else said != decided, said == "unclear", n, pending)
        for month, inclusion, decided, said, pending, n in rows
    ]


def _read(connection: Connection, since: int, until: int) -> list[Read]:
    here = verdicts.c
    # No mistakes of whoever gave them.
    true_then = or_(here.ended_why.is_(None), here.ended_why.not_in(["revised", "withdrawn"]))
    told = (here.relationship, here.machine, here.model_says, here.rules_say, here.reason)
    counted = select(*told, func.count()).where(_within(here.at, since, until), true_then).group_by(*told)
    return [Read(*row) for row in connection.execute(counted)]
