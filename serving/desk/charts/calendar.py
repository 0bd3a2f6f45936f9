"""The axis of time: which stretch of it is shown, and where it bears a date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from serving.desk.words.times import DAY, moment
from serving.times import micros_of

__all__ = ["Stretch", "Tick", "whole", "year_stretch"]

_MARGIN: Final = 0.015  # of the stretch, at either end, so that no mark touches the edge
_LEAST: Final = 30 * DAY
_AHEAD: Final = 0.15  # of the past, shown of what is planned: a lease of 99 years must not press the past into a corner
_MOST: Final = 8  # dates that fit side by side
_STEPS: Final = (1, 3, 6, 12, 24, 60, 120, 240)  # months


@dataclass(frozen=True, slots=True)
class Tick:
    """A date on the axis.

    Attributes
    ----------
    x : float
        Per cent of the stretch from its left.
    text : str
    odd : bool
        One of those that are left out where there is little room.
    """

    x: float
    text: str
    odd: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time that is shown from left to right.

    Attributes
    ----------
    start, end : int
        Microseconds since 1970 UTC, the end later than the start.
    """

    start: int
    end: int

    def place(self, micros: int) -> float:
        """Return where a time stands, in per cent from the left; outside 0 to 100 it is not in sight."""
        return 100.0 * (micros - self.start) / (self.end - self.start)

    def shows(self, begin: int, end: int) -> bool:
        """Say whether any of what lasts from `begin` to `end` is in sight."""
        return begin <= self.end and end >= self.start

    @property
    def ticks(self) -> Sequence[Tick]:
        """The dates that it bears, as many as fit."""
        step = next((step for step in _STEPS if self._fits(step)), _STEPS[-1])
        return [
            Tick(self.place(micros_of(time)), _name(time, first=place == 0), bool(_months(time) // step % 2))
            for place, time in enumerate(self._starts(step))
        ]

    def _fits(self, step: int) -> bool:
        return (self.end - self.start) / (step * 30.44 * DAY) <= _MOST

    def _starts(self, step: int) -> list[datetime]:
        """Return the beginnings of months in sight, `step` months apart."""
        first, last = (_months(moment(micros)) for micros in (self.start, self.end))
        begun = range(first - first % step, last + 1, step)
        times = (datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC) for months in begun)
        return [time for time in times if self.start <= micros_of(time) <= self.end]


def _months(time: datetime) -> int:
    return 12 * time.year + time.month - 1


def _name(time: datetime, *, first: bool) -> str:
    if time.month == 1:
        return f"{time.year}"
    return f"{time:%b} {time.year}" if first else f"{time:%b}"


def whole(first: int, as_of: int, planned: int) -> Stretch:
    """Return the stretch that shows all there is.

    Parameters
    ----------
    first, as_of, planned : int
        The earliest event, the moment that it was judged as of, and the latest end that is planned.
    """
    span = max(as_of - first, _LEAST)
    end = max(as_of, min(planned, as_of + int(_AHEAD * span)))
    margin = int(_MARGIN * (end - (as_of - span)))
    return Stretch(as_of - span - margin, end + margin)


def year_stretch(year: int) -> Stretch:
    """Return the stretch of one year."""
    start, end = (micros_of(datetime(each, 1, 1, tzinfo=UTC)) for each in (year, year + 1))
    return Stretch(start, end)
