"""The words in which a signal is written.

A signal asks a :class:`Log` for what it needs and gets an expression: measures of an account, added up, perhaps
divided. Expressions are made once, when the catalogue is read, and evaluated together by the kernel; so a definition
reads like a sentence and costs nanoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from features.measures import LAYOUT, WINDOWS
from features.slots import KIND_NAMES, N_SLOTS, slot_of, slots_of

__all__ = ["Events", "Log", "Ratio", "Row", "Sum"]


class Row(NamedTuple):
    """A measure by its position, and the kind it speaks of; None where it speaks of no kind alone."""

    position: int
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Sum:
    """Measures added up. Kinds that the source does not record are left out; nan where none is left."""

    rows: tuple[Row, ...]

    def __add__(self, other: Sum) -> Sum:
        """Add two sums."""
        return Sum(self.rows + other.rows)

    def __truediv__(self, other: Sum) -> Ratio:
        """Divide; nan where the divisor is 0."""
        return Ratio(self, other)

    def unless_none(self, other: Sum) -> Ratio:
        """Return the sum, nan where `other` is 0: of what never was, nothing is known."""
        return Ratio(self, other, divide=False)


@dataclass(frozen=True, slots=True)
class Ratio:
    """One sum divided by another, nan where that is 0.

    Attributes
    ----------
    part, whole : Sum
    divide : bool
        False: the part itself, but nan where the whole is 0.
    """

    part: Sum
    whole: Sum
    divide: bool = True


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one kind, or one subtype of it, perhaps of the last days only.

    Attributes
    ----------
    kind : str
    slots : tuple of int
    window : int
        Position in `WINDOWS`.
    """

    kind: str
    slots: tuple[int, ...]
    window: int = WINDOWS.index(None)

    def within(self, days: int) -> Events:
        """Return those of the last `days` x 24 hours before `as_of`; `days` is one of `WINDOWS`."""
        return Events(self.kind, self.slots, WINDOWS.index(days))

    def _slots(self, block: str, offset: int = 0) -> Sum:
        start = LAYOUT[block] + offset
        return Sum(tuple(Row(start + slot, self.kind) for slot in self.slots))

    def _kind(self, block: str) -> Sum:
        return Sum((Row(LAYOUT[block] + KIND_NAMES.index(self.kind), self.kind),))

    def _only(self, block: str) -> Sum:
        return Sum((Row(LAYOUT[block], self.kind),))

    def count(self) -> Sum:
        """Count them; 0 for none."""
        return self._slots("count", self.window * N_SLOTS)

    def total(self) -> Sum:
        """Add up their amounts; a missing one adds nothing."""
        return self._slots("total", self.window * N_SLOTS)

    def mean(self) -> Ratio:
        """Average the amounts that are known."""
        return self.total() / self._slots("priced")

    def largest(self) -> Sum:
        """Return the largest amount of a purchase."""
        return self._only("largest")

    def days(self) -> Sum:
        """Count distinct days, of 24 hours counted back from `as_of`, that have any."""
        return self._kind("days_with")

    def mean_gap(self) -> Ratio:
        """Average the days from one such day to the next."""
        return self._kind("gap_total") / self._kind("gaps")

    def gap_variation(self) -> Ratio:
        """Return the standard deviation of those gaps over their mean."""
        return self._kind("gap_spread") / self._kind("gap_total")

    def longest_gap(self) -> Ratio:
        """Return the days of the longest of those gaps; nan for none."""
        return self._kind("gap_longest").unless_none(self._kind("gaps"))

    def yearly_days(self) -> Sum:
        """Count days with a deal that come about a year before or after another such day."""
        return self._only("yearly")

    def days_since_latest(self) -> Sum:
        """Count days since the latest; nan for none."""
        return self._kind("days_since")

    def in_force(self) -> Sum:
        """Return 1 where a contract of the subtype is in force, else 0."""
        return self._slots("in_force")

    def value_in_force(self) -> Ratio:
        """Add up the value of the contracts in force that bear one; nan where none does."""
        return self._only("value_in_force").unless_none(self._only("valued"))

    def mean_duration(self) -> Ratio:
        """Average the days from start to end, of those whose end is known."""
        return self._kind("duration") / self._kind("ended")

    def longest_duration(self) -> Ratio:
        """Return the days from start to end of the longest, of those whose end is known."""
        return self._kind("duration_longest").unless_none(self._kind("ended"))

    def open(self) -> Sum:
        """Count deals that have not closed."""
        return self._only("open")

    def renewals(self) -> Sum:
        """Count contracts that followed an earlier one of the same subtype."""
        return self._only("renewals")

    def mean_score(self) -> Ratio:
        """Average the scores given."""
        return self._only("score_total") / self._only("scored")


class Log:
    """What a signal may ask of an account's log; stands for any account at any time."""

    def of(self, kind: str, subtype: str | None = None) -> Events:
        """Return the events of a kind, or of one of its subtypes."""
        if subtype is not None:
            return Events(kind, (slot_of(kind, subtype),))
        slots = slots_of(kind)
        return Events(kind, tuple(range(slots.start, slots.stop)))

    def touchpoints(self, *kinds: str) -> Sum:
        """Count events of several kinds together, of those that the source records."""
        return Sum(tuple(row for kind in kinds for row in self.of(kind).count().rows))

    def fact(self, block: str) -> Sum:
        """Return a measure that speaks of no kind alone, by the name of its block in `LAYOUT`."""
        return Sum((Row(LAYOUT[block]),))
