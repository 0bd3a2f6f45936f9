"""What each reviewer did in each week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
    union_all,
)

from reviews.desk_tables import answers
from reviews.overview import Throughput
from reviews.terms import DAY

__all__ = ["THROUGHPUT", "throughput_of"]

_WEEK: Final = 7 * DAY
_MONDAY: Final = 4 * DAY
"""The first of 1970."""

_SINCE, _UNTIL = (bindparam(name, type_=BigInteger) for name in ("since", "until"))


def _week_after(when: ColumnElement[int]) -> ColumnElement[int]:
    return when - (when - _MONDAY) % _WEEK + _WEEK


def _counted() -> Select[Any]:
    """Count first answers and rulings by stage, reviewer and week, each told by the first of them.

    The recursion leaps along an index of stage, reviewer and time, from each week's first answer to the first of a
    later week, and each week's are counted in the index: neither sorts anything.
    """
    here = answers.c
    least = select(func.min(here.reviewer).label("reviewer")).cte("who", recursive=True)
    later = select(func.min(here.reviewer)).where(here.reviewer > least.c.reviewer).scalar_subquery()
    who = least.union_all(select(later).where(least.c.reviewer.is_not(None)))
    stages = union_all(*(select(literal(stage, Text).label("stage")) for stage in ("blind", "lead"))).cte("stages")
    first = _of(stages, who, func.min(here.at), _SINCE, _UNTIL)
    begun = select(stages.c.stage, who.c.reviewer, first.label("first")).select_from(stages.join(who, true()))
    week = begun.cte("week", recursive=True)
    following = _of(week, week, func.min(here.at), _week_after(week.c.first), _UNTIL)
    week = week.union_all(select(week.c.stage, week.c.reviewer, following).where(week.c.first.is_not(None)))
    ends = case((_week_after(week.c.first) < _UNTIL, _week_after(week.c.first)), else_=_UNTIL)
    n = _of(week, week, func.count(), week.c.first, ends)
    return select(week.c.stage, week.c.reviewer, week.c.first, n).where(week.c.first.is_not(None))


def _of(
    stages: Any, who: Any, what: ColumnElement[int], since: ColumnElement[int], until: ColumnElement[int]
) -> ScalarSelect[int]:
    here = answers.c
    same = (here.stage == stages.c.stage, here.reviewer == who.c.reviewer)
    return select(what).select_from(answers).where(*same, here.at >= since, here.at < until).scalar_subquery()


THROUGHPUT: Final = _counted()


def throughput_of(rows: Iterable[Any]) -> tuple[list[Throughput], int]:
    """Return what reviewers did, by week and reviewer, and how many first answers are among it.

    Parameters
    ----------
    rows : iterable of (str, str, int, int)
        What `THROUGHPUT` finds.
    """
    done: Counter[tuple[int, str]] = Counter()
    blind = 0
    for stage, reviewer, first, n in rows:
        done[first - (first - _MONDAY) % _WEEK, reviewer] += n
        blind += n * (stage == "blind")
    return [Throughput(week, reviewer, n) for (week, reviewer), n in sorted(done.items())], blind
