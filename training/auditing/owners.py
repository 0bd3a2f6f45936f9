"""What shows that an account's owner came before its label, and what does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.log import NEVER

__all__ = ["Owners", "read_owners"]

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Owners:
    """The dedicated owners of n accounts.

    Attributes
    ----------
    named : ndarray of bool, shape (n,)
        The account has one today.
    since : ndarray of int64, shape (n,)
        Microseconds since 1970 UTC, `NEVER` where no date is on file.
    """

    named: Bools
    since: npt.NDArray[np.int64]

    def after(self, times: npt.NDArray[np.int64], timed: Bools) -> Bools:
        """Say whose owner came at or after a time, shape (n,); False where either time is unknown."""
        return np.asarray(self.named & timed & (self.since != NEVER) & (self.since >= times))

    def undated(self, timed: Bools) -> Bools:
        """Say of whose owner nothing shows that it came before the label: either has no time; shape (n,)."""
        return np.asarray(self.named & ((self.since == NEVER) | ~timed))


def read_owners(accounts: pd.DataFrame | None, account_ids: npt.NDArray[np.object_]) -> Owners:
    """Look owners up.

    Parameters
    ----------
    accounts : DataFrame or None
        With the columns of an export's accounts; None where it has none.
    account_ids : ndarray of str, shape (n,)

    Returns
    -------
    Owners
    """
    if accounts is None:
        return Owners(np.zeros(len(account_ids), dtype=bool), np.full(len(account_ids), NEVER))
    about = accounts.set_index("account_id").reindex(index=pd.Index(account_ids), columns=["owner_id", "owner_since"])
    since = pd.to_datetime(about["owner_since"], utc=True).dt.as_unit("us").astype("int64")
    return Owners(about["owner_id"].notna().to_numpy(dtype=np.bool_), np.asarray(since, dtype=np.int64))
