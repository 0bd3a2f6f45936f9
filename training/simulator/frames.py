"""The tables of a simulated export, with text and UTC times as pandas has them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.events import KINDS
from features.log import NEVER, IntColumn
from training.simulator.companies import Company
from training.simulator.filing import DAY, Filed, stamp
from training.simulator.population import CAST, Population
from training.simulator.streams import SUBTYPES

__all__ = ["frame_accounts", "frame_events", "frame_labels", "frame_truth", "number"]

_TEXT = pd.StringDtype("pyarrow", na_value=np.nan)
_RELATIONSHIPS = ["customer", "client", "prospect"]
_DASH = pa.scalar("-", pa.large_string())
_ACCOUNTS_PER_REP = 60
_GIVEN = ["Ada", "Ben", "Clara", "David", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Liam"]
_FAMILY = ["Abara", "Baker", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Haas", "Ito", "Jensen", "Kaya"]
_FORM = ["Ltd", "Partners", "Group", "& Sons", "Works", "Trading", "Foundation", "Holdings"]
_INDUSTRY = ["construction", "education", "energy", "food", "health", "hospitality", "manufacturing", "media"]
_INDUSTRY += ["property", "retail", "software", "transport"]


def _times(stamps: IntColumn) -> pd.Series:
    """Return microseconds since 1970 as UTC times, `NEVER` as NaT."""
    return pd.Series(stamps.view("datetime64[us]")).dt.tz_localize("UTC")


def _pick(names: list[str] | pa.Array, code: npt.NDArray[np.integer]) -> pd.Series:
    """Return the name at each code as text, missing where the code is below 0."""
    codes = pa.array(np.maximum(code, 0), mask=code < 0)
    texts = pa.array(names, type=pa.large_string()).take(codes)
    return _text(texts)


def _text(texts: pa.Array) -> pd.Series:
    return pd.Series(pd.array(texts, dtype=_TEXT))


def number(prefix: str, numbers: IntColumn, digits: int, missing: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Return `prefix` and each number with leading zeros: sorted as text as they are as numbers."""
    texts = pc.utf8_lpad(pa.array(numbers, mask=missing).cast(pa.large_string()), width=digits, padding="0")
    return pc.binary_join_element_wise(pa.scalar(prefix, pa.large_string()), texts, _DASH)


def frame_events(filed: Filed, account_ids: pa.Array, n_contacts: IntColumn) -> pd.DataFrame:
    """Return filed events as the columns of an export's `events`.

    Parameters
    ----------
    filed : Filed
    account_ids : pyarrow.LargeStringArray, length n_accounts
    n_contacts : ndarray of int64, shape (n_accounts,)

    Returns
    -------
    pandas.DataFrame
    """
    people = pa.array(np.repeat(np.arange(len(n_contacts)), n_contacts))
    contact_ids = pc.binary_join_element_wise(
        account_ids.take(people), number("contact", np.arange(len(people)), 1), _DASH
    )
    event_ids = number("event", filed.event_id, 1)
    return pd.DataFrame(
        {
            "account_id": _pick(account_ids, filed.account),
            "occurred_at": _times(filed.occurred_at),
            "kind": _pick(list(KINDS), filed.kind),
            "subtype": _pick(list(SUBTYPES), filed.subtype),
            "amount": filed.amount,
            "score": filed.score,
            "contact_id": _pick(contact_ids, filed.contact),
            "ends_at": _times(filed.ends_at),
            "recorded_at": _times(filed.recorded_at),
            "event_id": _text(event_ids),
        }
    )


def frame_accounts(
    rng: np.random.Generator, people: Population, ids: pa.Array, company: Company, as_of: int
) -> pd.DataFrame:
    """Return the columns of an export's `accounts`: what is on file about who they are.

    Parameters
    ----------
    rng : numpy.random.Generator
    people : Population
    ids : pyarrow.LargeStringArray, length n_accounts
    company : Company
    as_of : int
        Microseconds since 1970; no owner and no account is younger.

    Returns
    -------
    pandas.DataFrame
    """
    n = len(people.archetype)
    filled = rng.random((4, n)) >= company.missing
    owned = people.owned & filled[0] & company.owners
    rep = np.where(owned, rng.integers(0, 1 + n // _ACCOUNTS_PER_REP, n), -1)
    known_for = people.labelled - people.born
    owner_since = stamp(people.born + rng.uniform(0.0, 0.5, n) * known_for)
    created_at = stamp(people.born + rng.uniform(0.0, 0.05, n) * known_for)
    party = np.where(filled[1] & company.parties, people.organisation.astype(np.int64), -1)
    line = np.where(people.organisation & filled[2], rng.integers(0, len(_INDUSTRY), n), -1)
    return pd.DataFrame(
        {
            "account_id": _text(ids),
            "name": _draw_names(rng, people),
            "industry": _pick(_INDUSTRY, line),
            "party": _pick(["person", "organisation"], party),
            "owner_id": _text(number("rep", rep, 1, missing=~owned)),
            "owner_since": _times(np.where(owned, np.minimum(owner_since, as_of - 1), NEVER)),
            "created_at": _times(np.where(filled[3], np.minimum(created_at, as_of - 1), NEVER)),
        }
    )


def _draw_names(rng: np.random.Generator, people: Population) -> pd.Series:
    n = len(people.archetype)
    family = _pick(_FAMILY, rng.integers(0, len(_FAMILY), n))
    person = _pick(_GIVEN, rng.integers(0, len(_GIVEN), n)) + " " + family
    return person.where(~people.organisation, family + " " + _pick(_FORM, rng.integers(0, len(_FORM), n)))


def frame_truth(
    rng: np.random.Generator, people: Population, ids: pa.Array, labelled_at: IntColumn, as_of: int
) -> pd.DataFrame:
    """Return the truth of each account when it was labelled, and now.

    One uniform draw an account decides both states, so that an account whose P(client) rose may have turned into a
    client, and none turned back.

    Parameters
    ----------
    rng : numpy.random.Generator
    people : Population
    ids : pyarrow.LargeStringArray, length n_accounts
    labelled_at : ndarray of int64, shape (n_accounts,)
        Microseconds since 1970.
    as_of : int
        Now, in microseconds since 1970.

    Returns
    -------
    pandas.DataFrame
    """
    chance = rng.random(len(people.archetype))
    then = people.probability(labelled_at / DAY)
    now = people.probability(np.full(len(chance), as_of / DAY))

    def state(p: npt.NDArray[np.float64]) -> pd.Series:
        return _pick(_RELATIONSHIPS, np.where(people.prospect, 2, (chance < p).astype(np.int64)))

    return pd.DataFrame(
        {
            "account_id": _text(ids),
            "p_client": then,
            "archetype": _pick([archetype.name for archetype in CAST], people.archetype),
            "relationship": state(then),
            "p_client_now": now,
            "relationship_now": state(now),
        }
    )


def frame_labels(rng: np.random.Generator, truth: pd.DataFrame, labelled_at: IntColumn) -> pd.DataFrame:
    """Return the columns of an export's `labels`: the state of each account when it was labelled."""
    n = len(truth)
    labeller = number("rep", rng.integers(0, 1 + n // _ACCOUNTS_PER_REP, n), 1)
    return pd.DataFrame(
        {
            "account_id": truth["account_id"],
            "relationship": truth["relationship"],
            "labelled_at": _times(labelled_at),
            "source": _pick(["crm"], np.zeros(n, dtype=np.int64)),
            "labeller": _text(labeller),
            "inclusion": np.full(n, np.nan),
        }
    )
