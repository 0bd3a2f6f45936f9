"""From labels as people gave them to one label an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.log import NEVER

__all__ = ["Resolved", "resolve_labels"]

_RANKS: Final = {"reviewer": 1, "crm": 0}
"""Who outranks whom; labels from the rules are none: from them a model would learn the rules."""


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """One label an account, and what became of the others.

    Attributes
    ----------
    account_ids : Index of str, length n
        Each once.
    client : ndarray of bool, shape (n,)
        False for a customer.
    as_of : ndarray of int64, shape (n,)
        When it was given, or for labels without a time the moment asked for; microseconds since 1970 UTC.
    sources : ndarray of str, shape (n,)
    left_out : dict of str to int
        Labels left out, by reason.
    contradicted : int
        Accounts whose labels contradict each other.
    """

    account_ids: pd.Index[str]
    client: npt.NDArray[np.bool_]
    as_of: npt.NDArray[np.int64]
    sources: npt.NDArray[np.object_]
    left_out: dict[str, int]
    contradicted: int


def resolve_labels(labels: pd.DataFrame, as_of: int) -> Resolved:
    """Keep one label an account: a reviewer outranks the CRM, a later label an earlier one, a later row the one before.

    Parameters
    ----------
    labels : DataFrame
        As :meth:`features.reader.Export.labels` returns them.
    as_of : int
        Microseconds since 1970 UTC; labels given later are left out, those without a time count as given then.

    Returns
    -------
    Resolved
    """
    given = pd.DataFrame(
        {
            "account_id": labels["account_id"],
            "relationship": labels["relationship"],
            "source": labels["source"].fillna("crm"),
            "at": _micros(labels["labelled_at"], as_of),
        }
    )
    left_out: dict[str, int] = {}
    given = _keep(given, given["source"].isin(_RANKS), "given by the rules", left_out)
    given = _keep(given, given["at"] <= as_of, "given after the moment asked for", left_out)
    contradicted = int((given.groupby("account_id")["relationship"].nunique() > 1).sum())
    given = given.assign(rank=given["source"].map(_RANKS)).sort_values(["rank", "at"], kind="stable")
    given = _keep(given, ~given.duplicated("account_id", keep="last"), "outranked by another label", left_out)
    given = _keep(given, given["relationship"] != "prospect", "prospect", left_out)
    return Resolved(
        account_ids=pd.Index(given["account_id"]),
        client=given["relationship"].eq("client").to_numpy(dtype=np.bool_),
        as_of=given["at"].to_numpy(dtype=np.int64),
        sources=given["source"].to_numpy(dtype=np.object_),
        left_out=left_out,
        contradicted=contradicted,
    )


def _micros(times: pd.Series[pd.Timestamp], missing: int) -> npt.NDArray[np.int64]:
    micros = pd.to_datetime(times, utc=True).dt.as_unit("us").astype("int64").to_numpy()
    return np.where(micros == NEVER, missing, micros)


def _keep(given: pd.DataFrame, mask: pd.Series[bool], otherwise: str, left_out: dict[str, int]) -> pd.DataFrame:
    dropped = int((~mask).sum())
    if dropped:
        left_out[otherwise] = dropped
    return given[mask]
