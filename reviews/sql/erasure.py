"""Erasing an account: everything about it goes, and what stays names it to nobody for long."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b
from uuid import UUID

from sqlalchemy import Connection, case, delete, func, insert, literal, select, update

from reviews.change import Tombstone
from reviews.sql.forgetting import forget_account
from reviews.sql.insert import insert_into
from reviews.sql.journal import take_turn
from reviews.sql.repeats import forget_repeats_of
from reviews.tables import erased_predictions, evidence, farewells, journal, predictions, standing, tombstones

__all__ = [
    "erase",
    "find_tombstone",
    "forget_farewells",
    "last_forgotten",
    "latest_erasures",
    "tombstone_of_prediction",
]


def erase(
    connection: Connection, account_id: str, at: int, reason: str | None, key_id: str | None, secret: bytes
) -> Tombstone | None:
    """Erase an account; see :meth:`reviews.ledger.Ledger.erase`."""
    turn = take_turn(connection, 1)
    account = _digest(secret, account_id)
    earlier = find_tombstone(connection, account_id, secret)
    of_account = predictions.c.account_id == account_id
    found = connection.execute(delete(standing).where(standing.c.account_id == account_id)).rowcount > 0
    found = forget_account(connection, account_id) or found
    ids = select(predictions.c.id).where(of_account)
    found = connection.execute(ids.limit(1)).first() is not None or found
    # Also where nothing was found: what was decided before may still wait in a spool, and must not come after.
    stone = insert(tombstones).values(account=account, erased_at=at, reason=reason, key_id=key_id, found=found)
    number = connection.execute(stone.returning(tombstones.c.id)).scalar_one()
    remember = insert(erased_predictions).from_select(
        ["prediction_id", "tombstone_id"], select(predictions.c.id, literal(number)).where(of_account)
    )
    connection.execute(remember)
    connection.execute(delete(evidence).where(evidence.c.prediction_id.in_(ids)))
    connection.execute(delete(predictions).where(of_account))
    forget_repeats_of(connection, account_id)
    latest = case((journal.c.erased_at > at, journal.c.erased_at), else_=at)
    connection.execute(update(journal).values(erased_at=latest))
    if not found:
        return earlier
    _say_farewell(connection, account_id, next(turn.numbers), at)
    return Tombstone(at, reason, key_id)


def _say_farewell(connection: Connection, account_id: str, seq: int, at: int) -> None:
    row = {"account_id": account_id, "change_seq": seq, "erased_at": at}
    again = insert_into(connection.dialect.name, farewells).on_conflict_do_update(
        index_elements=[farewells.c.account_id], set_={"change_seq": seq, "erased_at": at}
    )
    connection.execute(again, row)


def forget_farewells(connection: Connection, before: int) -> int:
    """Forget the names of accounts that were erased before a time, and say how many those were."""
    old = farewells.c.erased_at < before
    last = connection.execute(select(func.max(farewells.c.change_seq)).where(old)).scalar()
    if last is None:
        return 0
    connection.execute(update(journal).values(farewell_seq=last).where(journal.c.farewell_seq < last))
    return connection.execute(delete(farewells).where(old)).rowcount


def last_forgotten(connection: Connection) -> int:
    """Return the number of the last farewell that is told no more, 0 where none was forgotten yet."""
    last: int = connection.execute(select(journal.c.farewell_seq)).scalar_one()
    return last


def find_tombstone(connection: Connection, account_id: str, secret: bytes) -> Tombstone | None:
    """Return the latest tombstone of an account of which something was known."""
    latest = (
        select(tombstones)
        .where(tombstones.c.account == _digest(secret, account_id), tombstones.c.found)
        .order_by(tombstones.c.erased_at.desc(), tombstones.c.id.desc())
        .limit(1)
    )
    row = connection.execute(latest).first()
    return None if row is None else Tombstone(row.erased_at, row.reason, row.key_id)


def tombstone_of_prediction(connection: Connection, id: UUID) -> Tombstone | None:  # noqa: A002 - its name everywhere
    """Return the tombstone of the account that an erased prediction was about."""
    wanted = select(tombstones).join(erased_predictions, erased_predictions.c.tombstone_id == tombstones.c.id)
    row = connection.execute(wanted.where(erased_predictions.c.prediction_id == id)).first()
    return None if row is None else Tombstone(row.erased_at, row.reason, row.key_id)


def latest_erasures(connection: Connection, account_ids: Collection[str], secret: bytes) -> Mapping[str, int]:
    """Return when each of these accounts was last erased, of those that were."""
    by_digest = {_digest(secret, account_id): account_id for account_id in account_ids}
    last = select(tombstones.c.account, func.max(tombstones.c.erased_at)).group_by(tombstones.c.account)
    found = connection.execute(last.where(tombstones.c.account.in_(list(by_digest))))
    return {by_digest[account]: erased_at for account, erased_at in found}


def _digest(secret: bytes, account_id: str) -> bytes:
    """Name an account to whoever knows both its id and the secret of the database."""
    return blake2b(account_id.encode(), key=secret, digest_size=32).digest()
