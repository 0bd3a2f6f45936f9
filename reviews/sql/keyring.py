"""API keys in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from reviews.keys import Key
from reviews.tables import api_keys

__all__ = ["add_key", "list_keys", "revoke_key", "touch_keys"]


def list_keys(connection: Connection) -> list[Key]:
    """Return all keys, the oldest first, the revoked ones too."""
    found = connection.execute(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
    return [Key(*row) for row in found]


def add_key(connection: Connection, key: Key) -> None:
    """Keep a new key."""
    connection.execute(insert(api_keys), asdict(key))


def revoke_key(connection: Connection, id: str, at: int) -> bool:  # noqa: A002 - its name everywhere
    """Let a key fit no more; say whether it did."""
    standing = (api_keys.c.id == id) & api_keys.c.revoked_at.is_(None)
    return connection.execute(update(api_keys).where(standing).values(revoked_at=at)).rowcount > 0


def touch_keys(connection: Connection, used: Mapping[str, int]) -> None:
    """Say when keys were last used; an earlier time than is known changes nothing."""
    last = api_keys.c.last_used_at
    touch = (
        update(api_keys)
        .where(api_keys.c.id == bindparam("key"), or_(last.is_(None), last < bindparam("at")))
        .values(last_used_at=bindparam("at"))
    )
    if used:
        connection.execute(touch, [{"key": id_, "at": at} for id_, at in sorted(used.items())])
