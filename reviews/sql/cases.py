"""Cases in the database: who takes which, and which there are."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select, tuple_, update

from reviews.case import Case, CaseLine, CaseRefused, Filters
from reviews.desk_tables import OPEN, cases, readings
from reviews.record import Record
from reviews.sql.answers import said_by
from reviews.sql.reading import find_prediction
from reviews.tables import evidence

__all__ = ["claim_next", "find_case", "hold", "lines", "lock_case", "record_of_case", "release", "shown_case"]


def find_case(connection: Connection, case_id: UUID) -> Row[Any]:
    """Return a case.

    Raises
    ------
    CaseRefused
        There is none.
    """
    return _one(connection, select(cases).where(cases.c.id == case_id))


def lock_case(connection: Connection, case_id: UUID) -> Row[Any]:
    """Return a case that nobody else changes until the transaction ends."""
    return _one(connection, select(cases).where(cases.c.id == case_id).with_for_update())


def _one(connection: Connection, wanted: Select[Any]) -> Row[Any]:
    row = connection.execute(wanted).first()
    if row is None:
        raise CaseRefused("no-case")
    return row


def record_of_case(connection: Connection, row: Row[Any]) -> Record:
    """Return the prediction that a case shows.

    Raises
    ------
    CaseRefused
        It was pruned away since the case was settled.
    """
    record = find_prediction(connection, row.prediction_id)
    if record is None:
        raise CaseRefused("pruned")
    return record


def shown_case(connection: Connection, case_id: UUID, reviewer: str) -> Case:
    """Return a case as a reviewer sees it.

    Raises
    ------
    CaseRefused
        There is none, or what it showed was pruned.
    """
    row = find_case(connection, case_id)
    record = record_of_case(connection, row)
    said, current = said_by(connection, case_id, reviewer)
    return Case(
        id=row.id,
        account_id=row.account_id,
        state=row.state,
        opened_at=row.opened_at,
        holder=row.holder,
        held_until=row.held_until,
        prediction_id=record.id,
        as_of=record.as_of,
        catalogue=record.catalogue,
        signals=record.signals,
        evidence=record.evidence,
        mine=tuple(said),
        current=current,
    )


def claim_next(connection: Connection, reviewer: str, at: int, until: int, skipped_since: int) -> UUID | None:
    """Give a reviewer the case that they hold, else the one that is due first and that they may have."""
    held = select(cases.c.id).where(OPEN, cases.c.holder == reviewer, cases.c.held_until > at)
    found = connection.execute(held.where(~_read_by(reviewer, skipped_since)).limit(1)).scalar()
    if found is None:
        following = select(cases.c.id).where(OPEN, _not_held(at), ~_read_by(reviewer, skipped_since))
        first = following.order_by(cases.c.due, cases.c.id).limit(1)
        # PostgreSQL passes by what another reviewer is just taking; SQLite lets one writer in at a time anyway.
        found = connection.execute(first.with_for_update(skip_locked=True)).scalar()
    if found is not None:
        hold(connection, found, reviewer, until)
    return found


def hold(connection: Connection, case_id: UUID, reviewer: str, until: int) -> None:
    """Let a reviewer hold a case."""
    connection.execute(update(cases).where(cases.c.id == case_id).values(holder=reviewer, held_until=until))


def release(connection: Connection, case_id: UUID, reviewer: str) -> None:
    """Let a reviewer hold a case no longer."""
    held = update(cases).where(cases.c.id == case_id, cases.c.holder == reviewer)
    connection.execute(held.values(holder=None, held_until=None))


def _not_held(at: int) -> ColumnElement[bool]:
    return or_(cases.c.holder.is_(None), cases.c.held_until <= at)


def _read_by(reviewer: str, skipped_since: int) -> ColumnElement[bool]:
    """Whether a reviewer has answered a case, or skipped it lately."""
    here = readings.c
    whose = and_(here.case_id == cases.c.id, here.reviewer == reviewer)
    return exists().where(whose, or_(here.answer_id.is_not(None), here.at > skipped_since))


def lines(
    connection: Connection, filters: Filters, reviewer: str, at: int, after: UUID | None, limit: int
) -> list[CaseLine]:
    """List cases: those that are open by when they are due, others the latest first."""
    here = cases.c
    first = filters.state == "open"
    order = (here.due, here.id) if first else (here.opened_at, here.id)
    wanted = select(cases).where(*_wanted(filters, at, connection.dialect.name))
    if after is not None:
        place = connection.execute(select(*order).where(here.id == after)).first() or (0, UUID(int=0))
        wanted = wanted.where(tuple_(*order) > place if first else tuple_(*order) < place)
    page = wanted.order_by(*(each if first else each.desc() for each in order)).limit(limit).subquery()
    mine = readings.alias()
    readers = select(func.count()).where(readings.c.case_id == page.c.id, readings.c.answer_id.is_not(None))
    whole = (
        select(page, evidence.c.content, mine.c.answer_id, readers.scalar_subquery().label("readers"))
        .outerjoin(evidence, evidence.c.prediction_id == page.c.prediction_id)
        .outerjoin(mine, and_(mine.c.case_id == page.c.id, mine.c.reviewer == reviewer))
        .order_by(*((page.c.due, page.c.id) if first else (page.c.opened_at.desc(), page.c.id.desc())))
    )
    return [_line(row, at) for row in connection.execute(whole)]


def _line(row: Row[Any], at: int) -> CaseLine:
    held = row.holder is not None and row.held_until > at
    return CaseLine(
        id=row.id,
        account_id=row.account_id,
        state=row.state,
        opened_at=row.opened_at,
        holder=row.holder if held else None,
        held_until=row.held_until if held else None,
        packed=row.content,
        answered=row.answer_id is not None,
        readers=row.readers,
        why=row.why,
    )


def _begins(column: ColumnElement[str], text: str, dialect: str) -> ColumnElement[bool]:
    """Whether a text begins so, in this very case, which SQLite's LIKE takes for any."""
    begins = func.substr(column, 1, len(text)) == text
    # SQLite compares texts by their characters, so that an index finds those; PostgreSQL by the habits of a language.
    return and_(begins, column >= text, column < text + chr(0x10FFFF)) if dialect == "sqlite" else begins


def _wanted(filters: Filters, at: int, dialect: str) -> list[ColumnElement[bool]]:
    here = cases.c
    held = and_(here.holder.is_not(None), here.held_until > at)
    asked: list[tuple[object, ColumnElement[bool]]] = [
        (filters.held is True, held),
        (filters.held is False, _not_held(at)),
        (filters.holder, and_(held, here.holder == filters.holder)),
        (filters.account, _begins(here.account_id, filters.account, dialect)),
        (filters.opened_before is not None, here.opened_at < (filters.opened_before or 0)),
        (filters.opened_from is not None, here.opened_at >= (filters.opened_from or 0)),
        (filters.why, here.why == filters.why),
        (filters.second, here.wanted > 1),
    ]
    state = OPEN if filters.state == "open" else here.state == filters.state
    return [state, *(condition for wish, condition in asked if wish)]
