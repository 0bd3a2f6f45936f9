"""Counting for the team lead, so that few rows leave the database.

All is counted anew each time, in statements that are the same whatever they count, so that they are put together once.
Databases count the entries of a part of an index quickly and sort them slowly, SQLite above all. So each index here
holds what is counted in the order in which it is grouped; see docs/decisions/0023-overview.md.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)

from reviews.agreement import Pairing
from reviews.audited import Drawn
from reviews.case import STATES, WHYS
from reviews.desk_tables import OPEN, WITHDRAWN, answers, audits, cases, verdicts
from reviews.overview import Facts, Read, Waiting
from reviews.sample import month_of
from reviews.sql.throughput import THROUGHPUT, throughput_of
from reviews.terms import DAY

__all__ = ["AGES", "facts"]

AGES: Final = (0, 1, 3, 7, 14, 30, 90)
"""Days by which open cases are told apart."""

_SINCE, _UNTIL, _AT = (bindparam(name, type_=BigInteger) for name in ("since", "until", "at"))

_EVER: Final = 10**7
"""Days, more than anything waits: the longest that an age may be, either way."""


def facts(connection: Connection, since: int, until: int, at: int) -> Facts:
    """Count what happened from one time to another, and what waits now."""
    when = {"since": since, "until": until, "at": at}
    months = {"first_month": month_of(since), "last_month": month_of(max(since, until - 1))}

    def ask(statement: Select[Any], **more: str) -> list[Any]:
        return list(connection.execute(statement, when | more))

    ((opened, settled, revised, *now),) = ask(_NUMBERS)
    throughput, blind = throughput_of(ask(THROUGHPUT))
    return Facts(
        waiting=_waiting(ask(_WAITING), *now),
        opened=opened,
        settled=settled,
        revised=(revised, blind),
        throughput=throughput,
        pairings=[Pairing(*row) for row in ask(_PAIRINGS[connection.dialect.name])],
        drawn=[_drawn(row) for row in ask(_DRAWN, **months)],
        read=[Read(*row) for row in ask(_READ)],
    )


def _within(when: ColumnElement[int]) -> ColumnElement[bool]:
    return (when >= _SINCE) & (when < _UNTIL)


def _n(*which: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(cases).where(*which).scalar_subquery()


def _numbers() -> Select[Any]:
    """Count what has one number: opened, settled, revised in the period; held, second, lead now, and the oldest."""
    here, turned = cases.c, answers.c
    changed = select(turned.case_id, turned.reviewer).where(_within(turned.at), turned.was.is_not(None))
    waits = here.state == "open"
    return select(
        _n(here.state.in_(STATES), _within(here.opened_at)),
        _n(_within(here.closed_at)),
        select(func.count()).select_from(changed.distinct().subquery()).scalar_subquery(),
        _n(OPEN, here.holder.is_not(None), here.held_until > _AT),
        # Not OPEN, for which SQLite would take an index of open cases in another order, and read their rows.
        _n(waits, here.wanted > 1),
        _n(here.state == "lead"),
        select(func.min(here.opened_at)).where(waits).scalar_subquery(),
    )


def _waits() -> Select[Any]:
    """Open cases by why and age, each counted once; what was opened later than now has an age below none."""
    here = cases.c
    bounds = (-_EVER, *AGES, _EVER)
    # Not VALUES, with which SQLAlchemy would put the statement together each time anew.
    days = (
        select(literal(low, BigInteger).label("low"), literal(high, BigInteger).label("high"))
        for low, high in pairwise(bounds)
    )
    spans = union_all(*days).cte("spans")
    whys = union_all(*(select(literal(why, Text).label("why")) for why in WHYS)).cte("whys")
    older, younger = here.opened_at <= _AT - spans.c.low * DAY, here.opened_at > _AT - spans.c.high * DAY
    n = _n(here.state == "open", here.why == whys.c.why, older, younger)
    return select(whys.c.why, spans.c.low, n).select_from(whys.join(spans, true()))


def _waiting(rows: list[Any], held: int, second: int, lead: int, oldest_at: int | None) -> Waiting:
    ages: Counter[int] = Counter()
    by_why: Counter[str] = Counter()
    for why, days, n in rows:
        ages[days] += n
        by_why[why] += n
    return Waiting(
        open=by_why.total(),
        held=held,
        second=second,
        lead=lead,
        oldest_at=oldest_at,
        ages=tuple((days, ages[days]) for days in AGES),
        why=tuple(sorted((why, n) for why, n in by_why.items() if n)),
    )


def _month(dialect: str, when: ColumnElement[int]) -> ColumnElement[str]:
    """Return the calendar month of a time, as `reviews.sample.month_of` does."""
    seconds = when // literal_column(str(10**6), BigInteger)
    if dialect == "sqlite":
        return func.strftime(literal_column("'%Y-%m'"), seconds, literal_column("'unixepoch'"))
    utc = func.timezone(literal_column("'UTC'"), func.to_timestamp(seconds))
    return func.to_char(utc, literal_column("'YYYY-MM'"))


def _pairings(dialect: str) -> Select[Any]:
    """Blind answers to one case, unless something was taken back: whoever answers again has seen too much."""
    here = answers.c
    back = select(here.case_id).where(WITHDRAWN, here.at >= _SINCE)
    told = (_month(dialect, here.at).label("month"), here.other, here.reviewer, here.other_said, here.relationship)
    counted = select(*told, func.count()).where(_within(here.at), here.other.is_not(None), here.case_id.not_in(back))
    return counted.group_by(*told)


def _audited() -> Select[Any]:
    """Whole months of the audit sample: those of the period, and others of which something changed in it.

    A batch may decide as of a month long past, and an account may be read long after it was drawn.
    """
    here = audits.c
    changed = select(here.month).where(_within(here.changed_at)).distinct()
    of_period = here.month.between(bindparam("first_month"), bindparam("last_month"))
    told = (here.month, here.inclusion, here.relationship, here.said, here.pending)
    return select(*told, func.count()).where(or_(of_period, here.month.in_(changed))).group_by(*told)


def _drawn(row: Row[*tuple[Any, ...]]) -> Drawn:
    month, inclusion, decided, said, pending, n = row
    wrong = None if said in {None, "unclear"} else said != decided
    return Drawn(month, inclusion, wrong, said == "unclear", n, pending)


def _reads() -> Select[Any]:
    here = verdicts.c
    # No mistakes of whoever gave them.
    true_then = or_(here.ended_why.is_(None), here.ended_why.not_in(["revised", "withdrawn"]))
    told = (here.relationship, here.machine, here.model_says, here.rules_say, here.reason)
    return select(*told, func.count()).where(_within(here.at), true_then).group_by(*told)


_NUMBERS: Final = _numbers()
_WAITING: Final = _waits()
_PAIRINGS: Final = {dialect: _pairings(dialect) for dialect in ("sqlite", "postgresql")}
_DRAWN: Final = _audited()
_READ: Final = _reads()
