"""The event log: sorted columns for any number of accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from features.events import KINDS
from features.kernel import NEVER
from features.slots import KIND_NAMES, KIND_OF_SLOT

__all__ = ["NEVER", "AccountFacts", "EventLog", "FloatColumn", "IntColumn", "Snapshot"]

FloatColumn = npt.NDArray[np.float64]
IntColumn = npt.NDArray[np.int64]

_NO_TIMES: IntColumn = np.empty(0, dtype=np.int64)
_NO_NUMBERS: FloatColumn = np.empty(0)


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known of each account besides its events; one value an account.

    Attributes
    ----------
    is_organisation : ndarray of float64
        1 organisation, 0 person, nan unknown.
    has_owner : ndarray of float64
        1 where an owner is named, 0 where none is, nan where owners are not on file.
    owner_since : ndarray of int64
        Microseconds since 1970 UTC, `NEVER` where unknown.
    """

    is_organisation: FloatColumn
    has_owner: FloatColumn
    owner_since: IntColumn

    @property
    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """The facts as the kernel takes them."""
        return self.is_organisation, self.has_owner, self.owner_since

    @classmethod
    def unknown(cls, n_accounts: int) -> AccountFacts:
        """Return the facts of accounts of which nothing is on file."""
        nothing = np.full(n_accounts, np.nan)
        return cls(nothing, nothing, np.full(n_accounts, NEVER))


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLog:
    """Events of any number of accounts, sorted by account and time.

    Rows that tie in time are ordered by amount, score and end, so that a sum of floats does not depend on the
    order in which the rows came: a permuted log gives bit-equal signals. Build one with :meth:`sort`.

    Attributes
    ----------
    account_ids : ndarray of str, length n_accounts
        Also of accounts without an event.
    account : ndarray of int64, shape (n_events,)
        Position in `account_ids` of each event's account.
    slot : ndarray of int64, shape (n_events,)
        Kind and subtype, see :mod:`features.slots`.
    occurred_at : ndarray of int64, shape (n_events,)
        Microseconds since 1970 UTC.
    amount, score : ndarray of float64 or None
        nan where missing; None where the whole column is.
    contact, event_id : ndarray of int64 or None
        Any numbering, -1 where missing.
    ends_at, recorded_at : ndarray of int64 or None
        `NEVER` where missing; a missing `recorded_at` is filled with `occurred_at`.
    facts : AccountFacts
    records : frozenset of str
        The kinds that the source records; a count of any other is unknown, not 0.
    """

    account_ids: npt.NDArray[np.object_]
    account: IntColumn
    slot: IntColumn
    occurred_at: IntColumn
    amount: FloatColumn | None = None
    score: FloatColumn | None = None
    contact: IntColumn | None = None
    ends_at: IntColumn | None = None
    recorded_at: IntColumn | None = None
    event_id: IntColumn | None = None
    facts: AccountFacts
    records: frozenset[str] = frozenset(KINDS)

    @property
    def n_accounts(self) -> int:
        """Number of accounts, those without an event among them."""
        return len(self.account_ids)

    @property
    def n_events(self) -> int:
        """Number of rows, repeats and what is not yet known among them."""
        return len(self.account)

    def sort(self) -> EventLog:
        """Return the log in its order, as it is where it already stands so."""
        return self if self._is_sorted() else self.take(np.lexsort(self._keys()))

    def _keys(self) -> list[npt.NDArray[Any]]:
        """Return the keys of the order, the least significant first."""
        ties = (self.ends_at, self.score, self.amount)
        return [*(key for key in ties if key is not None), self.occurred_at, self.account]

    def _is_sorted(self) -> bool:
        *ties, time, account = self._keys()
        step, pause = np.diff(account), np.diff(time)
        if (step < 0).any() or ((step == 0) & (pause < 0)).any():
            return False
        tied = np.flatnonzero((step == 0) & (pause == 0))
        return _ties_in_order(ties[::-1], tied)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> EventLog:
        """Return the log with these rows alone, in this order; all accounts stay."""
        names = ("account", "slot", "occurred_at", "amount", "score", "contact", "ends_at", "recorded_at")
        columns = {name: getattr(self, name) for name in (*names, "event_id")}
        return replace(self, **{n: c[rows] for n, c in columns.items() if c is not None})

    def at(self, as_of: int | IntColumn) -> Snapshot:
        """Return what was known at `as_of`.

        Parameters
        ----------
        as_of : int or ndarray of int64, shape (n_accounts,)
            Microseconds since 1970 UTC, one for all accounts or one each. An event counts if it occurred and was
            recorded before; of several rows with one `event_id`, the latest recorded before. Events of a kind that
            is not in `records` never count.

        Returns
        -------
        Snapshot
        """
        each = np.full(self.n_accounts, as_of) if np.ndim(as_of) == 0 else np.asarray(as_of)
        log = self if len(self.records) == len(KINDS) else self._of_recorded_kinds()
        log = log if log.event_id is None else log.take(_latest_of_each_id(log, each))
        return Snapshot(log, each)

    def _of_recorded_kinds(self) -> EventLog:
        """Return the log without events of a kind that the source is said not to record."""
        recorded = np.array([name in self.records for name in KIND_NAMES])[KIND_OF_SLOT[self.slot]]
        return self if recorded.all() else self.take(recorded)

    @property
    def columns(self) -> tuple[npt.NDArray[Any], ...]:
        """The events as the kernel takes them; a column that is missing is empty."""
        times, numbers = (_NO_TIMES, _NO_NUMBERS)
        return (
            self.slot,
            self.occurred_at,
            times if self.recorded_at is None else self.recorded_at,
            times if self.ends_at is None else self.ends_at,
            numbers if self.amount is None else self.amount,
            numbers if self.score is None else self.score,
            times if self.contact is None else self.contact,
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The log as known at one moment; made by :meth:`EventLog.at`.

    Attributes
    ----------
    log : EventLog
        Of repeated event ids only the row that counts. Rows that are not known yet are passed over by the kernel.
    as_of : ndarray of int64, shape (n_accounts,)
        Microseconds since 1970 UTC.
    """

    log: EventLog
    as_of: IntColumn


def _ties_in_order(keys: Iterable[npt.NDArray[Any]], first: npt.NDArray[np.intp]) -> bool:
    """Say whether rows `first` and `first + 1`, equal so far, are ordered by `keys`, nan last."""
    for key in keys:
        left, right = key[first], key[first + 1]
        missing_left, missing_right = left != left, right != right  # noqa: PLR0124 - nan is not itself
        if bool(((left > right) | (missing_left & ~missing_right)).any()):
            return False
        first = first[(left == right) | (missing_left & missing_right)]
    return True


def _latest_of_each_id(log: EventLog, as_of: IntColumn) -> npt.NDArray[np.intp]:
    """Return the rows that count: of each event id of an account the latest recorded before `as_of`."""
    assert log.event_id is not None  # noqa: S101 - for the type checker; the caller has asked
    recorded = log.occurred_at if log.recorded_at is None else log.recorded_at
    known = np.flatnonzero(recorded < as_of[log.account])
    account, identity = log.account[known], log.event_id[known]
    # Rows recorded at one moment need an order too, or the order in which they came would decide.
    ties = [] if log.contact is None else [log.contact]
    keys = [*ties, log.slot, *log._keys()[:-1], recorded]
    order = np.lexsort((*(key[known] for key in keys), identity, account))
    last = np.ones(len(order), dtype=bool)
    last[:-1] = np.diff(identity[order]).astype(bool) | np.diff(account[order]).astype(bool)
    kept = last | (identity[order] < 0)
    return known[np.sort(order[kept])]
