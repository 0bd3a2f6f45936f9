"""From labels as people gave them to one label an account, with where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.events import LABEL_COLUMNS
from features.log import NEVER

__all__ = ["Contradiction", "Given", "Resolved", "resolve_labels"]

_RANKS: Final = {"reviewer": 1, "crm": 0}
"""Who outranks whom; labels from the rules are none: from them a model would learn the rules."""

RULES_ONLY: Final = "given by the rules"

_Int = npt.NDArray[np.int64]
_Float = npt.NDArray[np.float64]
_Text = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Given:
    """A label as somebody gave it.

    Attributes
    ----------
    relationship, source : str
    labeller : str or None
    labelled_at : int or None
        Microseconds since 1970 UTC; None where the time is not on file.
    """

    relationship: str
    source: str
    labeller: str | None
    labelled_at: int | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Labels of one account that say different things.

    Attributes
    ----------
    account_id : str
    kept : Given
        The one that outranks the others.
    others : tuple of Given
        Those that say something else, the strongest first.
    """

    account_id: str
    kept: Given
    others: tuple[Given, ...]


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
    timed : ndarray of bool, shape (n,)
        Whether that time is the label's own.
    sources, labellers : ndarray of str, shape (n,)
        None where the labeller is not on file.
    inclusion : ndarray of float64, shape (n,)
        The chance with which the account came to be labelled, in (0, 1]; nan where somebody picked it by hand.
    left_out : dict of str to int
        Labels left out, by reason.
    contradictions : tuple of Contradiction
        In ascending order of the accounts' ids.
    """

    account_ids: pd.Index[str]
    client: npt.NDArray[np.bool_]
    as_of: _Int
    timed: npt.NDArray[np.bool_]
    sources: _Text
    labellers: _Text
    inclusion: _Float
    left_out: dict[str, int]
    contradictions: tuple[Contradiction, ...]


def resolve_labels(labels: pd.DataFrame, as_of: int) -> Resolved:
    """Keep one label an account: a reviewer outranks the CRM, a later label an earlier one, a later row the one before.

    A CRM labels its own accounts as they come, so an account with a label of the CRM was chosen with certainty, also
    where a reviewer corrected it since: leaving such accounts out would leave out the CRM's hardest. Any other account
    was chosen with the chance that its label states (the audit sample), or by hand where it states none: the desk asks
    about the hard cases, and from those no share of all accounts can be told.

    Parameters
    ----------
    labels : DataFrame
        As :meth:`features.reader.Export.labels` returns them; columns may be absent.
    as_of : int
        Microseconds since 1970 UTC; labels given later are left out, those without a time count as given then.

    Returns
    -------
    Resolved
    """
    given = labels.reindex(columns=[column.name for column in LABEL_COLUMNS])
    at = _micros(given["labelled_at"])
    source = given["source"].astype(object).fillna("crm")
    given = given.assign(source=source, timed=at != NEVER, at=np.where(at == NEVER, as_of, at))
    left_out: dict[str, int] = {}
    given = _keep(given, given["source"].isin(_RANKS), RULES_ONLY, left_out)
    given = _keep(given, given["at"] <= as_of, "given after the moment asked for", left_out)
    given = given.assign(rank=given["source"].map(_RANKS), chance=_chances(given))
    given = given.sort_values(["rank", "at"], kind="stable")
    contradictions = _contradictions(given)
    given = given.assign(chance=given.groupby("account_id")["chance"].transform("max"))
    given = _keep(given, ~given.duplicated("account_id", keep="last"), "outranked by another label", left_out)
    given = _keep(given, given["relationship"] != "prospect", "prospect", left_out)
    return Resolved(
        account_ids=pd.Index(given["account_id"]),
        client=given["relationship"].eq("client").to_numpy(dtype=np.bool_),
        as_of=given["at"].to_numpy(dtype=np.int64),
        timed=given["timed"].to_numpy(dtype=np.bool_),
        sources=given["source"].to_numpy(dtype=np.object_),
        labellers=_texts(given["labeller"]),
        inclusion=given["chance"].to_numpy(dtype=np.float64),
        left_out=left_out,
        contradictions=contradictions,
    )


def _chances(given: pd.DataFrame) -> _Float:
    stated = pd.to_numeric(given["inclusion"]).to_numpy(dtype=np.float64)
    return np.where(np.isnan(stated) & (given["source"] == "crm").to_numpy(), 1.0, stated)


def _contradictions(given: pd.DataFrame) -> tuple[Contradiction, ...]:
    """List the accounts of which different things are said; `given` is in ascending order of strength."""
    divided = given[given.groupby("account_id")["relationship"].transform("nunique") > 1]
    found = []
    for account, rows in divided.groupby("account_id", sort=True):
        *weaker, kept = _entries(rows)
        others = tuple(one for one in reversed(weaker) if one.relationship != kept.relationship)
        found.append(Contradiction(str(account), kept, others))
    return tuple(found)


def _entries(rows: pd.DataFrame) -> list[Given]:
    times = np.where(rows["timed"], rows["at"], NEVER).tolist()
    columns = (rows["relationship"], rows["source"], _texts(rows["labeller"]), times)
    return [
        Given(str(relationship), str(source), labeller, None if at == NEVER else int(at))
        for relationship, source, labeller, at in zip(*columns, strict=True)
    ]


def _texts(column: pd.Series[str]) -> _Text:
    return column.astype(object).where(column.notna(), None).to_numpy(dtype=np.object_)


def _micros(times: pd.Series[pd.Timestamp]) -> _Int:
    return np.asarray(pd.to_datetime(times, utc=True).dt.as_unit("us").astype("int64"), dtype=np.int64)


def _keep(given: pd.DataFrame, mask: pd.Series[bool], otherwise: str, left_out: dict[str, int]) -> pd.DataFrame:
    dropped = int((~mask).sum())
    if dropped:
        left_out[otherwise] = dropped
    return given[mask]
