"""How a simulated CRM files what happened: late, corrected, cut off at both ends, sorted."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from features.events import KINDS
from features.log import NEVER, FloatColumn, IntColumn
from training.simulator.companies import Company
from training.simulator.streams import Rows

__all__ = ["DAY", "Filed", "file_rows", "stamp"]

DAY = 86_400_000_000
"""Microseconds."""

_CONTRACT = list(KINDS).index("contract")
_DEAL = list(KINDS).index("deal")


@dataclass(frozen=True, slots=True)
class Filed:
    """Columns of filed events, sorted as `features.log.EventLog` sorts them; one value a row.

    Times are microseconds since 1970, `NEVER` where missing; `contact` counts all people of all accounts and -1 is
    missing; `event_id` is any number, the same for all versions of one event.
    """

    account: IntColumn
    occurred_at: IntColumn
    kind: npt.NDArray[np.int8]
    subtype: npt.NDArray[np.int8]
    amount: FloatColumn
    score: FloatColumn
    contact: IntColumn
    ends_at: IntColumn
    recorded_at: IntColumn
    event_id: IntColumn

    def take(self, index: npt.NDArray[np.bool_] | IntColumn) -> Filed:
        """Return the rows at an index, or where a mask is true."""
        return Filed(*(getattr(self, f.name)[index] for f in fields(self)))


def stamp(day: FloatColumn) -> IntColumn:
    """Return days since 1970 as microseconds, nan and inf as `NEVER`."""
    known = np.isfinite(day)
    return np.where(known, np.where(known, day, 0.0) * DAY, NEVER).astype(np.int64)


def file_rows(rng: np.random.Generator, rows: Rows, n_contacts: IntColumn, company: Company, as_of: int) -> Filed:
    """Return what the company's file holds at `as_of` of what happened.

    Parameters
    ----------
    rng : numpy.random.Generator
    rows : Rows
    n_contacts : ndarray of int64, shape (n_accounts,)
    company : Company
    as_of : int
        Microseconds since 1970. No row occurred or was recorded at or after it.

    Returns
    -------
    Filed
    """
    filed = _enter(rows, n_contacts, company)
    opened = as_of - int(company.span_years * 365.25 * DAY)
    in_force = (filed.kind == _CONTRACT) & ((filed.ends_at == NEVER) | (filed.ends_at > opened))
    filed = filed.take((filed.occurred_at < as_of) & ((filed.occurred_at >= opened) | in_force))
    still_open = (filed.kind == _DEAL) & (filed.ends_at >= as_of)
    filed.ends_at[still_open] = NEVER
    _record_late(rng, filed, company.late_share)
    filed = filed.take(filed.recorded_at < as_of)
    return _sort(_correct(rng, filed, company.corrected_share, as_of))


def _enter(rows: Rows, n_contacts: IntColumn, company: Company) -> Filed:
    day, ends = (np.floor(rows.day), np.floor(rows.ends)) if company.day_only else (rows.day, rows.ends)
    n = len(day)
    first = np.cumsum(n_contacts) - n_contacts
    known = (rows.contact >= 0) & company.contacts
    return Filed(
        account=rows.account,
        occurred_at=stamp(day),
        kind=rows.kind,
        subtype=rows.subtype if company.subtypes else np.full(n, -1, dtype=np.int8),
        amount=np.round(rows.amount, 2),
        score=rows.score,
        contact=np.where(known, first[rows.account] + rows.contact, -1),
        ends_at=stamp(ends),
        recorded_at=np.full(n, NEVER),
        event_id=np.arange(n),
    )


def _record_late(rng: np.random.Generator, filed: Filed, share: float) -> None:
    """Days to weeks: a meeting is typed in after the trip, an invoice after the month's end."""
    late = np.flatnonzero(rng.random(len(filed.account)) < share)
    delay = 6.0 * np.exp(1.0 * rng.standard_normal(len(late)))
    filed.recorded_at[late] = filed.occurred_at[late] + (delay * DAY).astype(np.int64)


def _correct(rng: np.random.Generator, filed: Filed, share: float, as_of: int) -> Filed:
    """Let some amounts be wrong at first; a later row of the same `event_id` puts them right."""
    drawn = np.flatnonzero((rng.random(len(filed.account)) < share) & ~np.isnan(filed.amount))
    known = np.maximum(filed.occurred_at[drawn], filed.recorded_at[drawn])
    again = known + (3.0 * DAY * np.exp(0.8 * rng.standard_normal(len(drawn)))).astype(np.int64)
    slip = np.exp(0.7 * rng.standard_normal(len(drawn)))
    in_time = again < as_of
    drawn, again, slip = drawn[in_time], again[in_time], slip[in_time]
    corrected = filed.take(drawn)
    corrected.recorded_at[:] = again
    filed.amount[drawn] = np.round(filed.amount[drawn] * slip, 2)
    return Filed(*(np.concatenate([getattr(filed, f.name), getattr(corrected, f.name)]) for f in fields(Filed)))


def _sort(filed: Filed) -> Filed:
    ends_last = np.where(filed.ends_at == NEVER, np.iinfo(np.int64).max, filed.ends_at)
    order = np.lexsort((ends_last, filed.score, filed.amount, filed.occurred_at, filed.account))
    return filed.take(order)
