"""How often automatic decisions are wrong, estimated from the audit sample.

Each account that was decided automatically in a month was drawn with a known chance, and drawn accounts were read by
people who did not know what the machine had said. An account that had the chance p stands for 1 / p accounts, so the
share of wrong ones among all is estimated without bias in the numerator and nearly so as a ratio (Hájek's estimator).
The interval is Korn and Graubard's (Survey Methodology 1998): the exact one of Clopper and Pearson for as many accounts
as the weighted sample is worth. Where all had the same chance, these are the plain share and its exact interval.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
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
        A person said something else than the machine; None where nobody has said anything yet.
    unclear : bool
        A person looked and could not tell.
    n : int
        How many.
    """

    month: str
    inclusion: float
    wrong: bool | None
    unclear: bool
    n: int


@dataclass(frozen=True, slots=True)
class AuditedMonth:
    """What a month's audit sample tells.

    Attributes
    ----------
    month : str
    drawn, read, unclear : int
        Accounts that were drawn; that a person told; that a person could not tell.
    wrong : int
        Of those told, the ones where the machine was wrong.
    error : float or None
        Estimated share of wrong ones among all automatic decisions of the month; None where none was told.
    low, high : float or None
        Its 95 % interval.
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
    """
    months: dict[str, list[Drawn]] = defaultdict(list)
    for drawn in sample:
        months[drawn.month].append(drawn)
    return [_month(name, months[name]) for name in sorted(months)]


def _month(name: str, drawn: list[Drawn]) -> AuditedMonth:
    told = [each for each in drawn if each.wrong is not None]
    weight = sum(each.n / each.inclusion for each in told)
    error = low = high = None
    if told:
        error = sum(each.n / each.inclusion for each in told if each.wrong) / weight
        worth = weight**2 / sum(each.n / each.inclusion**2 for each in told)
        low, high = exact_interval(error * worth, worth)
    return AuditedMonth(
        month=name,
        drawn=sum(each.n for each in drawn),
        read=sum(each.n for each in told),
        unclear=sum(each.n for each in drawn if each.unclear),
        wrong=sum(each.n for each in told if each.wrong),
        error=error,
        low=low,
        high=high,
        decided=sum(each.n / each.inclusion for each in drawn),
    )
