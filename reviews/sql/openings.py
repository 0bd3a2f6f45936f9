"""Opening cases while predictions are written: few statements for any number of them, none where all is automatic."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, and_, select

from reviews.case import Why
from reviews.desk_tables import OPEN, UNSETTLED, audits, cases
from reviews.lasting import Lasting, lasts
from reviews.record import Record, signals_of
from reviews.sample import month_of
from reviews.sql.among import among
from reviews.sql.bulk import Bulk
from reviews.sql.insert import Insert
from reviews.sql.journal import Turn
from reviews.sql.valuing import Place, values_of
from reviews.sql.verdicts import end_verdict, verdicts_of
from reviews.tables import standing
from reviews.value import due_at
from reviews.verdict import Standing

__all__ = ["Opening", "open_cases", "open_for"]


class Opening(NamedTuple):
    """A prediction that asks for a case.

    Attributes
    ----------
    record : Record
    why : str
    case_id : UUID or None
        Of the case, where it is to be a new one; the prediction's own by default.
    at : int or None
        When it is opened; when the prediction was decided by default.
    """

    record: Record
    why: Why
    case_id: UUID | None = None
    at: int | None = None


def open_for(
    connection: Connection, records: Sequence[Record], turn: Turn, opened_at: int | None = None
) -> list[Record]:
    """Open the cases that predictions ask for.

    Parameters
    ----------
    connection : Connection
    records : sequence of Record
    turn : Turn
        With a number for each.
    opened_at : int or None
        When cases are opened; when each prediction was decided by default.

    Returns
    -------
    list of Record
        Those that may say what holds of their account: a machine's answer never takes the place of a verdict that
        stands.
    """
    verdicts = verdicts_of(connection, {record.account_id for record in records}) if records else {}
    free: list[Record] = []
    openings: list[Opening] = []
    for record in sorted(records, key=lambda each: (each.decided_at, each.id)) if verdicts else records:
        verdict = verdicts.get(record.account_id)
        lasting = None if verdict is None else _lasting(record, verdict)
        if lasting is not None and lasting != "stands":
            end_verdict(connection, record.account_id, lasting, record.decided_at, next(turn.numbers))
            del verdicts[record.account_id]
        if _may_hold(record, verdict, lasting):
            free.append(record)
        why = _why(record, lasting)
        if why is not None:
            openings.append(Opening(record, why, at=opened_at))
    open_cases(connection, _no_later_known(connection, openings))
    return free


def _lasting(record: Record, verdict: Standing) -> Lasting:
    if record.decided_at <= verdict.at or record.decided_by == "reviewer":
        return "stands"
    return lasts(verdict, signals_of(record.catalogue, record.signals), record.decided_at)


def _may_hold(record: Record, verdict: Standing | None, lasting: Lasting | None) -> bool:
    decides = verdict is not None and lasting == "stands" and verdict.relationship != "unclear"
    return record.decided_by == "reviewer" or not decides


def _why(record: Record, lasting: Lasting | None) -> Why | None:
    """Say why a prediction opens a case, if it does; `lasting` is that of the verdict on its account."""
    if record.decided_by == "reviewer" or lasting == "stands":
        return None
    if lasting is not None:
        return lasting
    if record.route == "review":
        return "route"
    return None if record.inclusion is None else "audit"


def _no_later_known(connection: Connection, openings: Sequence[Opening]) -> list[Opening]:
    """Leave out what comes late, as from a spool or with an old export: a later decision on the account is known."""
    if not openings:
        return []
    accounts = {opening.record.account_id for opening in openings}
    known = select(standing.c.account_id, standing.c.decided_at)
    latest = {
        row.account_id: row.decided_at
        for row in connection.execute(known.where(among(connection, standing.c.account_id, accounts)))
    }
    return [each for each in openings if each.record.decided_at >= latest.get(each.record.account_id, 0)]


def open_cases(connection: Connection, openings: Sequence[Opening]) -> None:
    """Open a case for each account that has none; where there is one, it shows the newer prediction from now on."""
    if not openings:
        return
    known = _unsettled(connection, {opening.record.account_id for opening in openings})
    places: dict[str, Place] = {}
    shown: dict[str, Record] = {}
    drawn: list[tuple[Any, ...]] = []
    for record, why, named, at in openings:
        opened_at = record.decided_at if at is None else at
        new = Place(named or record.id, opened_at, why)
        places.setdefault(record.account_id, known.get(record.account_id, new))
        latest = shown.get(record.account_id)
        if latest is None or latest.decided_at < record.decided_at:
            shown[record.account_id] = record
        if record.inclusion is not None:
            drawn.append(_drawn(record, places[record.account_id], opened_at))
    values = values_of(connection, shown, places)
    rows = [_row(shown[account], place, values[account]) for account, place in places.items()]
    _CASES.run(connection, rows)
    _AUDITS.run(connection, drawn)


def _unsettled(connection: Connection, accounts: Collection[str]) -> dict[str, Place]:
    here = cases.c
    columns = (here.account_id, here.id, here.opened_at, here.why, here.value, here.wanted)
    found = connection.execute(select(*columns).where(among(connection, here.account_id, accounts), UNSETTLED))
    # Where two readers are wanted somebody has said something, perhaps to take it back since.
    return {row.account_id: Place(row.id, row.opened_at, row.why, row.value, row.wanted > 1) for row in found}


def _row(record: Record, place: Place, value: float) -> tuple[Any, ...]:
    due = due_at(place.opened_at, value)
    shown = (place.case_id, record.account_id, place.why, record.id, record.decided_at, place.opened_at, value, due)
    return (*shown, "open", 1, None, None, None)


def _drawn(record: Record, place: Place, at: int) -> tuple[Any, ...]:
    when = (month_of(record.decided_at), record.id, record.decided_at)
    said = (record.inclusion, record.relationship, record.decided_by, record.model)
    return (record.account_id, *when, *said, place.case_id, None, place.pending, at)


def _show_newer(insert: Insert) -> Insert:
    # What was settled under this id, and is written once more from a spool, stays settled.
    newer = and_(OPEN, insert.excluded.decided_at > cases.c.decided_at)
    shown = {name: insert.excluded[name] for name in ("prediction_id", "decided_at", "value", "due")}
    return insert.on_conflict_do_update(index_elements=["id"], set_=shown, where=newer)


_CASES: Final = Bulk(cases, _show_newer)
_AUDITS: Final = Bulk(audits, lambda insert: insert.on_conflict_do_nothing(index_elements=["account_id", "month"]))
