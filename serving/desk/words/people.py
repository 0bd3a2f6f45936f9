"""Who an account is, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from features.iso_times import is_time, micros_of
from reviews.evidence import Evidence
from serving.desk.words.happenings import Happening

__all__ = ["Portrait", "name_of", "portrait_of"]

_PARTIES: Final = {"organisation": "Organisation", "person": "Person"}


@dataclass(frozen=True, slots=True)
class Portrait:
    """Who an account is.

    Attributes
    ----------
    account_id : str
    name : str
        Its id where no name is on file.
    party : str
        "Organisation" or "Person"; empty where nobody entered it.
    industry : str
        May be empty.
    owner : str or None
        Of ours; empty where the account has none, None where owners are not on file.
    owner_since, created_at : int or None
        Microseconds since 1970 UTC.
    events : int
    first, last : int or None
        Of its events.
    """

    account_id: str
    name: str
    party: str
    industry: str
    owner: str | None
    owner_since: int | None
    created_at: int | None
    events: int
    first: int | None
    last: int | None


def name_of(account_id: str, evidence: Evidence | None) -> str:
    """Return what people call an account: its name, or its id where no name is on file."""
    name = None if evidence is None else evidence.account.get("name")
    return str(name).strip() or account_id if name else account_id


def portrait_of(account_id: str, evidence: Evidence | None, happenings: Sequence[Happening]) -> Portrait:
    """Say who an account is.

    Parameters
    ----------
    account_id : str
    evidence : Evidence or None
        None where none was kept.
    happenings : sequence of Happening
    """
    account = {} if evidence is None else evidence.account
    times = [each.at for each in happenings]
    return Portrait(
        account_id=account_id,
        name=name_of(account_id, evidence),
        party=_PARTIES.get(account.get("party") or "", ""),
        industry=account.get("industry") or "",
        owner=(account["owner_id"] or "").strip() if "owner_id" in account else None,
        owner_since=_time(account.get("owner_since")),
        created_at=_time(account.get("created_at")),
        events=len(times),
        first=min(times, default=None),
        last=max(times, default=None),
    )


def _time(text: object) -> int | None:
    return micros_of(text) if isinstance(text, str) and is_time(text) else None
