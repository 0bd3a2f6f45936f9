"""Times in words, as people say them, and exactly, as people check them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from serving.times import time_text

__all__ = ["DAY", "ago", "day", "day_and_month", "exact", "hours", "long", "machine", "moment", "month_name", "year_of"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
DAY: Final = 24 * _HOUR
"""Microseconds."""

# A unit, and how much of it makes the next one the better word: 13 days are days, 15 are two weeks.
_UNITS: Final = (
    ("second", _SECOND, _MINUTE),
    ("minute", _MINUTE, _HOUR),
    ("hour", _HOUR, DAY),
    ("day", DAY, 14 * DAY),
    ("week", 7 * DAY, 61 * DAY),
    ("month", 30.44 * DAY, 730 * DAY),
    ("year", 365.25 * DAY, float("inf")),
)


def moment(micros: int) -> datetime:
    """Return a time that is kept as microseconds since 1970 UTC."""
    return _EPOCH + micros * _MICROSECOND


def year_of(micros: int) -> int:
    """Return the year in UTC."""
    return moment(micros).year


def long(micros: float) -> str:
    """Say how long something lasts.

    Parameters
    ----------
    micros : float
        Microseconds, 0 or more.

    Examples
    --------
    >>> long(90 * 60 * 1_000_000), long(3 * DAY), long(21 * DAY), long(800 * DAY)
    ('1 hour', '3 days', '3 weeks', '2 years')
    """
    for name, size, end in _UNITS:
        if micros < end:
            count = int(micros / size)
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    raise ValueError("A span of time is a number.")


def hours(n: float) -> str:
    """Write a number of hours.

    Examples
    --------
    >>> hours(1.0), hours(12.0), hours(0.5)
    ('1 hour', '12 hours', '0.5 hours')
    """
    return f"{round(n, 1):g} {'hour' if n == 1 else 'hours'}"


def ago(micros: int, now: int) -> str:
    """Say when something was or will be, seen from now.

    Parameters
    ----------
    micros, now : int
        Microseconds since 1970 UTC.

    Examples
    --------
    >>> ago(0, 21 * DAY), ago(0, DAY), ago(0, 5), ago(3 * DAY, 0)
    ('3 weeks ago', 'yesterday', 'just now', 'in 3 days')
    """
    gap = now - micros
    if abs(gap) < _MINUTE:
        return "just now"
    if DAY <= abs(gap) < 2 * DAY:
        return "yesterday" if gap > 0 else "tomorrow"
    return f"{long(gap)} ago" if gap > 0 else f"in {long(-gap)}"


def day(micros: int) -> str:
    """Write the day.

    Examples
    --------
    >>> day(1_772_442_000_000_000)
    '2 March 2026'
    """
    time = moment(micros)
    return f"{time.day} {time:%B %Y}"


def exact(micros: int) -> str:
    """Write the day and the minute.

    Examples
    --------
    >>> exact(1_772_442_000_000_000)
    '2 March 2026, 09:00 UTC'
    """
    return f"{day(micros)}, {moment(micros):%H:%M} UTC"


def day_and_month(micros: int) -> str:
    """Write the day without its year, in short.

    Examples
    --------
    >>> day_and_month(1_772_442_000_000_000)
    '2 Mar'
    """
    time = moment(micros)
    return f"{time.day} {time:%b}"


def month_name(month: str) -> str:
    """Write a month such as 2026-07 in short.

    Examples
    --------
    >>> month_name("2026-07")
    'Jul 2026'
    """
    return f"{datetime.strptime(month, '%Y-%m').replace(tzinfo=UTC):%b %Y}"


def machine(micros: int) -> str:
    """Write it for a program, as `<time datetime>` wants it."""
    return time_text(micros)
