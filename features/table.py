"""From the event log to the table of signals: a row an account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from features.compiled import compiled
from features.log import EventLog, IntColumn, Snapshot
from features.plan import Plan, plan_signals
from features.signals import CATALOGUE, SIGNAL_NAMES

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["signals_matrix", "signals_table"]


def signals_matrix(snapshot: Snapshot) -> npt.NDArray[np.float64]:
    """Measure every signal of every account.

    Parameters
    ----------
    snapshot : Snapshot
        What was known, of n accounts.

    Returns
    -------
    ndarray of float64, shape (n, len(CATALOGUE)), C order
        nan where a signal does not apply or its kind is not recorded.
    """
    log = snapshot.log
    offsets = np.searchsorted(log.account, np.arange(log.n_accounts + 1))
    signals = np.empty((log.n_accounts, len(CATALOGUE)))
    compiled()(offsets, snapshot.as_of, log.columns, log.facts.columns, _plan(log.records), signals)
    return signals


@lru_cache(maxsize=64)
def _plan(records: frozenset[str]) -> Plan:
    return plan_signals([signal.expression for signal in CATALOGUE], records)


def signals_table(
    events: pd.DataFrame | EventLog,
    as_of: datetime | str | int | IntColumn,
    accounts: pd.DataFrame | None = None,
    records: Iterable[str] | None = None,
) -> pd.DataFrame:
    """Return the table of signals, `account_id` first.

    Parameters
    ----------
    events : DataFrame or EventLog
        An export's events; see :data:`features.events.EVENT_COLUMNS`.
    as_of : datetime, str, int or ndarray of int64
        What is known before this moment counts. Without a zone it is UTC; a number is microseconds since 1970; an
        array has one for each account in the order of `EventLog.account_ids`.
    accounts : DataFrame, optional
        An export's accounts; also those without an event get a row.
    records : iterable of str, optional
        The kinds that the source records; default all.

    Returns
    -------
    DataFrame
        One row an account, sorted by `account_id`; signals as float64.

    Raises
    ------
    BadInput
        A row of the input is not what its column allows.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"account_id": ["acme"], "occurred_at": ["2026-01-05"], "kind": ["meeting"]})
    >>> signals_table(events, "2026-02-01")[["account_id", "meetings_90d", "purchases"]]
      account_id  meetings_90d  purchases
    0       acme           1.0        0.0
    """
    import pandas as pd  # noqa: PLC0415 - the kernel is used without pandas

    from features.arrow import log_of_frames, to_micros  # noqa: PLC0415 - so is its reading of frames

    log = events if isinstance(events, EventLog) else log_of_frames(events, accounts, records)
    moment = as_of if isinstance(as_of, np.ndarray) else to_micros(as_of)
    table = pd.DataFrame(signals_matrix(log.at(moment)), columns=list(SIGNAL_NAMES))
    table.insert(0, "account_id", pd.Series(log.account_ids, dtype="str"))
    return table
