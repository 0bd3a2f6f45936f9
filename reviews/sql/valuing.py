"""What looking at cases is worth while they are opened, which for audits is drawn as that of the others is spread."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from reviews.case import Why
from reviews.desk_tables import OPEN, cases
from reviews.record import Record
from reviews.sql.library import find_or_keep_secret
from reviews.value import ORDER, SECRET_BYTES, drawn_value, value_of

__all__ = ["Place", "values_of"]

LATELY: Final = 200
"""Cases whose values audits are spread like, besides those that are opened with them."""


class Place(NamedTuple):
    """What stays of a case while newer predictions are shown.

    Attributes
    ----------
    case_id : UUID
    opened_at : int
        Microseconds since 1970 UTC.
    why : str
    value : float or None
        None: it is opened now.
    pending : bool
        Somebody has said something of it.
    """

    case_id: UUID
    opened_at: int
    why: Why
    value: float | None = None
    pending: bool = False


def values_of(connection: Connection, shown: Mapping[str, Record], places: Mapping[str, Place]) -> dict[str, float]:
    """Say what looking at cases is worth.

    Parameters
    ----------
    connection : Connection
    shown : mapping of str to Record
        By account what its case shows.
    places : mapping of str to Place
        Of the same accounts.

    Returns
    -------
    dict of str to float
        By account. An audit keeps the value that it was given first.
    """
    values = {account: value_of(shown[account], place.why) for account, place in places.items() if place.why != "audit"}
    audits = {account: place for account, place in places.items() if place.why == "audit"}
    kept = {account: place.value for account, place in audits.items() if place.value is not None}
    new = audits.keys() - kept.keys()
    if not new:
        return values | kept
    others = sorted([*values.values(), *_lately_opened(connection)])
    secret = find_or_keep_secret(connection, ORDER, lambda: os.urandom(SECRET_BYTES))
    return values | kept | {account: drawn_value(secret, audits[account].case_id, others) for account in new}


def _lately_opened(connection: Connection) -> list[float]:
    here = cases.c
    latest = select(here.why, here.value).where(OPEN).order_by(here.opened_at.desc(), here.id.desc()).limit(LATELY)
    return [row.value for row in connection.execute(latest) if row.why != "audit"]
