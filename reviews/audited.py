"""How often automatic decisions are wrong, estimated from the audit sample.

Each account that was decided automatically in a month was drawn with a known chance, and drawn accounts were read by
people who did not know what the machine had said. An account that had the chance p stands for 1 / p accounts, so the
share of wrong ones among all is estimated without bias in the numerator and nearly so as a ratio (Hájek's estimator).
The interval is Korn and Graubard's (Survey Methodology 1998): the exact one of Clopper and Pearson for as many accounts
as the weighted sample is worth. Where all had the same chance, these are the plain share and its exact interval.

Drawn accounts are read in a random order, so those that nobody has read yet are like the others. Those that somebody
has read and that are not settled are not: who agrees with the machine settles a case at once, who contradicts it waits
for a second reader. So the interval reaches from where all pending ones turn out right to where all turn out wrong, and
there is no estimate before the whole sample is settled: a half-read month with none pending is one without an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reviews.proportion import exact_interval

__all__ = ["AuditedMonth", "Drawn", "audited_months"]


class Drawn(NamedTuple):
    """Accounts of the audit sample that have all this in common.

    Attributes
    ----------
    month : str
        Such as 2026-07.
    inclusion : float
        The chance with which each was drawn.
    wrong : bool or None
        Reviewers settled on something else than the machine; None where they have settled on nothing.
    unclear : bool
        They looked and could not tell.
    n : int
        How many.
    pending : bool
        Somebody has answered, and it is not settled: a second reader or the team lead has still to speak.
    """

    month: str
    inclusion: float
    wrong: bool | None
    unclear: bool
    n: int
    pending: bool = False


@dataclass(frozen=True, slots=True)
class AuditedMonth:
    """What a month's audit sample tells.

    Attributes
    ----------
    month : str
    drawn, read, unclear, pending : int
        Accounts that were drawn; that reviewers told; that they could not tell; that they have begun to read.
    wrong : int
        Of those told, the ones where the machine was wrong.
    error : float or None
        Estimated share of wrong ones among all automatic decisions of the month; None where none was told, and
        until all that were drawn are settled.
    low, high : float or None
        Its 95 % interval, whatever becomes of those that are pending; None where none was told or is pending.
    decided : float
        Estimated number of accounts that were decided automatically.
    """

    month: str
    drawn: int
    read: int
    unclear: int
    wrong: int
    error: float | None
    low: float | None
    high: float | None
    decided: float
    pending: int = 0

    @property
    def complete(self) -> bool:
        """Whether all that were drawn have been looked at; before, the estimate may still move for other reasons."""
        return self.read + self.unclear == self.drawn


def audited_months(sample: Iterable[Drawn]) -> list[AuditedMonth]:
    """Estimate the share of wrong automatic decisions, month by month.

    Parameters
    ----------
    sample : iterable of Drawn

    Returns
    -------
    list of AuditedMonth
        The earliest first.

    Examples
    --------
    >>> (month,) = audited_months([Drawn("2026-07", 0.02, False, False, 97), Drawn("2026-07", 0.02, True, False, 3)])
    >>> month.error, round(month.low, 4), round(month.high, 4), round(month.decided)
    (0.03, 0.0062, 0.0852, 5000)

    A month that is half read says less, and nothing wrong:

    >>> right, begun = Drawn("2026-07", 0.02, False, False, 90), Drawn("2026-07", 0.02, None, False, 10, pending=True)
    >>> (month,) = audited_months([right, begun])
    >>> month.error, round(month.low, 4), round(month.high, 4)
    (None, 0.0, 0.1762)
    """
    months: dict[str, list[Drawn]] = defaultdict(list)
    for drawn in sample:
        months[drawn.month].append(drawn)
    return [_month(name, months[name]) for name in sorted(months)]


def _month(name: str, drawn: list[Drawn]) -> AuditedMonth:
    told = [each for each in drawn if each.wrong is not None]
    pending = [each for each in drawn if each.pending]
    wrong = [each for each in told if each.wrong]
    error = low = high = None
    if told or pending:
        low = _interval(wrong, [*told, *pending])[0]
        high = _interval([*wrong, *pending], [*told, *pending])[1]
    # Before all are settled, one that shows when nothing happens to be pending shows when nothing was contradicted.
    if told and all(each.wrong is not None or each.unclear for each in drawn):
        error = _weight(wrong) / _weight(told)
    return AuditedMonth(
        month=name,
        drawn=_count(drawn),
        read=_count(told),
        unclear=_count(each for each in drawn if each.unclear),
        wrong=_count(wrong),
        error=error,
        low=low,
        high=high,
        decided=_weight(drawn),
        pending=_count(pending),
    )


def _interval(wrong: Iterable[Drawn], among: Sequence[Drawn]) -> tuple[float, float]:
    weight = _weight(among)
    worth = weight**2 / sum(each.n / each.inclusion**2 for each in among)
    return exact_interval(_weight(wrong) / weight * worth, worth)


def _weight(drawn: Iterable[Drawn]) -> float:
    return sum(each.n / each.inclusion for each in drawn)


def _count(drawn: Iterable[Drawn]) -> int:
    return sum(each.n for each in drawn)
